"""Cases of ``policies.kubernetes.canaries``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.availability import SCALER
from policies.kubernetes.canaries import RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.cases.kubernetes_rollouts import rollout

_of = tables.of(RULES)
_BASE = "spec.strategy.canary"
_ISTIO = {"istio": {"virtualService": {"name": "server"}}}
_ALB = {"alb": {"servicePort": 80}}
_ROUTE = "kubernetes-rollouts-canary-match-routes"
_ROUTES = {**_ISTIO, "managedRoutes": [{"name": "testers"}]}
_MIRROR = {"name": "testers"}
_TESTERS = {"name": "testers", "match": [{"headerName": "tester", "headerValue": {"exact": "yes"}}]}


def canary(**fields: Any) -> dict[str, Any]:
    """Return a canary with a surge and without a router."""
    return rollout("canary", maxSurge=0, maxUnavailable=1, **fields)


def _routed(**fields: Any) -> dict[str, Any]:
    return rollout("canary", canaryService="server-canary", stableService="server", **fields)


_SCALER = Declaration(
    type=SCALER,
    name="scaler",
    props={
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "server", "namespace": "shop"},
        "spec": {"scaleTargetRef": {"kind": "Rollout", "name": "server"}, "minReplicas": 5, "maxReplicas": 10},
    },
)

CASES = [
    _of("kubernetes-rollouts-canary-match-surge", canary(), f"{_BASE}.maxUnavailable", 0),
    _of("kubernetes-rollouts-canary-match-surge", canary(), f"{_BASE}.maxUnavailable", "0%",
        absent_path=f"{_BASE}.maxSurge"),
    _of("kubernetes-rollouts-canary-match-weights", canary(steps=[{"setWeight": 25}, {"pause": {}}]),
        f"{_BASE}.steps[0].setWeight", 20),
    _of("kubernetes-rollouts-canary-match-weights", canary(steps=[{"setWeight": 20}]), "spec.minReplicas", 4,
        related=(_SCALER,), broken_related="scaler", absent_path="spec.maxReplicas"),
    _of("kubernetes-rollouts-canary-match-weights", _routed(trafficRouting=_ISTIO, steps=[{"setWeight": 1}]),
        f"{_BASE}.steps[0].setWeight", 101),
    _of(_ROUTE, _routed(trafficRouting=_ROUTES, steps=[{"setHeaderRoute": _TESTERS}]),
        f"{_BASE}.steps[0].setHeaderRoute.name", "others", absent_path=f"{_BASE}.steps"),
    _of(_ROUTE, _routed(trafficRouting={**_ROUTES, **_ALB}, steps=[{"setMirrorRoute": _MIRROR}]),
        f"{_BASE}.trafficRouting.istio", {}, absent_path=f"{_BASE}.steps"),
    _of(_ROUTE, _routed(trafficRouting=_ISTIO, steps=[{"setCanaryScale": {"weight": 5}}]),
        f"{_BASE}.trafficRouting", {}, absent_path=f"{_BASE}.steps"),
    _of("kubernetes-rollouts-canary-match-services", _routed(trafficRouting=_ISTIO), f"{_BASE}.canaryService",
        "server"),
]  # fmt: skip
