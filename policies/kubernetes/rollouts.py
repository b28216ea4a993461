"""Rules about Argo Rollouts: blue-green releases, and what applies to both strategies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from policies.checks import MISSING, all_of, find, may_be_at_least, must_be, must_not_be
from policies.kubernetes.analyses import blue_green
from policies.kubernetes.manifests import ROLLOUT, Props
from policies.kubernetes.references import SERVICE, find_named, metadata, namespace_of, owns
from policies.kubernetes.services import INGRESS
from policies.rule import Absence, AnyRule, Level, Rule, Severity, StackRule
from policies.stack import Resource, Stack

_BLUE_GREEN = "https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/"
_SPECIFICATION = "https://argo-rollouts.readthedocs.io/en/stable/features/specification/"
_BLUE_GREEN_PATH = "spec.strategy.blueGreen"
_PROPAGATION_S: Final = 30
"""Time that nodes may need to route traffic to the other version after a switch."""
_ALB: Final = "alb.ingress.kubernetes.io/"
_SERVICES: Final = (
    "blueGreen.activeService",
    "blueGreen.previewService",
    "canary.canaryService",
    "canary.stableService",
    "canary.pingPong.pingService",
    "canary.pingPong.pongService",
)


def _check_strategy(props: Props) -> Iterator[str]:
    strategies = set((props.get("spec") or {}).get("strategy") or {}) & {"blueGreen", "canary"}
    if len(strategies) != 1:
        yield (
            f"spec.strategy: the strategy is ambiguous; got {' and '.join(sorted(strategies)) or 'nothing'}; expected "
            "either blueGreen or canary"
        )


def _check_promotion(props: Props) -> Iterator[str]:
    strategy = blue_green(props)
    if strategy.get("autoPromotionEnabled") is False and strategy.get("autoPromotionSeconds"):
        yield (
            f"{_BLUE_GREEN_PATH}.autoPromotionSeconds: the setting is ignored; got autoPromotionEnabled false; "
            "expected true"
        )


def _check_pre_promotion(props: Props) -> Iterator[str]:
    strategy = blue_green(props)
    if not strategy or strategy.get("prePromotionAnalysis") or strategy.get("autoPromotionEnabled") is False:
        return
    if not strategy.get("autoPromotionSeconds"):
        yield (
            f"{_BLUE_GREEN_PATH}.prePromotionAnalysis: nothing checks the new version before the switch; got nothing; "
            "expected an analysis or a delay"
        )


def _check_services(props: Props) -> Iterator[str]:
    strategy = blue_green(props)
    if not strategy:
        return
    if not (active := strategy.get("activeService")):
        yield f"{_BLUE_GREEN_PATH}.activeService: is missing; got nothing; expected a Service"
    elif strategy.get("previewService") == active:
        yield (
            f"{_BLUE_GREEN_PATH}.previewService: the preview receives client traffic; got {active}; expected another "
            "Service"
        )


def _check_rollback_window(props: Props) -> Iterator[str]:
    if blue_green(props) and (props["spec"].get("rollbackWindow") or {}).get("revisions"):
        yield (
            "spec.rollbackWindow: a rollback in the window stops midway; got revisions with blueGreen; expected nothing"
        )


def _check_workload_scale_down(props: Props) -> Iterator[str]:
    origin = (props.get("spec") or {}).get("workloadRef") or {}
    if origin.get("scaleDown") == "onsuccess" and blue_green(props).get("postPromotionAnalysis"):
        yield (
            "spec.workloadRef.scaleDown: the old workload is never scaled down; got onsuccess with "
            "postPromotionAnalysis; expected progressively"
        )


def _check_alb(rollout: Resource, stack: Stack) -> Iterator[str]:
    strategy = blue_green(rollout.inputs)
    active, namespace = strategy.get("activeService"), namespace_of(rollout, stack) if strategy else ""
    for ingress in stack.of_type(INGRESS) if active else ():
        if namespace_of(ingress, stack) == namespace and active in _backends(ingress) and _is_alb(ingress):
            name = metadata(ingress).get("name")
            yield (
                f"{_BLUE_GREEN_PATH}.activeService: the load balancer drops old pods before new ones are ready; got "
                f"{active} in Ingress {name}; expected another entry"
            )


def _backends(ingress: Resource) -> set[str]:
    spec = ingress.inputs.get("spec") or {}
    paths = ("rules[*].http.paths[*].backend.service.name", "defaultBackend.service.name")
    return {name for path in paths for _, name in find(spec, path) if name is not MISSING}


def _is_alb(ingress: Resource) -> bool:
    annotations = metadata(ingress).get("annotations") or {}
    ingress_class = (ingress.inputs.get("spec") or {}).get("ingressClassName") or annotations.get(
        "kubernetes.io/ingress.class"
    )
    return ingress_class == "alb" or any(key.startswith(_ALB) for key in annotations)


def _check_service_references(rollout: Resource, stack: Stack) -> Iterator[str]:
    namespace = namespace_of(rollout, stack)
    for pattern in _SERVICES:
        for path, name in find(rollout.inputs, f"spec.strategy.{pattern}"):
            if (
                name is not MISSING
                and owns(namespace, stack)
                and find_named((SERVICE,), name, namespace, stack) is None
            ):
                yield f"{path}: the Service does not exist; got {name}; expected a Service of the namespace"


_rule = partial(Rule, types=(ROLLOUT,), severity=Severity.HIGH, reference=_BLUE_GREEN)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-rollouts-rollout-require-strategy",
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The controller rejects a Rollout with no strategy or two, and keeps the old version.",
        remedy="Set either strategy.blueGreen or strategy.canary.",
        reference=_SPECIFICATION,
        check=_check_strategy,
    ),
    _rule(
        id="kubernetes-rollouts-rollout-require-abort",
        absent=Absence.DENY,
        why="A blocked release stays blocked, because its deadline only sets a condition.",
        remedy="Set progressDeadlineAbort: true.",
        reference=_SPECIFICATION,
        check=must_be("spec.progressDeadlineAbort", True),
    ),
    _rule(
        id="kubernetes-rollouts-rollout-require-window",
        absent=Absence.ALLOW,
        why="The old version stops before every node routes traffic to the new one, and a fast rollback is impossible.",
        remedy=(
            f"Set scaleDownDelaySeconds to at least {_PROPAGATION_S}, or to the time in which a rollback must be fast."
        ),
        reference=f"{_BLUE_GREEN}#scaledowndelayseconds",
        check=all_of(
            may_be_at_least(f"{_BLUE_GREEN_PATH}.scaleDownDelaySeconds", _PROPAGATION_S),
            may_be_at_least("spec.strategy.canary.scaleDownDelaySeconds", _PROPAGATION_S),
        ),
    ),
    _rule(
        id="kubernetes-rollouts-rollout-limit-leftovers",
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="After an abort the failed version runs on, because 0 means never.",
        remedy="Remove abortScaleDownDelaySeconds, or set it to the time for an investigation.",
        reference="https://argo-rollouts.readthedocs.io/en/stable/features/scaledown-aborted-rs/",
        check=all_of(
            must_not_be(f"{_BLUE_GREEN_PATH}.abortScaleDownDelaySeconds", 0),
            must_not_be("spec.strategy.canary.abortScaleDownDelaySeconds", 0),
        ),
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-match-promotion",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A switch that is expected to happen automatically waits for a manual promotion.",
        remedy="Remove autoPromotionSeconds, or set autoPromotionEnabled: true.",
        reference=f"{_BLUE_GREEN}#autopromotionseconds",
        check=_check_promotion,
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-require-gate",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="All clients are routed to the new version as soon as its pods are ready, even if it returns errors.",
        remedy="Add prePromotionAnalysis, or set autoPromotionEnabled: false or autoPromotionSeconds.",
        check=_check_pre_promotion,
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-match-services",
        absent=Absence.DENY,
        why="With one Service for both versions, clients receive the version under test.",
        remedy="Set activeService and previewService to two different Services.",
        check=_check_services,
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-deny-rollbackwindow",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="With blueGreen, a rollback inside the window stops midway.",
        remedy="Remove rollbackWindow, and set scaleDownDelaySeconds.",
        reference="https://github.com/argoproj/argo-rollouts/issues/3304",
        check=_check_rollback_window,
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-deny-scaledown",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="The pods of the old Deployment keep running beside those of the Rollout.",
        remedy="Set workloadRef.scaleDown: progressively, or scale the Deployment down manually.",
        reference="https://github.com/argoproj/argo-rollouts/issues/4681",
        check=_check_workload_scale_down,
    ),
    StackRule(
        id="kubernetes-rollouts-bluegreen-deny-alb",
        types=(ROLLOUT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="At the switch an application load balancer removes the old pods before it accepts the new ones.",
        remedy="Replace blueGreen by canary with trafficRouting.alb, or use another ingress controller.",
        reference=_BLUE_GREEN,
        check=_check_alb,
    ),
    StackRule(
        id="kubernetes-rollouts-rollout-match-services",
        types=(ROLLOUT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A release with a missing Service never starts.",
        remedy="Add the Service to the Rollout's namespace, or reference an existing one.",
        reference=_SPECIFICATION,
        check=_check_service_references,
    ),
)
