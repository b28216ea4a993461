"""Rules about availability in production: replicas, disruption budgets, spread and autoscaling."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.checks import all_of, may_be, must_not_be
from policies.kubernetes.manifests import DEPLOYMENT, ROLLOUT, STATEFUL_SET, Props, in_pod
from policies.kubernetes.references import (
    find_named,
    in_production,
    is_production,
    metadata,
    namespace_of,
    owns,
    pods,
    select_pods,
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
    """Yield the autoscalers of a workload."""
    for scaler in stack.of_type(SCALER):
        target, workload_reference = (
            scaler.inputs["spec"]["scaleTargetRef"],
            (workload.inputs["kind"], metadata(workload)["name"]),
        )
        if (
            namespace_of(scaler, stack) == namespace_of(workload, stack)
            and (target["kind"], target["name"]) == workload_reference
        ):
            yield scaler


def _check_replicas(workload: Resource, stack: Stack) -> Iterator[str]:
    if is_production(stack) and not any(scalers(workload, stack)) and _replicas(workload.inputs) == 1:
        yield "spec.replicas: one machine failure makes the workload unavailable; got 1; expected at least 2"


def _check_budget(workload: Resource, stack: Stack) -> Iterator[str]:
    if not is_production(stack) or _replicas(workload.inputs) < 2:
        return
    workload_pods = next((entry for entry in stack.derive(pods) if entry.workload is workload), None)
    if workload_pods is None:  # another workload defines the pods of this Rollout
        return
    for budget in stack.of_type(BUDGET):
        selector = budget.inputs["spec"].get("selector") or {}
        if namespace_of(budget, stack) == workload_pods.namespace and selects(selector, workload_pods.labels):
            return
    yield "metadata.name: the pods have no disruption budget; got no PodDisruptionBudget; expected one"


def _check_spread(spec: Props) -> Iterator[str]:
    if not spec.get("topologySpreadConstraints") and not (spec.get("affinity") or {}).get("podAntiAffinity"):
        yield (
            "topologySpreadConstraints: all pods may run on one machine; got no constraint; expected a spread or "
            "podAntiAffinity"
        )


def _check_blocking_budget(budget: Resource, stack: Stack) -> Iterator[str]:
    spec: Props = budget.inputs["spec"]
    max_unavailable, min_available = spec.get("maxUnavailable"), spec.get("minAvailable")
    if max_unavailable in (0, "0", "0%"):
        yield f"spec.maxUnavailable: no machine can be drained; got {max_unavailable}; expected at least 1"
    elif min_available == "100%":
        yield "spec.minAvailable: no machine can be drained; got 100%; expected less"
    elif isinstance(min_available, int | float):
        covered = select_pods(budget, spec.get("selector") or {}, stack)
        count = sum(_replicas(entry.workload.inputs) for entry in covered)
        if covered and min_available >= count:
            yield (
                f"spec.minAvailable: no machine can be drained; got {min_available:g} of {count:g} pods; expected fewer"
            )


def _check_bounds(scaler: Resource, stack: Stack) -> Iterator[str]:
    spec: Props = scaler.inputs["spec"]
    minimum, maximum = float(spec.get("minReplicas") or 1), float(spec["maxReplicas"])
    if minimum < 2 and is_production(stack):
        yield (
            f"spec.minReplicas: one machine failure makes the workload unavailable; got {minimum:g}; expected at least "
            "2"
        )
    if maximum <= minimum:
        yield f"spec.maxReplicas: the autoscaler cannot scale; got {maximum:g}; expected more than {minimum:g}"


def _check_scale_target(scaler: Resource, stack: Stack) -> Iterator[str]:
    target = scaler.inputs["spec"]["scaleTargetRef"]
    namespace, name, kind = namespace_of(scaler, stack), target["name"], target["kind"]
    types = [entry for entry in SCALED if entry.endswith(f":{kind}")]
    if types and owns(namespace, stack) and find_named(types, name, namespace, stack) is None:
        yield f"spec.scaleTargetRef.name: the target does not exist; got {name}; expected a {kind} of the namespace"


def _check_budget_selector(budget: Resource, stack: Stack) -> Iterator[str]:
    selector = budget.inputs["spec"].get("selector") or {}
    if owns(namespace_of(budget, stack), stack) and not select_pods(budget, selector, stack):
        yield "spec.selector: the budget covers no pod; got no matching pod; expected labels of pods in the stack"


_rule = partial(StackRule, types=SCALED, severity=Severity.MEDIUM, absent=Absence.DENY, reference=_BUDGETS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-apps-deployment-require-replicas",
        types=(DEPLOYMENT, ROLLOUT),
        why="A single pod is unavailable while its machine is replaced.",
        remedy="Set replicas to at least 2, or add an autoscaler.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/",
        check=_check_replicas,
    ),
    _rule(
        id="kubernetes-apps-workload-require-budget",
        why="Without a budget, an upgrade of the machines can evict all pods at once.",
        remedy="Add a PodDisruptionBudget with maxUnavailable: 1 that selects the pods.",
        check=_check_budget,
    ),
    _rule(
        id="kubernetes-apps-workload-require-spread",
        why="Pods on one machine fail together with it.",
        remedy="Add topologySpreadConstraints by zone, or a podAntiAffinity by host.",
        reference=_SPREAD,
        check=in_production(in_pod(_check_spread)),
    ),
    _rule(
        id="kubernetes-apps-deployment-match-strategy",
        types=(DEPLOYMENT,),
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Stopping every pod before the first new one starts causes an outage at each deployment.",
        remedy="Set strategy.type: RollingUpdate with a maxUnavailable below 100%.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy",
        check=in_production(
            all_of(
                may_be("spec.strategy.type", "RollingUpdate"),
                must_not_be("spec.strategy.rollingUpdate.maxUnavailable", "100%"),
            )
        ),
    ),
    _rule(
        id="kubernetes-policy-budget-deny-blocking",
        types=(BUDGET,),
        absent=Absence.ALLOW,
        why="A budget that permits no eviction blocks every upgrade of the machines.",
        remedy="Set maxUnavailable: 1.",
        check=_check_blocking_budget,
    ),
    _rule(
        id="kubernetes-policy-budget-match-pods",
        types=(BUDGET,),
        why="A budget without pods leaves the intended pods unprotected.",
        remedy="Set selector to labels of the pods.",
        check=_check_budget_selector,
    ),
    _rule(
        id="kubernetes-autoscaling-scaler-limit-bounds",
        types=(SCALER,),
        why="Equal bounds disable scaling, and a minimum of one leaves a single pod at low load.",
        remedy="Set minReplicas to at least 2, and maxReplicas above it.",
        reference=_SCALING,
        check=_check_bounds,
    ),
    _rule(
        id="kubernetes-autoscaling-scaler-match-target",
        types=(SCALER,),
        why="An autoscaler with a missing target scales nothing, and reports it only in a condition.",
        remedy="Set scaleTargetRef to an existing workload.",
        reference=_SCALING,
        check=_check_scale_target,
    ),
)
