"""Cases of ``policies.kubernetes.analyses``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.analyses import ANALYSIS, CLUSTER_ANALYSIS, RULES
from policies.kubernetes.references import NAMESPACE
from tests.policies import tables
from tests.policies.analyzer import Given
from tests.policies.cases.kubernetes_rollouts import blue_green, rollout

_of = tables.of(RULES)
_AT = "spec.strategy.blueGreen"
_POST = {"templates": [{"templateName": "errors"}]}
_DELAY, _COUNT, _INTERVAL = "spec.metrics[0].initialDelay", "spec.metrics[0].count", "spec.metrics[0].interval"


def template(name: str = "errors", **fields: Any) -> dict[str, Any]:
    """A template that measures errors for 5 minutes, a minute after its start."""
    provider = {"prometheus": {"address": "https://prometheus.example", "query": "errors", "insecure": False}}
    metric = {"name": "errors", "interval": "1m", "count": 5, "initialDelay": "1m", "provider": provider}
    spec = {"metrics": [{**metric, "successCondition": "result[0] < 0.01"}], "dryRun": [{"metricName": "new"}]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {**spec, **fields},
    }


def _given(kind: str = ANALYSIS, **fields: Any) -> Given:
    return Given(type=kind, name="template", props=template(**fields))


_SHOP = Given(type=NAMESPACE, name="shop", props={"kind": "Namespace", "metadata": {"name": "shop"}})
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
    _of("kubernetes-rollouts-rollout-match-templates", _AFTER, "metadata.name", "other", others=(_SHOP, _given()),
        broken_other="template"),
    _of("kubernetes-rollouts-rollout-match-templates", _STEPS, "metadata.name", "other", others=(_SHOP, _given()),
        broken_other="template"),
    _of("kubernetes-rollouts-rollout-match-templates", _TRIED, "metadata.name", "other", others=(_SHOP, _given()),
        broken_other="template"),
    _of("kubernetes-rollouts-rollout-match-templates", _BESIDE, "metadata.name", "other",
        others=(_given(CLUSTER_ANALYSIS),), broken_other="template"),
    _of("kubernetes-rollouts-rollout-require-ending", _BEFORE, _COUNT, 0, others=(_given(),),
        broken_other="template"),
    _of("kubernetes-rollouts-rollout-require-ending", _STEPS, _COUNT, "{{args.times}}", others=(_given(),),
        broken_other="template"),
    _of("kubernetes-rollouts-rollout-require-ending", _STEPS, _INTERVAL, "often", others=(_given(),),
        broken_other="template", absent_at=_COUNT),
    _of("kubernetes-rollouts-bluegreen-match-window", _AFTER, _COUNT, 16, others=(_given(),), broken_other="template"),
    _of("kubernetes-rollouts-bluegreen-match-window", _AFTER, f"{_AT}.scaleDownDelaySeconds", 299, others=(_given(),)),
    _of("kubernetes-rollouts-rollout-match-deadline", _BEFORE, _DELAY, "15m", others=(_given(),),
        broken_other="template"),
    _of("kubernetes-rollouts-rollout-match-deadline", _AFTER, "spec.progressDeadlineSeconds", 300, others=(_given(),)),
]  # fmt: skip
