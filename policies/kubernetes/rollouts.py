"""Releases by Argo Rollouts: blue-green, where two versions stand side by side, and what holds for both strategies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from policies.checks import MISSING, both, find, may_be_at_least, must_be, must_not_be
from policies.kubernetes.analyses import blue_green
from policies.kubernetes.manifests import ROLLOUT, Props
from policies.kubernetes.relations import SERVICE, find_named, metadata, owns, place
from policies.kubernetes.services import INGRESS
from policies.rule import Absence, AnyRule, Level, Rule, Severity, StackRule
from policies.stack import Resource, Stack

_BLUE_GREEN = "https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/"
_SPECIFICATION = "https://argo-rollouts.readthedocs.io/en/stable/features/specification/"
_AT = "spec.strategy.blueGreen"
_PROPAGATION_S: Final = 30
"""How long nodes may take to send traffic to the other version after a switch."""
_ALB: Final = "alb.ingress.kubernetes.io/"
_SERVICES: Final = (
    "blueGreen.activeService",
    "blueGreen.previewService",
    "canary.canaryService",
    "canary.stableService",
    "canary.pingPong.pingService",
    "canary.pingPong.pongService",
)


def _has_one_strategy(props: Props) -> Iterator[str]:
    named = set((props.get("spec") or {}).get("strategy") or {}) & {"blueGreen", "canary"}
    if len(named) != 1:
        yield f"spec.strategy: has {' and '.join(sorted(named)) or 'neither blueGreen nor canary'}"


def _promotes_as_it_says(props: Props) -> Iterator[str]:
    strategy = blue_green(props)
    if strategy.get("autoPromotionEnabled") is False and strategy.get("autoPromotionSeconds"):
        yield f"{_AT}.autoPromotionSeconds: is ignored, because autoPromotionEnabled is false"


def _looks_before_it_switches(props: Props) -> Iterator[str]:
    strategy = blue_green(props)
    if not strategy or strategy.get("prePromotionAnalysis") or strategy.get("autoPromotionEnabled") is False:
        return
    if not strategy.get("autoPromotionSeconds"):
        yield f"{_AT}.prePromotionAnalysis: is missing, and nothing else comes before the switch"


def _has_two_services(props: Props) -> Iterator[str]:
    strategy = blue_green(props)
    if not strategy:
        return
    if not (active := strategy.get("activeService")):
        yield f"{_AT}.activeService: is missing"
    elif strategy.get("previewService") == active:
        yield f"{_AT}.previewService: is {active}, which serves clients"


def _goes_back_without_a_window(props: Props) -> Iterator[str]:
    if blue_green(props) and (props["spec"].get("rollbackWindow") or {}).get("revisions"):
        yield "spec.rollbackWindow: leaves a way back that needs somebody to end it, with blueGreen"


def _takes_its_origin_down(props: Props) -> Iterator[str]:
    origin = (props.get("spec") or {}).get("workloadRef") or {}
    if origin.get("scaleDown") == "onsuccess" and blue_green(props).get("postPromotionAnalysis"):
        yield "spec.workloadRef.scaleDown: is onsuccess, which never comes with postPromotionAnalysis"


def _is_not_behind_alb(rollout: Resource, stack: Stack) -> Iterator[str]:
    strategy = blue_green(rollout.inputs)
    active, where = strategy.get("activeService"), place(rollout, stack) if strategy else ""
    for ingress in stack.of(INGRESS) if active else ():
        if place(ingress, stack) == where and active in _backends(ingress) and _is_alb(ingress):
            name = metadata(ingress).get("name")
            yield f"{_AT}.activeService: {active} is behind the load balancer of Ingress {name}, which empties first"


def _backends(ingress: Resource) -> set[str]:
    spec = ingress.inputs.get("spec") or {}
    paths = ("rules[*].http.paths[*].backend.service.name", "defaultBackend.service.name")
    return {name for path in paths for _, name in find(spec, path) if name is not MISSING}


def _is_alb(ingress: Resource) -> bool:
    notes = metadata(ingress).get("annotations") or {}
    named = (ingress.inputs.get("spec") or {}).get("ingressClassName") or notes.get("kubernetes.io/ingress.class")
    return named == "alb" or any(key.startswith(_ALB) for key in notes)


def _leads_somewhere(rollout: Resource, stack: Stack) -> Iterator[str]:
    where = place(rollout, stack)
    for path in _SERVICES:
        for at, name in find(rollout.inputs, f"spec.strategy.{path}"):
            if name is not MISSING and owns(where, stack) and find_named((SERVICE,), name, where, stack) is None:
                yield f"{at}: no Service {name} is in its namespace"


_rule = partial(Rule, types=(ROLLOUT,), severity=Severity.HIGH, reference=_BLUE_GREEN)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-rollouts-rollout-require-strategy",
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The controller refuses a Rollout with no strategy or with two, and leaves the old version as it is.",
        remedy="Name either blueGreen or canary.",
        reference=_SPECIFICATION,
        check=_has_one_strategy,
    ),
    _rule(
        id="kubernetes-rollouts-rollout-require-abort",
        absent=Absence.DENY,
        why="A release that is stuck stays stuck: its deadline only writes a condition that nobody reads.",
        remedy="Set progressDeadlineAbort: true.",
        reference=_SPECIFICATION,
        check=must_be("spec.progressDeadlineAbort", True),
    ),
    _rule(
        id="kubernetes-rollouts-rollout-require-window",
        absent=Absence.ALLOW,
        why="The old version is gone before every node sends traffic to the new one, and with it the way back.",
        remedy=f"Set scaleDownDelaySeconds to {_PROPAGATION_S} or more: to the time in which you may want to go back.",
        reference=f"{_BLUE_GREEN}#scaledowndelayseconds",
        check=both(
            may_be_at_least(f"{_AT}.scaleDownDelaySeconds", _PROPAGATION_S),
            may_be_at_least("spec.strategy.canary.scaleDownDelaySeconds", _PROPAGATION_S),
        ),
    ),
    _rule(
        id="kubernetes-rollouts-rollout-limit-leftovers",
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="After an abort the version that failed runs on: 0 stands for never.",
        remedy="Leave abortScaleDownDelaySeconds out, or set the seconds that you want to look at it.",
        reference="https://argo-rollouts.readthedocs.io/en/stable/features/scaledown-aborted-rs/",
        check=both(
            must_not_be(f"{_AT}.abortScaleDownDelaySeconds", 0),
            must_not_be("spec.strategy.canary.abortScaleDownDelaySeconds", 0),
        ),
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-match-promotion",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A switch that is expected after some time waits for a person who does not know of it.",
        remedy="Remove autoPromotionSeconds, or set autoPromotionEnabled: true.",
        reference=f"{_BLUE_GREEN}#autopromotionseconds",
        check=_promotes_as_it_says,
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-require-gate",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="All clients are led to the new version as soon as its pods are ready, whatever it answers.",
        remedy="Add prePromotionAnalysis, set autoPromotionEnabled: false, or give autoPromotionSeconds.",
        check=_looks_before_it_switches,
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-match-services",
        absent=Absence.DENY,
        why="With one Service for both, what is tried out is what clients get.",
        remedy="Name a Service for each of activeService and previewService.",
        check=_has_two_services,
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-deny-rollbackwindow",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A way back inside the window gets stuck with blueGreen, when it is needed.",
        remedy="Remove rollbackWindow, and use scaleDownDelaySeconds.",
        reference="https://github.com/argoproj/argo-rollouts/issues/3304",
        check=_goes_back_without_a_window,
    ),
    _rule(
        id="kubernetes-rollouts-bluegreen-deny-scaledown",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="The Deployment that is taken over keeps its pods, beside those of the Rollout.",
        remedy="Set workloadRef.scaleDown: progressively, or scale the Deployment down yourself.",
        reference="https://github.com/argoproj/argo-rollouts/issues/4681",
        check=_takes_its_origin_down,
    ),
    StackRule(
        id="kubernetes-rollouts-bluegreen-deny-alb",
        types=(ROLLOUT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="At the switch an application load balancer drops the old pods before it takes the new ones.",
        remedy="Use canary with trafficRouting.alb, or another way in.",
        reference=_BLUE_GREEN,
        check=_is_not_behind_alb,
    ),
    StackRule(
        id="kubernetes-rollouts-rollout-match-services",
        types=(ROLLOUT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A release whose Service is not there never begins.",
        remedy="Declare the Service in the Rollout's namespace, or name the one that is meant.",
        reference=_SPECIFICATION,
        check=_leads_somewhere,
    ),
)
