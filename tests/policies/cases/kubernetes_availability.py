"""Cases of ``policies.kubernetes.availability``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.availability import BUDGET, RULES, SCALER
from policies.kubernetes.manifests import DEPLOYMENT
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED, Case

_of = tables.of(RULES)
_LABELS = {"app": "server"}
_NAME = {"name": "server", "namespace": "shop"}
_STRATEGY = "spec.strategy.rollingUpdate.maxUnavailable"


def deployment(replicas: int = 2) -> dict[str, Any]:
    """Return a compliant Deployment."""
    spread = [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone"}]
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}
    template = {"metadata": {"labels": _LABELS}, "spec": {"topologySpreadConstraints": spread}}
    return {
        "kind": "Deployment",
        "metadata": _NAME,
        "spec": {"replicas": replicas, "strategy": strategy, "template": template},
    }


def budget(key: str = "maxUnavailable") -> dict[str, Any]:
    """Return a budget that permits one eviction."""
    return {"kind": "PodDisruptionBudget", "metadata": _NAME, "spec": {key: 1, "selector": {"matchLabels": _LABELS}}}


def scaler() -> dict[str, Any]:
    """Return an autoscaler with a range of replicas."""
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "server"}, "minReplicas": 2, "maxReplicas": 4}
    return {"kind": "HorizontalPodAutoscaler", "metadata": _NAME, "spec": spec}


_SERVER = Declaration(type=DEPLOYMENT, name="server", props=deployment())
_BUDGET = Declaration(type=BUDGET, name="budget", props=budget())
_SCALER = Declaration(type=SCALER, name="scaler", props=scaler())


def _case(rule: str, props: dict[str, Any], path: str, broken_value: Any, *others: Declaration, **fields: Any) -> Case:
    return _of(f"kubernetes-{rule}", props, path, broken_value, related=others, **fields)


CASES = [
    _case("apps-deployment-require-replicas", deployment(), "spec.replicas", 1),
    _case("apps-deployment-require-replicas", deployment(1), "spec.scaleTargetRef.name", "other", _SCALER,
          broken_related="scaler", absent_path="metadata.namespace"),
    _case("apps-workload-require-budget", deployment(), "spec.selector.matchLabels.app", "other", _BUDGET,
          broken_related="budget", absent_path="metadata.namespace"),
    _case("apps-workload-require-spread", deployment(), "spec.template.spec.topologySpreadConstraints", REMOVED),
    _case("apps-deployment-match-strategy", deployment(), "spec.strategy.type", "Recreate"),
    _case("apps-deployment-match-strategy", deployment(), _STRATEGY, "100%"),
    _case("policy-budget-deny-blocking", budget(), "spec.maxUnavailable", 0),
    _case("policy-budget-deny-blocking", budget("minAvailable"), "spec.minAvailable", 2, _SERVER),
    _case("policy-budget-deny-blocking", budget("minAvailable"), "spec.minAvailable", "100%"),
    _case("policy-budget-match-pods", budget(), "spec.template.metadata.labels.app", "other", _SERVER,
          broken_related="server"),
    _case("autoscaling-scaler-limit-bounds", scaler(), "spec.minReplicas", 1),
    _case("autoscaling-scaler-limit-bounds", scaler(), "spec.maxReplicas", 2, absent_path="spec.minReplicas"),
    _case("autoscaling-scaler-match-target", scaler(), "metadata.name", "other", _SERVER, broken_related="server"),
]  # fmt: skip
