"""Cases of ``policies.kubernetes.flagger``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.availability import SCALER
from policies.kubernetes.flagger import CANARY, METRIC_TEMPLATE, RULES
from policies.kubernetes.manifests import DEPLOYMENT
from policies.kubernetes.references import NAMESPACE
from tests.policies import tables
from tests.policies.analyzer import Given
from tests.policies.contract import REMOVED

_of = tables.of(RULES)
_AT = "spec.analysis"
_NAME = {"name": "server", "namespace": "shop"}
_METRICS = f"{_AT}.metrics"


def canary(**analysis: Any) -> dict[str, Any]:
    """A Canary that every rule is content with."""
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
    made = canary()
    kept = {key: made["spec"]["analysis"][key] for key in ("interval", "threshold", "metrics")}
    return {**made, "spec": {**made["spec"], "analysis": {**kept, **analysis}}}


def metric_template(namespace: str = "shop") -> dict[str, Any]:
    """A query."""
    provider = {"type": "prometheus", "address": "https://prometheus.example", "insecureSkipVerify": False}
    metadata = {"name": "backlog", "namespace": namespace}
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "MetricTemplate",
        "metadata": metadata,
        "spec": {"provider": provider, "query": "backlog"},
    }


_SHOP = Given(type=NAMESPACE, name="shop", props={"kind": "Namespace", "metadata": {"name": "shop"}})
_TEMPLATE = Given(type=METRIC_TEMPLATE, name="template", props=metric_template())
_TARGET = Given(type=DEPLOYMENT, name="target", props={"kind": "Deployment", "metadata": _NAME, "spec": {}})
_OTHER = Given(
    type=CANARY,
    name="other",
    props={**canary(), "metadata": {"name": "b", "namespace": "shop"}, "spec": {"targetRef": {"name": "b"}}},
)
_SCALER = Given(
    type=SCALER,
    name="scaler",
    props={
        "kind": "HorizontalPodAutoscaler",
        "metadata": _NAME,
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "server"}, "minReplicas": 2},
    },
)
_FAR = canary(metrics=[{"name": "backlog", "templateRef": {"name": "backlog", "namespace": "metrics"}}])
_THERE = Given(type=METRIC_TEMPLATE, name="template", props=metric_template("metrics"))
_HOOK = {"name": "tests", "type": "pre-rollout", "url": "http://tester.shop/"}

CASES = [
    _of("kubernetes-flagger-canary-require-analysis", canary(), "spec.skipAnalysis", True, absent_at=_AT),
    _of("kubernetes-flagger-canary-match-weights", canary(), f"{_AT}.stepWeight", 60),
    _of("kubernetes-flagger-canary-match-weights", canary(), f"{_AT}.maxWeight", 110, absent_at=f"{_AT}.stepWeight"),
    _of("kubernetes-flagger-canary-match-weights", canary(), f"{_AT}.stepWeights", [10, 20],
        absent_at=f"{_AT}.stepWeight"),
    _of("kubernetes-flagger-canary-match-weights", _rounds(stepWeights=[5, 20, 80]), f"{_AT}.stepWeights[1]", 90,
        absent_at=f"{_AT}.stepWeights"),
    _of("kubernetes-flagger-canary-match-weights", _rounds(iterations=10), f"{_AT}.stepWeight", 10,
        absent_at=f"{_AT}.iterations"),
    _of("kubernetes-flagger-canary-match-weights", _rounds(iterations=10, match=[{"headers": {}}]),
        f"{_AT}.iterations", 0),
    _of("kubernetes-flagger-canary-match-interval", canary(), f"{_AT}.interval", "5s"),
    _of("kubernetes-flagger-canary-match-interval", canary(), f"{_AT}.interval", "1 minute"),
    _of("kubernetes-flagger-canary-require-threshold", canary(), f"{_AT}.threshold", 0),
    _of("kubernetes-flagger-canary-require-metrics", canary(), _METRICS, []),
    _of("kubernetes-flagger-canary-require-metrics", canary(metrics=[], webhooks=[_HOOK]), f"{_AT}.webhooks[0].type",
        "event"),
    _of("kubernetes-flagger-canary-match-metrics", canary(), f"{_METRICS}[0].thresholdRange", {"max": 99},
        absent_at=f"{_METRICS}[0].thresholdRange.min"),
    _of("kubernetes-flagger-canary-match-metrics", canary(), f"{_METRICS}[0].name", "request-sucess-rate",
        absent_at=f"{_METRICS}[1].templateRef"),
    _of("kubernetes-flagger-canary-match-templates", canary(), "metadata.name", "other", others=(_SHOP, _TEMPLATE),
        broken_other="template"),
    _of("kubernetes-flagger-canary-match-templates", _FAR, "metadata.name", "other", others=(_THERE,),
        broken_other="template"),
    _of("kubernetes-flagger-canary-match-target", canary(), "metadata.name", "other", others=(_SHOP, _TARGET),
        broken_other="target"),
    _of("kubernetes-flagger-canary-deny-sharedtarget", canary(), "spec.targetRef.name", "server", others=(_OTHER,),
        broken_other="other"),
    _of("kubernetes-flagger-canary-match-autoscaler", canary(), "spec.autoscalerRef", REMOVED, others=(_SCALER,),
        absent_at="spec.targetRef"),
    _of("kubernetes-flagger-canary-match-autoscaler", canary(), "spec.scaleTargetRef.name", "server-primary",
        others=(_SCALER,), broken_other="scaler", absent_at="spec.minReplicas"),
    _of("kubernetes-flagger-template-deny-unverified", metric_template(), "spec.provider.insecureSkipVerify", True),
]  # fmt: skip
