"""Cases of ``policies.kubernetes.analyses``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.analyses import ANALYSIS, CLUSTER_ANALYSIS, RULES
from policies.kubernetes.references import NAMESPACE
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.cases.kubernetes_rollouts import blue_green, rollout

_of = tables.of(RULES)
_BASE = "spec.strategy.blueGreen"
_POST = {"templates": [{"templateName": "errors"}]}
_DELAY, _COUNT, _INTERVAL = "spec.metrics[0].initialDelay", "spec.metrics[0].count", "spec.metrics[0].interval"


def template(name: str = "errors", **fields: Any) -> dict[str, Any]:
    """Return a template that measures errors for 5 minutes, a minute after its start."""
    provider = {"prometheus": {"address": "https://prometheus.example", "query": "errors", "insecure": False}}
    metric = {"name": "errors", "interval": "1m", "count": 5, "initialDelay": "1m", "provider": provider}
    spec = {"metrics": [{**metric, "successCondition": "result[0] < 0.01"}], "dryRun": [{"metricName": "new"}]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {**spec, **fields},
    }


def _args(kind: str = ANALYSIS, **fields: Any) -> Declaration:
    return Declaration(type=kind, name="template", props=template(**fields))


_SHOP = Declaration(type=NAMESPACE, name="shop", props={"kind": "Namespace", "metadata": {"name": "shop"}})
_AFTER = blue_green(postPromotionAnalysis=_POST)
_BEFORE = blue_green(prePromotionAnalysis=_POST)
_STEPS = rollout("canary", steps=[{"setWeight": 25}, {"analysis": _POST}])
_BESIDE = rollout("canary", analysis={"templates": [{"templateName": "errors", "clusterScope": True}]})
_TRIED = rollout("canary", steps=[{"experiment": {"analyses": [{"name": "errors", "templateName": "errors"}]}}])

CASES = [
    _of("kubernetes-rollouts-analysis-require-condition", template(), "spec.metrics[0].successCondition", ""),
    _of("kubernetes-rollouts-analysis-require-condition", template(), "spec.metrics", [], type=CLUSTER_ANALYSIS),
    _of("kubernetes-rollouts-analysis-deny-dryrun", template(), "spec.dryRun[0].metricName", "*"),
    _of("kubernetes-rollouts-analysis-deny-unverified", template(),
        "spec.metrics[0].provider.prometheus.insecure", True),
    _of("kubernetes-rollouts-rollout-match-templates", _AFTER, "metadata.name", "other", related=(_SHOP, _args()),
        broken_related="template"),
    _of("kubernetes-rollouts-rollout-match-templates", _STEPS, "metadata.name", "other", related=(_SHOP, _args()),
        broken_related="template"),
    _of("kubernetes-rollouts-rollout-match-templates", _TRIED, "metadata.name", "other", related=(_SHOP, _args()),
        broken_related="template"),
    _of("kubernetes-rollouts-rollout-match-templates", _BESIDE, "metadata.name", "other",
        related=(_args(CLUSTER_ANALYSIS),), broken_related="template"),
    _of("kubernetes-rollouts-rollout-require-ending", _BEFORE, _COUNT, 0, related=(_args(),),
        broken_related="template"),
    _of("kubernetes-rollouts-rollout-require-ending", _STEPS, _COUNT, "{{args.times}}", related=(_args(),),
        broken_related="template"),
    _of("kubernetes-rollouts-rollout-require-ending", _STEPS, _INTERVAL, "often", related=(_args(),),
        broken_related="template", absent_path=_COUNT),
    _of("kubernetes-rollouts-bluegreen-match-window", _AFTER, _COUNT, 16, related=(_args(),),
        broken_related="template"),
    _of("kubernetes-rollouts-bluegreen-match-window", _AFTER, f"{_BASE}.scaleDownDelaySeconds", 299,
        related=(_args(),)),
    _of("kubernetes-rollouts-rollout-match-deadline", _BEFORE, _DELAY, "15m", related=(_args(),),
        broken_related="template"),
    _of("kubernetes-rollouts-rollout-match-deadline", _AFTER, "spec.progressDeadlineSeconds", 300, related=(_args(),)),
]  # fmt: skip
