"""Tests of release rules: the duration of analyses, referenced pods, and generated Services."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policies import catalogue
from policies.catalogue import every_rule
from policies.kubernetes.analyses import ANALYSIS
from policies.kubernetes.durations import seconds
from policies.kubernetes.manifests import DEPLOYMENT, ROLLOUT
from policies.kubernetes.references import SERVICE
from pouw.gate import manifest_check
from pouw.paths import REPOSITORY
from tests.policies.analyzer import Analyzer, Declaration
from tests.policies.cases.kubernetes_analyses import template
from tests.policies.cases.kubernetes_flagger import canary
from tests.policies.cases.kubernetes_rollouts import blue_green

EXAMPLE = REPOSITORY / "docs" / "examples" / "releases.yaml"
WINDOW, ENDING = "kubernetes-rollouts-bluegreen-match-window", "kubernetes-rollouts-rollout-require-ending"
METRIC = {"name": "errors", "successCondition": "result < 1", "provider": {"web": {"url": "https://192.0.2.1"}}}


def texts(rule: str, *stack: Declaration) -> list[str]:
    """Return the texts of a rule's diagnostics of the first resource."""
    diagnostics = Analyzer(every_rule()[rule]).stack(*stack)
    return [entry.text for entry in diagnostics if entry.urn == stack[0].urn]


def rollout(*templates: str, args: Mapping[str, str] | None = None) -> Declaration:
    """Return a Rollout whose old version stays for 15 minutes, with an analysis after the switch."""
    arguments = [{"name": name, "value": value} for name, value in (args or {}).items()]
    analysis = {"templates": [{"templateName": name} for name in templates], "args": arguments}
    return Declaration(type=ROLLOUT, name="rollout", props=blue_green(postPromotionAnalysis=analysis))


def analysis(name: str, *metrics: Mapping[str, Any], **spec: Any) -> Declaration:
    """Return a template with some metrics."""
    return Declaration(
        type=ANALYSIS, name=name, props=template(name, metrics=[{**METRIC, **metric} for metric in metrics], **spec)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("1h30m", 5400), ("1.5m", 90), ("500ms", 0.5), ("0", 0),
     ("5", None), ("1 m", None), ("m", None), (60, None)],
)  # fmt: skip
def test_a_duration_is_parsed_as_controllers_parse_it(text: Any, expected: float | None) -> None:
    assert seconds(text) == expected


def test_metrics_run_concurrently_and_the_longest_counts() -> None:
    short, long = {"interval": "1m", "count": 11}, {"interval": "1m", "count": 16}
    assert texts(WINDOW, rollout("a"), analysis("a", short, short, long)) == []
    (text,) = texts(WINDOW, rollout("a"), analysis("a", short, {**long, "initialDelay": "1s"}))
    assert text == "the old version stops before its analysis ends; got 900 s; expected at least 901 s for errors"


def test_nested_templates_count_and_a_cycle_ends() -> None:
    inner = analysis("inner", {"interval": "10m", "count": 3}, templates=[{"templateName": "outer"}])
    outer = analysis("outer", {}, templates=[{"templateName": "inner"}])
    (text,) = texts(WINDOW, rollout("outer"), outer, inner)
    assert text.endswith("expected at least 1200 s for errors")


def test_an_argument_has_the_value_that_the_rollout_passes() -> None:
    metric = {"interval": "{{args.apart}}", "count": "{{ args.times }}"}
    defaults = [{"name": "apart", "value": "1m"}, {"name": "times"}]
    assert texts(WINDOW, rollout("a", args={"times": "16"}), analysis("a", metric, args=defaults)) == []
    assert len(texts(WINDOW, rollout("a", args={"times": "17"}), analysis("a", metric, args=defaults))) == 1
    assert len(texts(ENDING, rollout("a"), analysis("a", metric, args=defaults))) == 1


def test_a_metric_ends_after_its_success_limit_or_one_measurement() -> None:
    for metric in ({"interval": "1m", "consecutiveSuccessLimit": 3}, {}, {"count": 1}):
        assert texts(ENDING, rollout("a"), analysis("a", metric)) == []
    assert len(texts(ENDING, rollout("a"), analysis("a", {"interval": "1m"}))) == 1


def test_the_pods_of_a_rollout_are_judged() -> None:
    privileged = {"containers": [{"name": "a", "image": "a", "securityContext": {"privileged": True}}]}
    props = {"kind": "Rollout", "metadata": {"name": "a"}, "spec": {"template": {"spec": privileged}}}
    (diagnostic,) = Analyzer(every_rule()["kubernetes-pods-container-deny-privileged"]).resource(
        Declaration(type=ROLLOUT, props=props)
    )
    assert diagnostic.path == "spec.template.spec.containers[0].securityContext.privileged"


def test_a_rollout_that_references_a_workload_is_not_judged_by_pod_rules() -> None:
    spec = {"replicas": 2, "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "server"}}
    subject = Declaration(
        type=ROLLOUT, props={"kind": "Rollout", "metadata": {"name": "a", "namespace": "shop"}, "spec": spec}
    )
    rules = [rule for rule in catalogue.rules_for(ROLLOUT) if DEPLOYMENT in rule.types]
    assert len(rules) > 30
    assert [*Analyzer(*rules).resource(subject), *Analyzer(*rules).stack(subject)] == []


def test_an_ingress_may_route_to_a_service_that_flagger_generates() -> None:
    rule = "kubernetes-networking-ingress-match-service"
    paths = [
        {"backend": {"service": {"name": name}}} for name in ("server", "server-primary", "server-canary", "other")
    ]
    spec = {"rules": [{"host": "shop.example", "http": {"paths": paths}}]}
    metadata = {"name": "server", "namespace": "shop"}
    ingress = Declaration(type="kubernetes:networking.k8s.io/v1:Ingress", props={"metadata": metadata, "spec": spec})
    workload = Declaration(
        type=DEPLOYMENT, name="target", props={"kind": "Deployment", "metadata": metadata, "spec": {}}
    )
    released = Declaration(type="kubernetes:flagger.app/v1beta1:Canary", name="canary", props=canary())
    assert texts(rule, ingress, workload, released) == [
        "the Service does not exist; got other; expected a Service of the namespace"
    ]


def test_a_service_may_select_the_pods_of_a_rollout() -> None:
    labels = {"app": "server"}
    pods = {"metadata": {"labels": labels}, "spec": {}}
    workload = Declaration(
        type=ROLLOUT, name="a", props={"kind": "Rollout", "metadata": {"name": "a"}, "spec": {"template": pods}}
    )
    service = Declaration(type=SERVICE, props={"metadata": {"name": "a"}, "spec": {"selector": labels}})
    assert texts("kubernetes-core-service-match-pods", service, workload) == []


def test_the_example_passes_every_rule_about_releases() -> None:
    verdict = manifest_check.verdict(Path(EXAMPLE))
    assert [str(finding) for finding in verdict.findings] == []
    releases = ("kubernetes-rollouts-", "kubernetes-flagger-")
    assert {rule for rule in every_rule() if rule.startswith(releases)} <= set(verdict.passed)
