"""Rules about canaries of Argo Rollouts: weights, traffic routing and services."""

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
_CANARY_PATH = "spec.strategy.canary"
_ZERO: Final = (0, "0", "0%")
_ROUTERS: Final = {
    "setHeaderRoute": ("istio", "alb", "apisix", "plugins"),
    "setMirrorRoute": ("istio", "plugins"),
}
"""Steps that create a route, with the routers that support it."""
_SERVICE_ROUTERS: Final = ("alb", "istio", "smi", "apisix", "ambassador", "nginx", "appMesh", "traefik")


def _check_surge(props: Props) -> Iterator[str]:
    strategy = canary(props)
    if not strategy:
        return
    surge, unavailable = strategy.get("maxSurge"), strategy.get("maxUnavailable")
    for name, value in (("maxSurge", surge), ("maxUnavailable", unavailable)):
        if value is None:
            yield (
                f"{_CANARY_PATH}.{name}: the documentation gives two defaults; got nothing; expected an explicit value"
            )
    if surge in _ZERO and unavailable in _ZERO:
        yield (
            f"{_CANARY_PATH}.maxSurge: no pod can be replaced; got 0 like maxUnavailable; expected one of them above 0"
        )


def _weights(strategy: Props) -> Iterator[tuple[str, float]]:
    for path, weight in find(strategy, "steps[*].setWeight"):
        if weight is not MISSING:
            yield f"{_CANARY_PATH}.{path}", float(weight)


def _check_weights(rollout: Resource, stack: Stack) -> Iterator[str]:
    strategy = canary(rollout.inputs)
    routing, weights = strategy.get("trafficRouting"), list(_weights(strategy))
    maximum = float((routing or {}).get("maxTrafficWeight") or 100)
    for path, weight in weights:
        if not 0 <= weight <= maximum:
            yield f"{path}: the weight is out of range; got {weight:g}; expected 0 to {maximum:g}"
    if routing or not weights:
        return
    count = _replicas(rollout, stack)
    # A surge of one pod makes further weights possible.
    totals = [count] if strategy.get("maxSurge") in _ZERO else [count, count + 1]
    for path, weight in weights:
        if 0 < weight < maximum and all((weight * total) % 100 for total in totals):
            yield (
                f"{path}: the replicas cannot express the weight; got {weight:g} % of {count:g} pods; expected a whole "
                "number of pods or a router"
            )


def _replicas(rollout: Resource, stack: Stack) -> float:
    for scaler in scalers(rollout, stack):
        return float(scaler.inputs["spec"].get("minReplicas") or 1)
    count = rollout.inputs["spec"].get("replicas")
    return 1.0 if count is None else float(count)


def _check_routes(props: Props) -> Iterator[str]:
    strategy = canary(props)
    routing = strategy.get("trafficRouting") or {}
    managed_routes = {name for _, name in find(routing, "managedRoutes[*].name")}
    for path, scale in find(strategy, "steps[*].setCanaryScale"):
        if scale is not MISSING and not routing:
            yield f"{_CANARY_PATH}.{path}: the step needs a router; got no trafficRouting; expected one"
    for step, routers in _ROUTERS.items():
        for path, route in find(strategy, f"steps[*].{step}"):
            if route is MISSING:
                continue
            if not _has_router(routing, routers):
                yield (
                    f"{_CANARY_PATH}.{path}: the router does not support the step; got no such router; expected one of "
                    f"{', '.join(routers)}"
                )
            if route.get("name") not in managed_routes:
                yield (
                    f"{_CANARY_PATH}.{path}.name: the route is not managed; got {route.get('name')}; expected a name "
                    "of managedRoutes"
                )


def _has_router(routing: Props, routers: Sequence[str]) -> bool:
    return any(routing.get(name) for name in routers)


def _check_services(props: Props) -> Iterator[str]:
    strategy = canary(props)
    stable, canary_service = strategy.get("stableService"), strategy.get("canaryService")
    if stable and stable == canary_service:
        yield f"{_CANARY_PATH}.canaryService: both versions share one Service; got {stable}; expected another Service"
    routing: Any = strategy.get("trafficRouting") or {}
    subsets = (routing.get("istio") or {}).get("destinationRule")
    if strategy.get("pingPong") or subsets or not _has_router(routing, _SERVICE_ROUTERS):
        return
    for name, value in (("stableService", stable), ("canaryService", canary_service)):
        if not value:
            yield f"{_CANARY_PATH}.{name}: the router needs a Service per version; got nothing; expected a Service"


_rule = partial(Rule, types=(ROLLOUT,), severity=Severity.MEDIUM, reference=_CANARY)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-rollouts-canary-match-surge",
        absent=Absence.DENY,
        why=(
            "The capacity during a release depends on an undocumented default, and with both values 0 a release never "
            "progresses."
        ),
        remedy="Set maxSurge and maxUnavailable, one of them above 0.",
        check=_check_surge,
    ),
    StackRule(
        id="kubernetes-rollouts-canary-match-weights",
        types=(ROLLOUT,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Without a router, the number of pods decides the share of clients, whatever the step says.",
        remedy="Set setWeight to values that the replicas can express, or add a router in trafficRouting.",
        reference=_CANARY,
        check=_check_weights,
    ),
    _rule(
        id="kubernetes-rollouts-canary-match-routes",
        absent=Absence.ALLOW,
        why="The controller rejects a step that its router does not support, and the release stops.",
        remedy="Set trafficRouting to a router with such routes, and list their names in managedRoutes.",
        reference=_TRAFFIC,
        check=_check_routes,
    ),
    _rule(
        id="kubernetes-rollouts-canary-match-services",
        absent=Absence.DENY,
        severity=Severity.HIGH,
        why="A router that cannot distinguish the versions sends clients to either.",
        remedy="Set stableService and canaryService to two different Services.",
        reference=_TRAFFIC,
        check=_check_services,
    ),
)
