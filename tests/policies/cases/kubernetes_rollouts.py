"""Cases of ``policies.kubernetes.rollouts``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.manifests import ROLLOUT
from policies.kubernetes.references import NAMESPACE, SERVICE
from policies.kubernetes.rollouts import RULES
from policies.kubernetes.services import INGRESS
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED

_of = tables.of(RULES)
_BASE = "spec.strategy.blueGreen"
_CANARY = "spec.strategy.canary"
_NAME = {"name": "server", "namespace": "shop"}


def rollout(strategy: str = "blueGreen", **fields: Any) -> dict[str, Any]:
    """Return a Rollout with one strategy."""
    spec = {"replicas": 4, "progressDeadlineSeconds": 900, "progressDeadlineAbort": True, "revisionHistoryLimit": 5}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": _NAME,
        "spec": {**spec, "strategy": {strategy: fields}},
    }


def blue_green(**fields: Any) -> dict[str, Any]:
    """Return a compliant Rollout."""
    services = {"activeService": "server", "previewService": "server-preview"}
    window = {"scaleDownDelaySeconds": 900, "abortScaleDownDelaySeconds": 60}
    return rollout("blueGreen", **services, **window, autoPromotionEnabled=True, autoPromotionSeconds=300, **fields)


def _with(spec: dict[str, Any], **fields: Any) -> dict[str, Any]:
    props = blue_green(**fields)
    return {**props, "spec": {**props["spec"], **spec}}


def _service(name: str) -> Declaration:
    return Declaration(
        type=SERVICE, name=name, props={"kind": "Service", "metadata": {"name": name, "namespace": "shop"}}
    )


def _ingress(**spec: Any) -> Declaration:
    backend = {"service": {"name": "server", "port": {"number": 80}}}
    rules = [{"host": "shop.example", "http": {"paths": [{"path": "/", "backend": backend}]}}]
    notes = {"nginx.ingress.kubernetes.io/ssl-redirect": "true"}
    props = {"kind": "Ingress", "metadata": {**_NAME, "annotations": notes}, "spec": {"rules": rules, **spec}}
    return Declaration(type=INGRESS, name="ingress", props=props)


_SHOP = Declaration(type=NAMESPACE, name="shop", props={"kind": "Namespace", "metadata": {"name": "shop"}})
_TWO_SERVICES = (_SHOP, _service("server"), _service("server-preview"))
_REF = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "server", "scaleDown": "progressively"}
_POST = {"templates": [{"templateName": "errors"}]}
_BACKEND = "spec.rules[0].http.paths[0].backend.service.name"

CASES = [
    _of("kubernetes-rollouts-rollout-require-strategy", blue_green(), _CANARY, {"steps": []}, absent_path=_BASE),
    _of("kubernetes-rollouts-rollout-require-abort", blue_green(), "spec.progressDeadlineAbort", False),
    _of("kubernetes-rollouts-rollout-require-window", blue_green(), f"{_BASE}.scaleDownDelaySeconds", 0),
    _of("kubernetes-rollouts-rollout-require-window", rollout("canary", scaleDownDelaySeconds=30),
        f"{_CANARY}.scaleDownDelaySeconds", 5),
    _of("kubernetes-rollouts-rollout-limit-leftovers", blue_green(), f"{_BASE}.abortScaleDownDelaySeconds", 0),
    _of("kubernetes-rollouts-rollout-limit-leftovers", rollout("canary", abortScaleDownDelaySeconds=30),
        f"{_CANARY}.abortScaleDownDelaySeconds", 0),
    _of("kubernetes-rollouts-bluegreen-match-promotion", blue_green(), f"{_BASE}.autoPromotionEnabled", False),
    _of("kubernetes-rollouts-bluegreen-require-gate", blue_green(), f"{_BASE}.autoPromotionSeconds", 0),
    _of("kubernetes-rollouts-bluegreen-match-services", blue_green(), f"{_BASE}.previewService", "server",
        absent_path=f"{_BASE}.activeService"),
    _of("kubernetes-rollouts-bluegreen-deny-rollbackwindow", _with({"rollbackWindow": {"revisions": 0}}),
        "spec.rollbackWindow.revisions", 3),
    _of("kubernetes-rollouts-bluegreen-deny-scaledown", _with({"workloadRef": _REF}, postPromotionAnalysis=_POST),
        "spec.workloadRef.scaleDown", "onsuccess"),
    _of("kubernetes-rollouts-bluegreen-deny-alb", blue_green(), "spec.ingressClassName", "alb",
        related=(_ingress(ingressClassName="nginx"),), broken_related="ingress"),
    _of("kubernetes-rollouts-bluegreen-deny-alb", blue_green(),
        "metadata.annotations.alb\0ingress\0kubernetes\0io/scheme", "internal", absent_path=_BACKEND,
        related=(_ingress(),), broken_related="ingress"),
    _of("kubernetes-rollouts-rollout-match-services", blue_green(), "metadata.name", "other", related=_TWO_SERVICES,
        broken_related="server"),
    _of("kubernetes-rollouts-rollout-match-services", blue_green(), "metadata.name", "other", related=_TWO_SERVICES,
        broken_related="server-preview"),
    _of("kubernetes-rollouts-rollout-require-strategy", blue_green(), _BASE, REMOVED, type=ROLLOUT),
]  # fmt: skip
