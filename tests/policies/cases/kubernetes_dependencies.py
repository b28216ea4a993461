"""Cases of ``policies.kubernetes.dependencies``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.dependencies import ACCOUNT, CLAIM, CONFIG_MAP, RULES, SECRET
from policies.kubernetes.manifests import STATEFUL_SET
from policies.kubernetes.references import NAMESPACE, SERVICE
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED, Case

_of = tables.of(RULES)
_NAME = {"name": "server", "namespace": "shop"}
_LABELS = {"app": "server"}


def workload(kind: str, **pod: Any) -> dict[str, Any]:
    """Return a workload with these fields in its pod."""
    spec = {"serviceName": "server"} if kind == "StatefulSet" else {}
    template = {"metadata": {"labels": _LABELS}, "spec": pod}
    return {
        "kind": kind,
        "metadata": _NAME,
        "spec": {**spec, "selector": {"matchLabels": {**_LABELS}}, "template": template},
    }


def _needs(rule: str, related: str, **pod: Any) -> Case:
    there = Declaration(type=related, name="needed", props={"metadata": _NAME})
    shop = Declaration(type=NAMESPACE, name="shop", props={"kind": "Namespace", "metadata": {"name": "shop"}})
    return _of(f"kubernetes-pods-pod-match-{rule}", workload("Deployment", **pod), "metadata.name", "other",
               related=(shop, there), broken_related="needed")  # fmt: skip


def _in_container(**fields: Any) -> list[dict[str, Any]]:
    return [{"name": "server", **fields}]


_KEY = {"name": "server", "key": "a"}
_HEADLESS = Declaration(type=SERVICE, name="service", props={"metadata": _NAME, "spec": {"clusterIP": "None"}})

CASES = [
    _needs("account", ACCOUNT, serviceAccountName="server"),
    _needs("configmaps", CONFIG_MAP, volumes=[{"name": "a", "configMap": {"name": "server"}}]),
    _needs("configmaps", CONFIG_MAP, containers=_in_container(envFrom=[{"configMapRef": {"name": "server"}}])),
    _needs("configmaps", CONFIG_MAP,
           containers=_in_container(env=[{"name": "A", "valueFrom": {"configMapKeyRef": _KEY}}])),
    _needs("secrets", SECRET, volumes=[{"name": "a", "secret": {"secretName": "server"}}]),
    _needs("secrets", SECRET, volumes=[{"name": "a", "projected": {"sources": [{"secret": {"name": "server"}}]}}]),
    _needs("claims", CLAIM, volumes=[{"name": "a", "persistentVolumeClaim": {"claimName": "server"}}]),
    _of("kubernetes-apps-statefulset-match-service", workload("StatefulSet"), "spec.clusterIP", "192.0.2.1",
        related=(_HEADLESS,), broken_related="service"),
    _of("kubernetes-apps-statefulset-match-service", workload("StatefulSet"), "spec.serviceName", "other",
        related=(_HEADLESS,)),
    _of("kubernetes-apps-workload-match-selector", workload("StatefulSet"), "spec.selector.matchLabels.app", "other",
        type=STATEFUL_SET),
    _of("kubernetes-apps-workload-match-selector", workload("Deployment"), "spec.selector", REMOVED),
]  # fmt: skip
