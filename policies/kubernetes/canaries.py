"""Canaries of Argo Rollouts: how much of the traffic the new version gets, and what it takes to divide it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from policies.checks import MISSING, find
from policies.kubernetes.analyses import canary
from policies.kubernetes.availability import scalers
from policies.kubernetes.manifests import ROLLOUT, Props
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

_CANARY = "https://argo-rollouts.readthedocs.io/en/stable/features/canary/"
_TRAFFIC = "https://argo-rollouts.readthedocs.io/en/stable/features/traffic-management/"
_AT = "spec.strategy.canary"
_NOTHING: Final = (0, "0", "0%")
_ROUTERS: Final = {
    "setHeaderRoute": ("istio", "alb", "apisix", "plugins"),
    "setMirrorRoute": ("istio", "plugins"),
}
"""Steps that make a route, and the routers that can."""
_NAME_SERVICES: Final = ("alb", "istio", "smi", "apisix", "ambassador", "nginx", "appMesh", "traefik")


def _says_how_many(props: Props) -> Iterator[str]:
    strategy = canary(props)
    if not strategy:
        return
    surge, unavailable = strategy.get("maxSurge"), strategy.get("maxUnavailable")
    for name, value in (("maxSurge", surge), ("maxUnavailable", unavailable)):
        if value is None:
            yield f"{_AT}.{name}: is missing, and its default is told in two ways"
    if surge in _NOTHING and unavailable in _NOTHING:
        yield f"{_AT}.maxSurge: is 0 like maxUnavailable, so no pod can be replaced"


def _weights(strategy: Props) -> Iterator[tuple[str, float]]:
    for at, weight in find(strategy, "steps[*].setWeight"):
        if weight is not MISSING:
            yield f"{_AT}.{at}", float(weight)


def _can_be_divided(rollout: Resource, stack: Stack) -> Iterator[str]:
    strategy = canary(rollout.inputs)
    routed, weights = strategy.get("trafficRouting"), list(_weights(strategy))
    most = float((routed or {}).get("maxTrafficWeight") or 100)
    for at, weight in weights:
        if not 0 <= weight <= most:
            yield f"{at}: is {weight:g}, and weights go from 0 to {most:g}"
    if routed or not weights:
        return
    count = _replicas(rollout, stack)
    # A pod more than the count makes further weights possible.
    totals = [count] if strategy.get("maxSurge") in _NOTHING else [count, count + 1]
    for at, weight in weights:
        if 0 < weight < most and all((weight * total) % 100 for total in totals):
            yield f"{at}: {weight:g} % of {count:g} pods is no number of pods, and nothing else divides the traffic"


def _replicas(rollout: Resource, stack: Stack) -> float:
    for scaler in scalers(rollout, stack):
        return float(scaler.inputs["spec"].get("minReplicas") or 1)
    count = rollout.inputs["spec"].get("replicas")
    return 1.0 if count is None else float(count)


def _can_make_its_routes(props: Props) -> Iterator[str]:
    strategy = canary(props)
    routing = strategy.get("trafficRouting") or {}
    managed = {name for _, name in find(routing, "managedRoutes[*].name")}
    for at, scale in find(strategy, "steps[*].setCanaryScale"):
        if scale is not MISSING and not routing:
            yield f"{_AT}.{at}: is refused without trafficRouting"
    for step, routers in _ROUTERS.items():
        for at, route in find(strategy, f"steps[*].{step}"):
            if route is MISSING:
                continue
            if not _any_of(routing, routers):
                yield f"{_AT}.{at}: needs one of {', '.join(routers)} in trafficRouting"
            if route.get("name") not in managed:
                yield f"{_AT}.{at}.name: {route.get('name')} is not among the managedRoutes"


def _any_of(routing: Props, names: Sequence[str]) -> bool:
    return any(routing.get(name) for name in names)


def _has_two_services(props: Props) -> Iterator[str]:
    strategy = canary(props)
    stable, new = strategy.get("stableService"), strategy.get("canaryService")
    if stable and stable == new:
        yield f"{_AT}.canaryService: is {stable}, which is the stable one"
    routing: Any = strategy.get("trafficRouting") or {}
    subsets = (routing.get("istio") or {}).get("destinationRule")
    if strategy.get("pingPong") or subsets or not _any_of(routing, _NAME_SERVICES):
        return
    for name, value in (("stableService", stable), ("canaryService", new)):
        if not value:
            yield f"{_AT}.{name}: is missing, and the router needs it"


_rule = partial(Rule, types=(ROLLOUT,), severity=Severity.MEDIUM, reference=_CANARY)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-rollouts-canary-match-surge",
        absent=Absence.DENY,
        why="How much is up while versions change hangs on a default, and with both 0 nothing changes at all.",
        remedy="Set maxSurge and maxUnavailable, one of them above 0.",
        check=_says_how_many,
    ),
    StackRule(
        id="kubernetes-rollouts-canary-match-weights",
        types=(ROLLOUT,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Clients are divided by pods: one of three is a third, whatever the step says.",
        remedy="Name weights that the replicas can express, or a router in trafficRouting.",
        reference=_CANARY,
        check=_can_be_divided,
    ),
    _rule(
        id="kubernetes-rollouts-canary-match-routes",
        absent=Absence.ALLOW,
        why="The controller refuses a step that its router cannot make, and the release stays where it is.",
        remedy="Use a router that has such routes, and list their names in trafficRouting.managedRoutes.",
        reference=_TRAFFIC,
        check=_can_make_its_routes,
    ),
    _rule(
        id="kubernetes-rollouts-canary-match-services",
        absent=Absence.DENY,
        severity=Severity.HIGH,
        why="A router that cannot tell the versions apart sends clients to either.",
        remedy="Name a Service for each of stableService and canaryService.",
        reference=_TRAFFIC,
        check=_has_two_services,
    ),
)
