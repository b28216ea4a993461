"""What is left when a machine or a zone is gone: replicas, budgets, spread, scaling. In production only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.checks import both, may_be, must_not_be
from policies.kubernetes.manifests import DEPLOYMENT, ROLLOUT, STATEFUL_SET, Props, in_pod
from policies.kubernetes.relations import (
    find_named,
    in_production,
    is_production,
    metadata,
    owns,
    place,
    pods,
    selected,
    selects,
)
from policies.rule import Absence, AnyRule, Level, Severity, StackRule
from policies.stack import Resource, Stack

BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
SCALED = (DEPLOYMENT, STATEFUL_SET, ROLLOUT)
_BUDGETS = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/"
_SCALING = "https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/"
_SPREAD = "https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/"


def _replicas(props: Props) -> float:
    count = (props.get("spec") or {}).get("replicas")
    return 1.0 if count is None else float(count)


def scalers(workload: Resource, stack: Stack) -> Iterator[Resource]:
    """The autoscalers of a workload."""
    for one in stack.of(SCALER):
        target, mine = one.inputs["spec"]["scaleTargetRef"], (workload.inputs["kind"], metadata(workload)["name"])
        if place(one, stack) == place(workload, stack) and (target["kind"], target["name"]) == mine:
            yield one


def _is_more_than_one(workload: Resource, stack: Stack) -> Iterator[str]:
    if is_production(stack) and not any(scalers(workload, stack)) and _replicas(workload.inputs) == 1:
        yield "spec.replicas: is 1, so it is away while its machine is"


def _has_budget(workload: Resource, stack: Stack) -> Iterator[str]:
    if not is_production(stack) or _replicas(workload.inputs) < 2:
        return
    mine = next((one for one in stack.derive(pods) if one.workload is workload), None)
    if mine is None:  # a Rollout whose pods are another workload's
        return
    for budget in stack.of(BUDGET):
        selector = budget.inputs["spec"].get("selector") or {}
        if place(budget, stack) == mine.place and selects(selector, mine.labels):
            return
    yield "metadata.name: no disruption budget is about its pods"


def _is_spread(spec: Props) -> Iterator[str]:
    if not spec.get("topologySpreadConstraints") and not (spec.get("affinity") or {}).get("podAntiAffinity"):
        yield "topologySpreadConstraints: nothing keeps its pods on several machines"


def _lets_some_go(budget: Resource, stack: Stack) -> Iterator[str]:
    spec: Props = budget.inputs["spec"]
    most, least = spec.get("maxUnavailable"), spec.get("minAvailable")
    if most in (0, "0", "0%"):
        yield f"spec.maxUnavailable: is {most}, so no machine can ever be emptied"
    elif least == "100%":
        yield "spec.minAvailable: is 100%, so no machine can ever be emptied"
    elif isinstance(least, int | float):
        guarded = selected(budget, spec.get("selector") or {}, stack)
        count = sum(_replicas(one.workload.inputs) for one in guarded)
        if guarded and least >= count:
            yield f"spec.minAvailable: is {least:g} of {count:g} pods, so no machine can ever be emptied"


def _is_bounded(scaler: Resource, stack: Stack) -> Iterator[str]:
    spec: Props = scaler.inputs["spec"]
    least, most = float(spec.get("minReplicas") or 1), float(spec["maxReplicas"])
    if least < 2 and is_production(stack):
        yield f"spec.minReplicas: is {least:g}, so it is away while its machine is"
    if most <= least:
        yield f"spec.maxReplicas: is {most:g}, and leaves no room above {least:g}"


def _scales_something(scaler: Resource, stack: Stack) -> Iterator[str]:
    target = scaler.inputs["spec"]["scaleTargetRef"]
    where, name, kind = place(scaler, stack), target["name"], target["kind"]
    types = [one for one in SCALED if one.endswith(f":{kind}")]
    if types and owns(where, stack) and find_named(types, name, where, stack) is None:
        yield f"spec.scaleTargetRef.name: no {kind} {name} is in its namespace"


def _guards_something(budget: Resource, stack: Stack) -> Iterator[str]:
    selector = budget.inputs["spec"].get("selector") or {}
    if owns(place(budget, stack), stack) and not selected(budget, selector, stack):
        yield "spec.selector: selects no pod of the stack"


_rule = partial(StackRule, types=SCALED, severity=Severity.MEDIUM, absent=Absence.DENY, reference=_BUDGETS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-apps-deployment-require-replicas",
        types=(DEPLOYMENT, ROLLOUT),
        why="One pod is no pod while its machine is replaced.",
        remedy="Set replicas to 2 or more, or let an autoscaler do so.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/",
        check=_is_more_than_one,
    ),
    _rule(
        id="kubernetes-apps-workload-require-budget",
        why="Without a budget, the upgrade of machines may take all pods at once.",
        remedy="Add a PodDisruptionBudget with maxUnavailable: 1 that selects its pods.",
        check=_has_budget,
    ),
    _rule(
        id="kubernetes-apps-workload-require-spread",
        why="Several pods on one machine are gone with it.",
        remedy="Add topologySpreadConstraints by zone, or a podAntiAffinity by host.",
        reference=_SPREAD,
        check=in_production(in_pod(_is_spread)),
    ),
    _rule(
        id="kubernetes-apps-deployment-match-strategy",
        types=(DEPLOYMENT,),
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Taking every pod away before the first new one is an outage at each deployment.",
        remedy="Use RollingUpdate with a maxUnavailable below 100%.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy",
        check=in_production(
            both(
                may_be("spec.strategy.type", "RollingUpdate"),
                must_not_be("spec.strategy.rollingUpdate.maxUnavailable", "100%"),
            )
        ),
    ),
    _rule(
        id="kubernetes-policy-budget-deny-blocking",
        types=(BUDGET,),
        absent=Absence.ALLOW,
        why="A budget that lets no pod go stops every upgrade of the machines under it.",
        remedy="Set maxUnavailable: 1.",
        check=_lets_some_go,
    ),
    _rule(
        id="kubernetes-policy-budget-match-pods",
        types=(BUDGET,),
        why="A budget over nothing leaves those that it was meant for without one.",
        remedy="Let the selector name labels of the pods.",
        check=_guards_something,
    ),
    _rule(
        id="kubernetes-autoscaling-scaler-limit-bounds",
        types=(SCALER,),
        why="Bounds without room between them scale nothing, and a floor of one is one pod at night.",
        remedy="Set minReplicas to 2 or more, and maxReplicas above it.",
        reference=_SCALING,
        check=_is_bounded,
    ),
    _rule(
        id="kubernetes-autoscaling-scaler-match-target",
        types=(SCALER,),
        why="An autoscaler of what is not there scales nothing, and says so in a condition that nobody reads.",
        remedy="Name the workload that is meant.",
        reference=_SCALING,
        check=_scales_something,
    ),
)
