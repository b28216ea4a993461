"""Cases of ``policies.kubernetes.flagger``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.availability import SCALER
from policies.kubernetes.flagger import CANARY, METRIC_TEMPLATE, RULES
from policies.kubernetes.manifests import DEPLOYMENT
from policies.kubernetes.references import NAMESPACE
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED

_of = tables.of(RULES)
_BASE = "spec.analysis"
_NAME = {"name": "server", "namespace": "shop"}
_METRICS = f"{_BASE}.metrics"


def canary(**analysis: Any) -> dict[str, Any]:
    """Return a compliant Canary."""
    metrics = [
        {"name": "request-success-rate", "thresholdRange": {"min": 99}, "interval": "1m"},
        {"name": "backlog", "templateRef": {"name": "backlog"}, "thresholdRange": {"max": 10}, "interval": "1m"},
    ]
    weights = {"interval": "1m", "threshold": 5, "maxWeight": 50, "stepWeight": 10}
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": _NAME,
        "spec": {
            "skipAnalysis": False,
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "server"},
            "autoscalerRef": {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "server"},
            "service": {"port": 80},
            "analysis": {**weights, "metrics": metrics, **analysis},
        },
    }


def _rounds(**analysis: Any) -> dict[str, Any]:
    generated = canary()
    base = {key: generated["spec"]["analysis"][key] for key in ("interval", "threshold", "metrics")}
    return {**generated, "spec": {**generated["spec"], "analysis": {**base, **analysis}}}


def metric_template(namespace: str = "shop") -> dict[str, Any]:
    """Return a query."""
    provider = {"type": "prometheus", "address": "https://prometheus.example", "insecureSkipVerify": False}
    metadata = {"name": "backlog", "namespace": namespace}
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "MetricTemplate",
        "metadata": metadata,
        "spec": {"provider": provider, "query": "backlog"},
    }


_SHOP = Declaration(type=NAMESPACE, name="shop", props={"kind": "Namespace", "metadata": {"name": "shop"}})
_TEMPLATE = Declaration(type=METRIC_TEMPLATE, name="template", props=metric_template())
_TARGET = Declaration(type=DEPLOYMENT, name="target", props={"kind": "Deployment", "metadata": _NAME, "spec": {}})
_FOREIGN = Declaration(
    type=CANARY,
    name="other",
    props={**canary(), "metadata": {"name": "b", "namespace": "shop"}, "spec": {"targetRef": {"name": "b"}}},
)
_SCALER = Declaration(
    type=SCALER,
    name="scaler",
    props={
        "kind": "HorizontalPodAutoscaler",
        "metadata": _NAME,
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "server"}, "minReplicas": 2},
    },
)
_FAR = canary(metrics=[{"name": "backlog", "templateRef": {"name": "backlog", "namespace": "metrics"}}])
_THERE = Declaration(type=METRIC_TEMPLATE, name="template", props=metric_template("metrics"))
_HOOK = {"name": "tests", "type": "pre-rollout", "url": "http://tester.shop/"}

CASES = [
    _of("kubernetes-flagger-canary-require-analysis", canary(), "spec.skipAnalysis", True, absent_path=_BASE),
    _of("kubernetes-flagger-canary-match-weights", canary(), f"{_BASE}.stepWeight", 60),
    _of("kubernetes-flagger-canary-match-weights", canary(), f"{_BASE}.maxWeight", 110,
        absent_path=f"{_BASE}.stepWeight"),
    _of("kubernetes-flagger-canary-match-weights", canary(), f"{_BASE}.stepWeights", [10, 20],
        absent_path=f"{_BASE}.stepWeight"),
    _of("kubernetes-flagger-canary-match-weights", _rounds(stepWeights=[5, 20, 80]), f"{_BASE}.stepWeights[1]", 90,
        absent_path=f"{_BASE}.stepWeights"),
    _of("kubernetes-flagger-canary-match-weights", _rounds(iterations=10), f"{_BASE}.stepWeight", 10,
        absent_path=f"{_BASE}.iterations"),
    _of("kubernetes-flagger-canary-match-weights", _rounds(iterations=10, match=[{"headers": {}}]),
        f"{_BASE}.iterations", 0),
    _of("kubernetes-flagger-canary-match-interval", canary(), f"{_BASE}.interval", "5s"),
    _of("kubernetes-flagger-canary-match-interval", canary(), f"{_BASE}.interval", "1 minute"),
    _of("kubernetes-flagger-canary-require-threshold", canary(), f"{_BASE}.threshold", 0),
    _of("kubernetes-flagger-canary-require-metrics", canary(), _METRICS, []),
    _of("kubernetes-flagger-canary-require-metrics", canary(metrics=[], webhooks=[_HOOK]), f"{_BASE}.webhooks[0].type",
        "event"),
    _of("kubernetes-flagger-canary-match-metrics", canary(), f"{_METRICS}[0].thresholdRange", {"max": 99},
        absent_path=f"{_METRICS}[0].thresholdRange.min"),
    _of("kubernetes-flagger-canary-match-metrics", canary(), f"{_METRICS}[0].name", "request-sucess-rate",
        absent_path=f"{_METRICS}[1].templateRef"),
    _of("kubernetes-flagger-canary-match-templates", canary(), "metadata.name", "other", related=(_SHOP, _TEMPLATE),
        broken_related="template"),
    _of("kubernetes-flagger-canary-match-templates", _FAR, "metadata.name", "other", related=(_THERE,),
        broken_related="template"),
    _of("kubernetes-flagger-canary-match-target", canary(), "metadata.name", "other", related=(_SHOP, _TARGET),
        broken_related="target"),
    _of("kubernetes-flagger-canary-deny-sharedtarget", canary(), "spec.targetRef.name", "server", related=(_FOREIGN,),
        broken_related="other"),
    _of("kubernetes-flagger-canary-match-autoscaler", canary(), "spec.autoscalerRef", REMOVED, related=(_SCALER,),
        absent_path="spec.targetRef"),
    _of("kubernetes-flagger-canary-match-autoscaler", canary(), "spec.scaleTargetRef.name", "server-primary",
        related=(_SCALER,), broken_related="scaler", absent_path="spec.minReplicas"),
    _of("kubernetes-flagger-template-deny-unverified", metric_template(), "spec.provider.insecureSkipVerify", True),
]  # fmt: skip
