"""Analyses of Argo Rollouts: what they measure, how long that takes, and what they hold up.

All metrics of a run are measured side by side, so a run takes as long as its longest metric: the delay before it, and
an interval between two measurements. What a job takes by itself is in no plan, and is not counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from policies.checks import MISSING, both, find, must_not_be
from policies.kubernetes.durations import filled, seconds
from policies.kubernetes.manifests import ROLLOUT, Props
from policies.kubernetes.relations import find_named, owns, place
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ANALYSIS = "kubernetes:argoproj.io/v1alpha1:AnalysisTemplate"
CLUSTER_ANALYSIS = "kubernetes:argoproj.io/v1alpha1:ClusterAnalysisTemplate"
_ANALYSES = "https://argo-rollouts.readthedocs.io/en/stable/features/analysis/"
_BLUE_GREEN = "https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/"
_SPECIFICATION = "https://argo-rollouts.readthedocs.io/en/stable/features/specification/"
_JUDGE_THEMSELVES: Final = frozenset({"job", "kayenta", "plugin"})
"""Providers that say themselves whether a measurement is good."""
_DEFAULT_DEADLINE_S: Final = 600.0
_PROMOTIONS: Final = ("prePromotionAnalysis", "postPromotionAnalysis")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A metric of a run, and how long it is measured: ``math.inf`` where it never ends or nobody can say."""

    name: str
    seconds: float


def blue_green(props: Props) -> Props:
    """The blue-green strategy of a Rollout; empty where it has another."""
    found: Props = ((props.get("spec") or {}).get("strategy") or {}).get("blueGreen") or {}
    return found


def canary(props: Props) -> Props:
    """The canary strategy of a Rollout; empty where it has another."""
    found: Props = ((props.get("spec") or {}).get("strategy") or {}).get("canary") or {}
    return found


def _held_up_by(props: Props) -> Iterator[tuple[str, Props]]:
    """The analyses that a Rollout waits for, with their paths."""
    strategy = blue_green(props)
    for name in _PROMOTIONS:
        if strategy.get(name):
            yield f"spec.strategy.blueGreen.{name}", strategy[name]
    for at, found in find(canary(props), "steps[*].analysis"):
        if found is not MISSING:
            yield f"spec.strategy.canary.{at}", found


def _named(props: Props) -> Iterator[tuple[str, Props]]:
    """Everything in a Rollout that names a template, with its path."""
    alongside = canary(props).get("analysis")
    for at, analysis in (*_held_up_by(props), *([("spec.strategy.canary.analysis", alongside)] if alongside else ())):
        for where, named in find(analysis, "templates[*]"):
            if named is not MISSING:
                yield f"{at}.{where}", named
    for where, named in find(canary(props), "steps[*].experiment.analyses[*]"):
        if named is not MISSING:
            yield f"spec.strategy.canary.{where}", named


def _found(named: Props, where: str, stack: Stack) -> Resource | None:
    if named.get("clusterScope"):
        return find_named((CLUSTER_ANALYSIS,), named["templateName"], "", stack)
    return find_named((ANALYSIS,), named["templateName"], where, stack)


def measured(analysis: Props, rollout: Resource, stack: Stack) -> Iterator[Measured]:
    """The metrics of the templates that an analysis names, as far as the stack has them."""
    given = {one["name"]: one.get("value") for _, one in find(analysis, "args[*]") if one is not MISSING}
    where = place(rollout, stack)
    waiting = [one for _, one in find(analysis, "templates[*]") if one is not MISSING]
    seen: set[str] = set()
    while waiting:
        template = _found(waiting.pop(), where, stack)
        if template is None or template.urn in seen:
            continue
        seen.add(template.urn)
        spec = template.inputs.get("spec") or {}
        own = {one["name"]: one.get("value") for _, one in find(spec, "args[*]") if one is not MISSING}
        for _, metric in find(spec, "metrics[*]"):
            if metric is not MISSING:
                yield Measured(name=metric["name"], seconds=_length({**own, **given}, metric))
        waiting += [one for _, one in find(spec, "templates[*]") if one is not MISSING]


def _length(args: Mapping[str, Any], metric: Props) -> float:
    interval, delay = (filled(metric.get(key) or "0s", args) for key in ("interval", "initialDelay"))
    count = filled(metric.get("count") or 0, args)
    apart, before = seconds(interval), seconds(delay)
    if apart is None or before is None or count is None:
        return math.inf
    times = float(count) or (1.0 if not apart else float(metric.get("consecutiveSuccessLimit") or math.inf))
    return before + apart * (times - 1.0)


def _longest(analysis: Props, rollout: Resource, stack: Stack) -> Measured | None:
    return max(measured(analysis, rollout, stack), key=lambda one: one.seconds, default=None)


def _ends(rollout: Resource, stack: Stack) -> Iterator[str]:
    for at, analysis in _held_up_by(rollout.inputs):
        for metric in measured(analysis, rollout, stack):
            if metric.seconds == math.inf:
                yield f"{at}: {metric.name} is measured without end, and the release waits for it"


def _outlives_its_analysis(rollout: Resource, stack: Stack) -> Iterator[str]:
    strategy = blue_green(rollout.inputs)
    analysis, delay = strategy.get("postPromotionAnalysis"), strategy.get("scaleDownDelaySeconds")
    if not analysis or delay is None:
        return
    longest = _longest(analysis, rollout, stack)
    if longest and float(delay) < longest.seconds < math.inf:
        at = "spec.strategy.blueGreen.scaleDownDelaySeconds"
        yield f"{at}: is {float(delay):g} s, and {longest.name} is measured for {longest.seconds:g} s"


def _leaves_time(rollout: Resource, stack: Stack) -> Iterator[str]:
    deadline = (rollout.inputs.get("spec") or {}).get("progressDeadlineSeconds")
    limit = _DEFAULT_DEADLINE_S if deadline is None else float(deadline)
    for name in _PROMOTIONS:
        if analysis := blue_green(rollout.inputs).get(name):
            longest = _longest(analysis, rollout, stack)
            if longest and limit <= longest.seconds < math.inf:
                yield f"spec.progressDeadlineSeconds: is {limit:g} s, and {name} takes {longest.seconds:g} s"


def _names_what_is_there(rollout: Resource, stack: Stack) -> Iterator[str]:
    where = place(rollout, stack)
    for at, named in _named(rollout.inputs):
        # Templates of the cluster are its owner's, unless the stack has some.
        judged = stack.of(CLUSTER_ANALYSIS) if named.get("clusterScope") else owns(where, stack)
        if judged and _found(named, where, stack) is None:
            scope = "of the cluster" if named.get("clusterScope") else "in its namespace"
            yield f"{at}.templateName: no analysis template {named['templateName']} is {scope}"


def _has_a_say(template: Props) -> Iterator[str]:
    spec = template.get("spec") or {}
    if not spec.get("metrics") and not spec.get("templates"):
        yield "spec.metrics: is empty, so the analysis always succeeds"
    for at, metric in find(spec, "metrics[*]"):
        if metric is MISSING or metric.get("successCondition") or metric.get("failureCondition"):
            continue
        if not _JUDGE_THEMSELVES & set(metric.get("provider") or {}):
            yield f"spec.{at}: has neither a successCondition nor a failureCondition, so any value will do"


def _decides(template: Props) -> Iterator[str]:
    for at, name in find(template, "spec.dryRun[*].metricName"):
        if name in ("*", ".*"):
            yield f"{at}: is {name}, so the analysis decides nothing"


_template = partial(Rule, types=(ANALYSIS, CLUSTER_ANALYSIS), severity=Severity.HIGH, reference=_ANALYSES)
_rollout = partial(StackRule, types=(ROLLOUT,), severity=Severity.HIGH, reference=_ANALYSES)

RULES: tuple[AnyRule, ...] = (
    _template(
        id="kubernetes-rollouts-analysis-require-condition",
        absent=Absence.DENY,
        why="A metric without a condition is a success whatever it measures, or waits for a person.",
        remedy="Add a successCondition, a failureCondition, or both.",
        check=_has_a_say,
    ),
    _template(
        id="kubernetes-rollouts-analysis-deny-dryrun",
        absent=Absence.ALLOW,
        why="An analysis all of whose metrics are only tried out lets every release through.",
        remedy="Name in dryRun the metrics that are new, and no others.",
        reference=f"{_ANALYSES}#dry-run-mode",
        check=_decides,
    ),
    _template(
        id="kubernetes-rollouts-analysis-deny-unverified",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Who stands between the controller and its metrics decides which release goes out.",
        remedy="Remove insecure, and let the controller trust the server's certificate authority.",
        check=both(
            must_not_be("spec.metrics[*].provider.prometheus.insecure", True),
            must_not_be("spec.metrics[*].provider.web.insecure", True),
        ),
    ),
    _rollout(
        id="kubernetes-rollouts-rollout-match-templates",
        absent=Absence.DENY,
        why="A release whose analysis is not there stops in the middle with an error.",
        remedy="Declare the AnalysisTemplate in the Rollout's namespace, or set clusterScope.",
        check=_names_what_is_there,
    ),
    _rollout(
        id="kubernetes-rollouts-rollout-require-ending",
        absent=Absence.DENY,
        why="A metric with an interval and no count is measured for ever, and nothing is promoted or taken down.",
        remedy="Set count, or run the analysis beside the steps, where it ends with them.",
        check=_ends,
    ),
    _rollout(
        id="kubernetes-rollouts-bluegreen-match-window",
        absent=Absence.ALLOW,
        why="The old version is taken down, and its analysis cancelled, before the analysis could ask for it back.",
        remedy="Set scaleDownDelaySeconds to the time of postPromotionAnalysis or more, or leave it out.",
        reference=f"{_BLUE_GREEN}#postpromotionanalysis",
        check=_outlives_its_analysis,
    ),
    _rollout(
        id="kubernetes-rollouts-rollout-match-deadline",
        absent=Absence.ALLOW,
        why="A release that is still being analysed counts as stuck, and is aborted.",
        remedy="Set progressDeadlineSeconds above the time of the longest analysis.",
        reference=_SPECIFICATION,
        check=_leaves_time,
    ),
)
