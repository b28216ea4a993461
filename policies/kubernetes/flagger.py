"""Rules about releases by Flagger. A Canary refers to a workload and creates the second version and its Services."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from policies.checks import MISSING, find, format_value, must_be_at_least, must_not_be
from policies.kubernetes.availability import SCALER
from policies.kubernetes.durations import seconds
from policies.kubernetes.manifests import DAEMON_SET, DEPLOYMENT, Props
from policies.kubernetes.references import SERVICE, find_named, metadata, namespace_of, owns
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

CANARY = "kubernetes:flagger.app/v1beta1:Canary"
METRIC_TEMPLATE = "kubernetes:flagger.app/v1beta1:MetricTemplate"
_WORKS = "https://docs.flagger.app/usage/how-it-works"
_STRATEGIES = "https://docs.flagger.app/usage/deployment-strategies"
_METRICS = "https://docs.flagger.app/usage/metrics"
_MINIMUM_INTERVAL_S: Final = 10.0
_BUILT_IN: Final = {"request-success-rate": "min", "request-duration": "max"}
"""Metrics without a query, with the end of the range that marks a failure."""
_DECIDING_HOOKS: Final = frozenset({"pre-rollout", "rollout", "confirm-promotion"})
"""Webhooks that can stop a release."""
_TARGETS: Final = {"Deployment": DEPLOYMENT, "DaemonSet": DAEMON_SET, "Service": SERVICE}


def _analysis(props: Props) -> Props:
    analysis: Props = (props.get("spec") or {}).get("analysis") or {}
    return analysis


def target(canary: Resource) -> tuple[str, str]:
    """Return kind and name of the workload that a Canary releases."""
    reference = (canary.inputs.get("spec") or {}).get("targetRef") or {}
    return reference.get("kind") or "Deployment", reference.get("name") or ""


def generated_services(namespace: str, stack: Stack) -> set[str]:
    """Return the names of the Services that Flagger creates in a namespace for the stack's Canaries."""
    names = set()
    for canary in stack.of_type(CANARY):
        if namespace_of(canary, stack) == namespace:
            service = ((canary.inputs.get("spec") or {}).get("service") or {}).get("name") or target(canary)[1]
            names |= {service, f"{service}-primary", f"{service}-canary"}
    return names


def _check_analysis(props: Props) -> Iterator[str]:
    spec = props.get("spec") or {}
    if spec.get("skipAnalysis"):
        yield "spec.skipAnalysis: releases are not analysed; got true; expected false"
    if not spec.get("analysis"):
        yield "spec.analysis: releases are not analysed; got nothing; expected an analysis"


def _check_weights(props: Props) -> Iterator[str]:
    analysis = _analysis(props)
    if not analysis:
        return
    path, rounds = "spec.analysis", float(analysis.get("iterations") or 0)
    step, maximum = float(analysis.get("stepWeight") or 0), float(analysis.get("maxWeight") or 0)
    steps = [float(weight) for weight in analysis.get("stepWeights") or ()]
    if analysis.get("match") and not rounds:
        yield f"{path}.iterations: match has no effect without iterations; got nothing; expected a number"
    if not (rounds or step or steps):
        yield (
            f"{path}.stepWeight: no release ever progresses; got no stepWeight, stepWeights or iterations; expected "
            "one of them"
        )
    if rounds and (step or steps):
        yield f"{path}.stepWeight: the weight is ignored; got iterations as well; expected one of them"
    if step and steps:
        yield f"{path}.stepWeights: the weights are ignored; got stepWeight as well; expected one of them"
    if maximum > 100:
        yield f"{path}.maxWeight: no release ever ends; got {maximum:g}; expected at most 100"
    elif maximum and step > maximum:
        yield f"{path}.stepWeight: the first step exceeds maxWeight; got {step:g}; expected at most {maximum:g}"
    if any(after <= before for before, after in pairwise(steps)) or (steps and steps[-1] > 100):
        yield (
            f"{path}.stepWeights: the weights do not increase to at most 100; got {format_value(steps)}; expected "
            "increasing weights"
        )


def _check_interval(props: Props) -> Iterator[str]:
    interval = _analysis(props).get("interval")
    if interval is None:
        return
    interval_seconds = seconds(interval)
    if interval_seconds is None:
        yield (
            f"spec.analysis.interval: the value is not a duration and counts as 60 s; got {interval}; expected a "
            "duration"
        )
    elif interval_seconds < _MINIMUM_INTERVAL_S:
        yield (
            f"spec.analysis.interval: the interval is too short and counts as {_MINIMUM_INTERVAL_S:g} s; got "
            f"{interval}; expected at least {_MINIMUM_INTERVAL_S:g} s"
        )


def _check_metrics(props: Props) -> Iterator[str]:
    analysis = _analysis(props)
    hooks = {kind for _, kind in find(analysis, "webhooks[*].type")}
    if analysis and not analysis.get("metrics") and not hooks & _DECIDING_HOOKS:
        yield (
            "spec.analysis.metrics: no check can fail; got neither metrics nor a deciding webhook; expected at least "
            "one"
        )


def _check_metric_bounds(props: Props) -> Iterator[str]:
    for path, metric in find(_analysis(props), "metrics[*]"):
        if metric is MISSING:
            continue
        name, bounds = metric["name"], metric.get("thresholdRange") or {}
        if name not in _BUILT_IN and not (metric.get("templateRef") or metric.get("query")):
            yield (
                f"spec.analysis.{path}.templateRef: the metric is skipped; got {name} without a template; expected a "
                "templateRef or a built-in metric"
            )
        limit = _BUILT_IN.get(name)
        if metric.get("threshold") is not None and not bounds:
            continue
        if all(bounds.get(end) is None for end in ((limit,) if limit else ("min", "max"))):
            yield (
                f"spec.analysis.{path}.thresholdRange: {name} accepts any value; got no limit; expected "
                f"{limit or 'min or max'}"
            )


def _check_templates(canary: Resource, stack: Stack) -> Iterator[str]:
    namespace, canary_namespace = namespace_of(canary, stack), metadata(canary).get("namespace")
    for path, reference in find(_analysis(canary.inputs), "metrics[*].templateRef"):
        if reference is MISSING:
            continue
        template_namespace = reference.get("namespace")
        is_foreign = bool(template_namespace) and template_namespace != canary_namespace
        templates = [
            metadata(template).get("name")
            for template in stack.of_type(METRIC_TEMPLATE)
            if (
                metadata(template).get("namespace") == template_namespace
                if is_foreign
                else namespace_of(template, stack) == namespace
            )
        ]
        # Templates in another namespace may exist outside the stack, unless the stack declares some there.
        owned = bool(templates) if is_foreign else owns(namespace, stack)
        if owned and reference["name"] not in templates:
            yield (
                f"spec.analysis.{path}.name: the metric template does not exist; got {reference['name']}; expected a "
                "MetricTemplate of the namespace"
            )


def _check_target(canary: Resource, stack: Stack) -> Iterator[str]:
    (kind, name), namespace = target(canary), namespace_of(canary, stack)
    if kind in _TARGETS and owns(namespace, stack) and find_named((_TARGETS[kind],), name, namespace, stack) is None:
        yield f"spec.targetRef.name: the target does not exist; got {name}; expected a {kind} of the namespace"


def _check_shared_target(canary: Resource, stack: Stack) -> Iterator[str]:
    (kind, name), namespace = target(canary), namespace_of(canary, stack)
    for sibling in stack.of_type(CANARY):
        if sibling.urn != canary.urn and namespace_of(sibling, stack) == namespace and target(sibling) == (kind, name):
            yield (
                f"spec.targetRef.name: two Canaries release one workload; got {kind} {name} also in "
                f"{metadata(sibling).get('name')}; expected one Canary"
            )


def _check_autoscaler(canary: Resource, stack: Stack) -> Iterator[str]:
    (kind, name), namespace = target(canary), namespace_of(canary, stack)
    for scaler in stack.of_type(SCALER):
        if namespace_of(scaler, stack) != namespace:
            continue
        scale_target, scaler_name = scaler.inputs["spec"]["scaleTargetRef"], metadata(scaler).get("name")
        if scale_target["kind"] != kind or scale_target["name"] not in (name, f"{name}-primary"):
            continue
        reference = (canary.inputs["spec"].get("autoscalerRef") or {}).get("name")
        if scale_target["name"] != name:
            yield (
                f"spec.targetRef.name: {scaler_name} scales a generated workload; got {scale_target['name']}; expected "
                f"{name}"
            )
        elif reference != scaler_name:
            yield (
                f"spec.autoscalerRef: the serving version is not scaled; got {format_value(reference)}; expected "
                f"{scaler_name}"
            )


_canary = partial(Rule, types=(CANARY,), severity=Severity.HIGH, reference=_WORKS)
_stack_rule = partial(StackRule, types=(CANARY,), severity=Severity.HIGH, reference=_WORKS)

RULES: tuple[AnyRule, ...] = (
    _canary(
        id="kubernetes-flagger-canary-require-analysis",
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="Without an analysis, all clients get an untested release at once.",
        remedy="Remove skipAnalysis, and add an analysis.",
        check=_check_analysis,
    ),
    _canary(
        id="kubernetes-flagger-canary-match-weights",
        absent=Absence.DENY,
        why="Contradictory weights stop a release, or route more clients to it than intended.",
        remedy="Set stepWeight and a maxWeight of at most 100, or iterations alone.",
        reference=_STRATEGIES,
        check=_check_weights,
    ),
    _canary(
        id="kubernetes-flagger-canary-match-interval",
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="The duration of a release, interval times the number of steps, differs from the intended one.",
        remedy="Set interval to at least 10s.",
        check=_check_interval,
    ),
    _canary(
        id="kubernetes-flagger-canary-require-threshold",
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A missing threshold or 0 counts as 1, so a single query without data triggers a rollback.",
        remedy="Set threshold to the number of failed checks before a rollback.",
        reference=_STRATEGIES,
        check=must_be_at_least("spec.analysis.threshold", 1),
    ),
    _canary(
        id="kubernetes-flagger-canary-require-metrics",
        absent=Absence.DENY,
        why="Without a metric or a deciding webhook, every release passes.",
        remedy="Add metrics, or a pre-rollout webhook that tests the new version.",
        reference=_METRICS,
        check=_check_metrics,
    ),
    _canary(
        id="kubernetes-flagger-canary-match-metrics",
        absent=Absence.DENY,
        why="An unknown metric, or one without a failure limit, always passes.",
        remedy=(
            "Add a templateRef, and set thresholdRange.min for success rates or thresholdRange.max for durations and "
            "errors."
        ),
        reference=_METRICS,
        check=_check_metric_bounds,
    ),
    _stack_rule(
        id="kubernetes-flagger-canary-match-templates",
        absent=Absence.DENY,
        why="A metric without its template fails every check, so every release is rolled back.",
        remedy="Add the MetricTemplate, or set the namespace of templateRef.",
        reference=_METRICS,
        check=_check_templates,
    ),
    _stack_rule(
        id="kubernetes-flagger-canary-match-target",
        absent=Absence.DENY,
        why="A Canary with a missing target releases nothing, and reports it only in an event.",
        remedy="Set targetRef to a workload of the namespace.",
        check=_check_target,
    ),
    _stack_rule(
        id="kubernetes-flagger-canary-deny-sharedtarget",
        absent=Absence.ALLOW,
        why="Two Canaries of one workload overwrite each other's weights.",
        remedy="Remove all but one Canary for each targetRef.",
        check=_check_shared_target,
    ),
    _stack_rule(
        id="kubernetes-flagger-canary-match-autoscaler",
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Flagger copies only the referenced autoscaler, so the serving version would not scale.",
        remedy="Set autoscalerRef to the target's autoscaler, and declare none for the copy.",
        check=_check_autoscaler,
    ),
    Rule(
        id="kubernetes-flagger-template-deny-unverified",
        types=(METRIC_TEMPLATE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="An attacker between Flagger and the metrics server decides which release is promoted.",
        remedy="Remove insecureSkipVerify, and add the server's certificate authority to Flagger's trust store.",
        reference=_METRICS,
        check=must_not_be("spec.provider.insecureSkipVerify", True),
    ),
)
