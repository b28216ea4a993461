"""Rules about analyses of Argo Rollouts: conditions, duration and deadlines.

All metrics of a run are measured concurrently, so a run lasts as long as its longest metric: the initial delay and one
interval between two measurements. The duration of jobs is unknown in a plan and is not counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from policies.checks import MISSING, all_of, find, must_not_be
from policies.kubernetes.durations import fill_arguments, seconds
from policies.kubernetes.manifests import ROLLOUT, Props
from policies.kubernetes.references import find_named, namespace_of, owns
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ANALYSIS = "kubernetes:argoproj.io/v1alpha1:AnalysisTemplate"
CLUSTER_ANALYSIS = "kubernetes:argoproj.io/v1alpha1:ClusterAnalysisTemplate"
_ANALYSES = "https://argo-rollouts.readthedocs.io/en/stable/features/analysis/"
_BLUE_GREEN = "https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/"
_SPECIFICATION = "https://argo-rollouts.readthedocs.io/en/stable/features/specification/"
_SELF_EVALUATING: Final = frozenset({"job", "kayenta", "plugin"})
"""Providers that evaluate a measurement themselves."""
_DEFAULT_DEADLINE_S: Final = 600.0
_PROMOTIONS: Final = ("prePromotionAnalysis", "postPromotionAnalysis")


@dataclass(frozen=True, kw_only=True)
class TimedMetric:
    """A metric of a run, with its duration: ``math.inf`` if it is unlimited or unknown."""

    name: str
    seconds: float


def blue_green(props: Props) -> Props:
    """Return the blue-green strategy of a Rollout; an empty mapping for another strategy."""
    strategy: Props = ((props.get("spec") or {}).get("strategy") or {}).get("blueGreen") or {}
    return strategy


def canary(props: Props) -> Props:
    """Return the canary strategy of a Rollout; an empty mapping for another strategy."""
    strategy: Props = ((props.get("spec") or {}).get("strategy") or {}).get("canary") or {}
    return strategy


def _blocking_analyses(props: Props) -> Iterator[tuple[str, Props]]:
    """Yield the analyses that a Rollout waits for, with their paths."""
    strategy = blue_green(props)
    for name in _PROMOTIONS:
        if strategy.get(name):
            yield f"spec.strategy.blueGreen.{name}", strategy[name]
    for path, analysis in find(canary(props), "steps[*].analysis"):
        if analysis is not MISSING:
            yield f"spec.strategy.canary.{path}", analysis


def _template_references(props: Props) -> Iterator[tuple[str, Props]]:
    """Yield every reference to a template in a Rollout, with its path."""
    background = canary(props).get("analysis")
    for path, analysis in (
        *_blocking_analyses(props),
        *([("spec.strategy.canary.analysis", background)] if background else ()),
    ):
        for inner_path, reference in find(analysis, "templates[*]"):
            if reference is not MISSING:
                yield f"{path}.{inner_path}", reference
    for inner_path, reference in find(canary(props), "steps[*].experiment.analyses[*]"):
        if reference is not MISSING:
            yield f"spec.strategy.canary.{inner_path}", reference


def _find_template(reference: Props, namespace: str, stack: Stack) -> Resource | None:
    if reference.get("clusterScope"):
        return find_named((CLUSTER_ANALYSIS,), reference["templateName"], "", stack)
    return find_named((ANALYSIS,), reference["templateName"], namespace, stack)


def timed_metrics(analysis: Props, rollout: Resource, stack: Stack) -> Iterator[TimedMetric]:
    """Yield the metrics of the templates that an analysis references, as far as the stack contains them."""
    arguments = {entry["name"]: entry.get("value") for _, entry in find(analysis, "args[*]") if entry is not MISSING}
    namespace = namespace_of(rollout, stack)
    pending = [entry for _, entry in find(analysis, "templates[*]") if entry is not MISSING]
    visited: set[str] = set()
    while pending:
        template = _find_template(pending.pop(), namespace, stack)
        if template is None or template.urn in visited:
            continue
        visited.add(template.urn)
        spec = template.inputs.get("spec") or {}
        defaults = {entry["name"]: entry.get("value") for _, entry in find(spec, "args[*]") if entry is not MISSING}
        for _, metric in find(spec, "metrics[*]"):
            if metric is not MISSING:
                yield TimedMetric(name=metric["name"], seconds=_duration({**defaults, **arguments}, metric))
        pending += [entry for _, entry in find(spec, "templates[*]") if entry is not MISSING]


def _duration(args: Mapping[str, Any], metric: Props) -> float:
    interval, delay = (fill_arguments(metric.get(key) or "0s", args) for key in ("interval", "initialDelay"))
    count = fill_arguments(metric.get("count") or 0, args)
    interval_seconds, delay_seconds = seconds(interval), seconds(delay)
    if interval_seconds is None or delay_seconds is None or count is None:
        return math.inf
    times = float(count) or (1.0 if not interval_seconds else float(metric.get("consecutiveSuccessLimit") or math.inf))
    return delay_seconds + interval_seconds * (times - 1.0)


def _longest_metric(analysis: Props, rollout: Resource, stack: Stack) -> TimedMetric | None:
    return max(timed_metrics(analysis, rollout, stack), key=lambda metric: metric.seconds, default=None)


def _check_end(rollout: Resource, stack: Stack) -> Iterator[str]:
    for path, analysis in _blocking_analyses(rollout.inputs):
        for metric in timed_metrics(analysis, rollout, stack):
            if metric.seconds == math.inf:
                yield (
                    f"{path}: the release waits for an unlimited metric; got {metric.name} without an end; expected a "
                    "count"
                )


def _check_scale_down_delay(rollout: Resource, stack: Stack) -> Iterator[str]:
    strategy = blue_green(rollout.inputs)
    analysis, delay = strategy.get("postPromotionAnalysis"), strategy.get("scaleDownDelaySeconds")
    if not analysis or delay is None:
        return
    longest = _longest_metric(analysis, rollout, stack)
    if longest and float(delay) < longest.seconds < math.inf:
        path = "spec.strategy.blueGreen.scaleDownDelaySeconds"
        yield (
            f"{path}: the old version stops before its analysis ends; got {float(delay):g} s; expected at least "
            f"{longest.seconds:g} s for {longest.name}"
        )


def _check_deadline(rollout: Resource, stack: Stack) -> Iterator[str]:
    deadline = (rollout.inputs.get("spec") or {}).get("progressDeadlineSeconds")
    limit = _DEFAULT_DEADLINE_S if deadline is None else float(deadline)
    for name in _PROMOTIONS:
        if analysis := blue_green(rollout.inputs).get(name):
            longest = _longest_metric(analysis, rollout, stack)
            if longest and limit <= longest.seconds < math.inf:
                yield (
                    f"spec.progressDeadlineSeconds: the release is aborted during its analysis; got {limit:g} s; "
                    f"expected more than {longest.seconds:g} s of {name}"
                )


def _check_templates(rollout: Resource, stack: Stack) -> Iterator[str]:
    namespace = namespace_of(rollout, stack)
    for path, reference in _template_references(rollout.inputs):
        # Cluster templates may exist outside the stack, unless the stack declares some.
        owned = stack.of_type(CLUSTER_ANALYSIS) if reference.get("clusterScope") else owns(namespace, stack)
        if owned and _find_template(reference, namespace, stack) is None:
            scope = "of the cluster" if reference.get("clusterScope") else "in its namespace"
            yield (
                f"{path}.templateName: the analysis template does not exist; got {reference['templateName']}; expected "
                f"a template {scope}"
            )


def _check_conditions(template: Props) -> Iterator[str]:
    spec = template.get("spec") or {}
    if not spec.get("metrics") and not spec.get("templates"):
        yield "spec.metrics: the analysis always succeeds; got no metric; expected at least one"
    for path, metric in find(spec, "metrics[*]"):
        if metric is MISSING or metric.get("successCondition") or metric.get("failureCondition"):
            continue
        if not _SELF_EVALUATING & set(metric.get("provider") or {}):
            yield (
                f"spec.{path}: the metric accepts any value; got no condition; expected a successCondition or "
                "failureCondition"
            )


def _check_dry_run(template: Props) -> Iterator[str]:
    for path, name in find(template, "spec.dryRun[*].metricName"):
        if name in ("*", ".*"):
            yield f"{path}: the analysis decides nothing; got {name}; expected the names of new metrics"


_template = partial(Rule, types=(ANALYSIS, CLUSTER_ANALYSIS), severity=Severity.HIGH, reference=_ANALYSES)
_rollout = partial(StackRule, types=(ROLLOUT,), severity=Severity.HIGH, reference=_ANALYSES)

RULES: tuple[AnyRule, ...] = (
    _template(
        id="kubernetes-rollouts-analysis-require-condition",
        absent=Absence.DENY,
        why="A metric without a condition succeeds with any value, or waits for a manual decision.",
        remedy="Add a successCondition, a failureCondition, or both.",
        check=_check_conditions,
    ),
    _template(
        id="kubernetes-rollouts-analysis-deny-dryrun",
        absent=Absence.ALLOW,
        why="An analysis with only dry-run metrics passes every release.",
        remedy="Set dryRun to new metrics only.",
        reference=f"{_ANALYSES}#dry-run-mode",
        check=_check_dry_run,
    ),
    _template(
        id="kubernetes-rollouts-analysis-deny-unverified",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="An attacker between the controller and the metrics server decides which release is promoted.",
        remedy="Remove insecure, and add the server's certificate authority to the controller's trust store.",
        check=all_of(
            must_not_be("spec.metrics[*].provider.prometheus.insecure", True),
            must_not_be("spec.metrics[*].provider.web.insecure", True),
        ),
    ),
    _rollout(
        id="kubernetes-rollouts-rollout-match-templates",
        absent=Absence.DENY,
        why="A release with a missing analysis template stops with an error before it completes.",
        remedy="Add the AnalysisTemplate to the Rollout's namespace, or set clusterScope: true.",
        check=_check_templates,
    ),
    _rollout(
        id="kubernetes-rollouts-rollout-require-ending",
        absent=Absence.DENY,
        why="A metric with an interval and without a count never ends, so the release is never promoted.",
        remedy="Set count, or run the analysis in the background of the steps, where it ends with them.",
        check=_check_end,
    ),
    _rollout(
        id="kubernetes-rollouts-bluegreen-match-window",
        absent=Absence.ALLOW,
        why="The old version and its analysis stop before the analysis can trigger a rollback.",
        remedy="Set scaleDownDelaySeconds to at least the duration of postPromotionAnalysis, or remove it.",
        reference=f"{_BLUE_GREEN}#postpromotionanalysis",
        check=_check_scale_down_delay,
    ),
    _rollout(
        id="kubernetes-rollouts-rollout-match-deadline",
        absent=Absence.ALLOW,
        why="The controller aborts a release that is still being analysed, because it exceeds its deadline.",
        remedy="Set progressDeadlineSeconds above the duration of the longest analysis.",
        reference=_SPECIFICATION,
        check=_check_deadline,
    ),
)
