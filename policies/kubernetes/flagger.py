"""Releases by Flagger: a Canary stands beside a workload, and makes the second version and the Services itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from policies.checks import MISSING, find, must_be_at_least, must_not_be
from policies.kubernetes.availability import SCALER
from policies.kubernetes.durations import seconds
from policies.kubernetes.manifests import DAEMON_SET, DEPLOYMENT, Props
from policies.kubernetes.relations import SERVICE, find_named, metadata, owns, place
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

CANARY = "kubernetes:flagger.app/v1beta1:Canary"
METRIC_TEMPLATE = "kubernetes:flagger.app/v1beta1:MetricTemplate"
_WORKS = "https://docs.flagger.app/usage/how-it-works"
_STRATEGIES = "https://docs.flagger.app/usage/deployment-strategies"
_METRICS = "https://docs.flagger.app/usage/metrics"
_SHORTEST_S: Final = 10.0
_BUILT_IN: Final = {"request-success-rate": "min", "request-duration": "max"}
"""Metrics that need no query, and the end of the range at which each is bad."""
_ASKED: Final = frozenset({"pre-rollout", "rollout", "confirm-promotion"})
"""Hooks whose refusal stops a release."""
_TARGETS: Final = {"Deployment": DEPLOYMENT, "DaemonSet": DAEMON_SET, "Service": SERVICE}


def _analysis(props: Props) -> Props:
    found: Props = (props.get("spec") or {}).get("analysis") or {}
    return found


def target(canary: Resource) -> tuple[str, str]:
    """Kind and name of what a Canary releases."""
    named = (canary.inputs.get("spec") or {}).get("targetRef") or {}
    return named.get("kind") or "Deployment", named.get("name") or ""


def made_services(where: str, stack: Stack) -> set[str]:
    """The names of the Services that Flagger makes in a namespace for the stack's Canaries."""
    names = set()
    for one in stack.of(CANARY):
        if place(one, stack) == where:
            named = ((one.inputs.get("spec") or {}).get("service") or {}).get("name") or target(one)[1]
            names |= {named, f"{named}-primary", f"{named}-canary"}
    return names


def _is_analysed(props: Props) -> Iterator[str]:
    spec = props.get("spec") or {}
    if spec.get("skipAnalysis"):
        yield "spec.skipAnalysis: is true, so every release goes out unseen"
    if not spec.get("analysis"):
        yield "spec.analysis: is missing, so every release goes out unseen"


def _goes_up_to_the_end(props: Props) -> Iterator[str]:
    analysis = _analysis(props)
    if not analysis:
        return
    at, rounds = "spec.analysis", float(analysis.get("iterations") or 0)
    step, most = float(analysis.get("stepWeight") or 0), float(analysis.get("maxWeight") or 0)
    steps = [float(one) for one in analysis.get("stepWeights") or ()]
    if analysis.get("match") and not rounds:
        yield f"{at}.iterations: is missing, and match is looked at only with it"
    if not (rounds or step or steps):
        yield f"{at}.stepWeight: is missing like stepWeights and iterations, so no release ever moves"
    if rounds and (step or steps):
        yield f"{at}.stepWeight: is ignored, because iterations is set"
    if step and steps:
        yield f"{at}.stepWeights: is ignored, because stepWeight is set"
    if most > 100:
        yield f"{at}.maxWeight: is {most:g}, which no share reaches, so no release ever ends"
    elif most and step > most:
        yield f"{at}.stepWeight: is {step:g}, and the first step goes past maxWeight, {most:g}"
    if any(after <= before for before, after in pairwise(steps)) or (steps and steps[-1] > 100):
        yield f"{at}.stepWeights: have to rise, up to 100 at most"


def _is_scheduled(props: Props) -> Iterator[str]:
    interval = _analysis(props).get("interval")
    if interval is None:
        return
    apart = seconds(interval)
    if apart is None:
        yield f"spec.analysis.interval: is {interval}, which is no time, so it is 60 s"
    elif apart < _SHORTEST_S:
        yield f"spec.analysis.interval: is {interval}, and is taken for {_SHORTEST_S:g} s"


def _is_measured(props: Props) -> Iterator[str]:
    analysis = _analysis(props)
    asked = {kind for _, kind in find(analysis, "webhooks[*].type")}
    if analysis and not analysis.get("metrics") and not asked & _ASKED:
        yield "spec.analysis.metrics: is empty, and no webhook is asked, so nothing can fail"


def _measures_something(props: Props) -> Iterator[str]:
    for at, metric in find(_analysis(props), "metrics[*]"):
        if metric is MISSING:
            continue
        name, bounds = metric["name"], metric.get("thresholdRange") or {}
        if name not in _BUILT_IN and not (metric.get("templateRef") or metric.get("query")):
            yield f"spec.analysis.{at}.templateRef: is missing, and {name} is no built-in metric, so it is skipped"
        limit = _BUILT_IN.get(name)
        if metric.get("threshold") is not None and not bounds:
            continue
        if all(bounds.get(end) is None for end in ((limit,) if limit else ("min", "max"))):
            yield f"spec.analysis.{at}.thresholdRange: has no {limit or 'min or max'}, so {name} proves nothing"


def _names_what_is_there(canary: Resource, stack: Stack) -> Iterator[str]:
    where, own = place(canary, stack), metadata(canary).get("namespace")
    for at, named in find(_analysis(canary.inputs), "metrics[*].templateRef"):
        if named is MISSING:
            continue
        there = named.get("namespace")
        elsewhere = bool(there) and there != own
        templates = [
            metadata(one).get("name")
            for one in stack.of(METRIC_TEMPLATE)
            if (metadata(one).get("namespace") == there if elsewhere else place(one, stack) == where)
        ]
        # What is in another namespace is its owner's, unless the stack has templates there.
        judged = bool(templates) if elsewhere else owns(where, stack)
        if judged and named["name"] not in templates:
            yield f"spec.analysis.{at}.name: no MetricTemplate {named['name']} is in its namespace"


def _releases_something(canary: Resource, stack: Stack) -> Iterator[str]:
    (kind, name), where = target(canary), place(canary, stack)
    if kind in _TARGETS and owns(where, stack) and find_named((_TARGETS[kind],), name, where, stack) is None:
        yield f"spec.targetRef.name: no {kind} {name} is in its namespace"


def _releases_it_alone(canary: Resource, stack: Stack) -> Iterator[str]:
    (kind, name), where = target(canary), place(canary, stack)
    for other in stack.of(CANARY):
        if other.urn != canary.urn and place(other, stack) == where and target(other) == (kind, name):
            yield f"spec.targetRef.name: {kind} {name} is released by {metadata(other).get('name')} too"


def _scales_both(canary: Resource, stack: Stack) -> Iterator[str]:
    (kind, name), where = target(canary), place(canary, stack)
    for scaler in stack.of(SCALER):
        if place(scaler, stack) != where:
            continue
        scaled, mine = scaler.inputs["spec"]["scaleTargetRef"], metadata(scaler).get("name")
        if scaled["kind"] != kind or scaled["name"] not in (name, f"{name}-primary"):
            continue
        named = (canary.inputs["spec"].get("autoscalerRef") or {}).get("name")
        if scaled["name"] != name:
            yield f"spec.targetRef.name: {mine} scales {scaled['name']}, which has an autoscaler that Flagger makes"
        elif named != mine:
            yield f"spec.autoscalerRef: does not name {mine}, so the version that serves is not scaled"


_canary = partial(Rule, types=(CANARY,), severity=Severity.HIGH, reference=_WORKS)
_among = partial(StackRule, types=(CANARY,), severity=Severity.HIGH, reference=_WORKS)

RULES: tuple[AnyRule, ...] = (
    _canary(
        id="kubernetes-flagger-canary-require-analysis",
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="A release that nobody looks at is no canary: all clients have it at once.",
        remedy="Remove skipAnalysis, and give an analysis.",
        check=_is_analysed,
    ),
    _canary(
        id="kubernetes-flagger-canary-match-weights",
        absent=Absence.DENY,
        why="Weights that contradict each other stop a release, or lead more clients to it than was meant.",
        remedy="Let stepWeight lead to maxWeight, at most 100; or use iterations alone.",
        reference=_STRATEGIES,
        check=_goes_up_to_the_end,
    ),
    _canary(
        id="kubernetes-flagger-canary-match-interval",
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="The release takes another time than its author thinks: interval times the number of steps.",
        remedy="Set interval to a time of 10s or more.",
        check=_is_scheduled,
    ),
    _canary(
        id="kubernetes-flagger-canary-require-threshold",
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Nothing, like 0, stands for 1: a single query without data takes the release back.",
        remedy="Set threshold to the number of failed checks after which it is taken back.",
        reference=_STRATEGIES,
        check=must_be_at_least("spec.analysis.threshold", 1),
    ),
    _canary(
        id="kubernetes-flagger-canary-require-metrics",
        absent=Absence.DENY,
        why="With nothing to measure and nobody to ask every release passes.",
        remedy="List metrics, or a pre-rollout webhook that tests the new version.",
        reference=_METRICS,
        check=_is_measured,
    ),
    _canary(
        id="kubernetes-flagger-canary-match-metrics",
        absent=Absence.DENY,
        why="A metric that is not known, or has no limit where it is bad, passes whatever happens.",
        remedy="Name a template for it, and give thresholdRange min for rates of success and max for times and errors.",
        reference=_METRICS,
        check=_measures_something,
    ),
    _among(
        id="kubernetes-flagger-canary-match-templates",
        absent=Absence.DENY,
        why="A metric without its template is a failed check, and takes every release back.",
        remedy="Declare the MetricTemplate, or name the namespace that has it.",
        reference=_METRICS,
        check=_names_what_is_there,
    ),
    _among(
        id="kubernetes-flagger-canary-match-target",
        absent=Absence.DENY,
        why="A Canary of nothing releases nothing, and says so in an event that nobody reads.",
        remedy="Name a workload of the namespace.",
        check=_releases_something,
    ),
    _among(
        id="kubernetes-flagger-canary-deny-sharedtarget",
        absent=Absence.ALLOW,
        why="Two Canaries of one workload undo each other's work: each leads clients by weights of its own.",
        remedy="Keep one Canary for each workload.",
        check=_releases_it_alone,
    ),
    _among(
        id="kubernetes-flagger-canary-match-autoscaler",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Flagger copies the autoscaler that it is told of, and no other: the version that serves would stay small.",
        remedy="Name the target's autoscaler in autoscalerRef, and declare none for the copy.",
        check=_scales_both,
    ),
    Rule(
        id="kubernetes-flagger-template-deny-unverified",
        types=(METRIC_TEMPLATE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Who stands between Flagger and its metrics decides which release goes out.",
        remedy="Remove insecureSkipVerify, and let Flagger trust the server's certificate authority.",
        reference=_METRICS,
        check=must_not_be("spec.provider.insecureSkipVerify", True),
    ),
)
