"""What the rules about releases go by: how long analyses take, whose pods they are, and which Services others make."""

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
from pouw.gate import manifests
from pouw.paths import REPOSITORY
from tests.policies.analyzer import Analyzer, Given
from tests.policies.cases.kubernetes_analyses import template
from tests.policies.cases.kubernetes_flagger import canary
from tests.policies.cases.kubernetes_rollouts import blue_green

EXAMPLE = REPOSITORY / "docs" / "examples" / "releases.yaml"
WINDOW, ENDING = "kubernetes-rollouts-bluegreen-match-window", "kubernetes-rollouts-rollout-require-ending"
METRIC = {"name": "errors", "successCondition": "result < 1", "provider": {"web": {"url": "https://192.0.2.1"}}}


def said(rule: str, *stack: Given) -> list[str]:
    """What a rule says of the first among the others."""
    found = Analyzer(every_rule()[rule]).stack(*stack)
    return [one.text for one in found if one.urn == stack[0].urn]


def rollout(*templates: str, args: Mapping[str, str] | None = None) -> Given:
    """A Rollout whose old version stays for 15 minutes, with an analysis after the switch."""
    given = [{"name": name, "value": value} for name, value in (args or {}).items()]
    analysis = {"templates": [{"templateName": name} for name in templates], "args": given}
    return Given(type=ROLLOUT, name="rollout", props=blue_green(postPromotionAnalysis=analysis))


def analysis(name: str, *metrics: Mapping[str, Any], **spec: Any) -> Given:
    """A template with some metrics."""
    return Given(type=ANALYSIS, name=name, props=template(name, metrics=[{**METRIC, **one} for one in metrics], **spec))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("1h30m", 5400), ("1.5m", 90), ("500ms", 0.5), ("0", 0),
     ("5", None), ("1 m", None), ("m", None), (60, None)],
)  # fmt: skip
def test_a_time_is_read_as_controllers_read_it(text: Any, expected: float | None) -> None:
    assert seconds(text) == expected


def test_metrics_are_measured_side_by_side_and_the_longest_counts() -> None:
    short, long = {"interval": "1m", "count": 11}, {"interval": "1m", "count": 16}
    assert said(WINDOW, rollout("a"), analysis("a", short, short, long)) == []
    (text,) = said(WINDOW, rollout("a"), analysis("a", short, {**long, "initialDelay": "1s"}))
    assert text == "the old version stops before its analysis ends; got 900 s; expected at least 901 s for errors"


def test_the_templates_of_a_template_count_too_and_a_circle_ends() -> None:
    inner = analysis("inner", {"interval": "10m", "count": 3}, templates=[{"templateName": "outer"}])
    outer = analysis("outer", {}, templates=[{"templateName": "inner"}])
    (text,) = said(WINDOW, rollout("outer"), outer, inner)
    assert text.endswith("expected at least 1200 s for errors")


def test_an_argument_counts_with_the_value_that_the_rollout_gives_it() -> None:
    metric = {"interval": "{{args.apart}}", "count": "{{ args.times }}"}
    own = [{"name": "apart", "value": "1m"}, {"name": "times"}]
    assert said(WINDOW, rollout("a", args={"times": "16"}), analysis("a", metric, args=own)) == []
    assert len(said(WINDOW, rollout("a", args={"times": "17"}), analysis("a", metric, args=own))) == 1
    assert len(said(ENDING, rollout("a"), analysis("a", metric, args=own))) == 1


def test_a_metric_ends_with_enough_successes_in_a_row_or_after_one_measurement() -> None:
    for metric in ({"interval": "1m", "consecutiveSuccessLimit": 3}, {}, {"count": 1}):
        assert said(ENDING, rollout("a"), analysis("a", metric)) == []
    assert len(said(ENDING, rollout("a"), analysis("a", {"interval": "1m"}))) == 1


def test_the_pods_of_a_rollout_are_judged_like_any_others() -> None:
    privileged = {"containers": [{"name": "a", "image": "a", "securityContext": {"privileged": True}}]}
    props = {"kind": "Rollout", "metadata": {"name": "a"}, "spec": {"template": {"spec": privileged}}}
    (found,) = Analyzer(every_rule()["kubernetes-pods-container-deny-privileged"]).resource(
        Given(type=ROLLOUT, props=props)
    )
    assert found.path == "spec.template.spec.containers[0].securityContext.privileged"


def test_nothing_is_said_of_the_pods_of_a_rollout_that_names_a_workload_for_them() -> None:
    spec = {"replicas": 2, "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "server"}}
    named = Given(type=ROLLOUT, props={"kind": "Rollout", "metadata": {"name": "a", "namespace": "shop"}, "spec": spec})
    rules = [rule for rule in catalogue.rules_for(ROLLOUT) if DEPLOYMENT in rule.types]
    assert len(rules) > 30
    assert [*Analyzer(*rules).resource(named), *Analyzer(*rules).stack(named)] == []


def test_an_ingress_may_lead_to_a_service_that_flagger_makes() -> None:
    rule = "kubernetes-networking-ingress-match-service"
    paths = [
        {"backend": {"service": {"name": name}}} for name in ("server", "server-primary", "server-canary", "other")
    ]
    spec = {"rules": [{"host": "shop.example", "http": {"paths": paths}}]}
    place = {"name": "server", "namespace": "shop"}
    ingress = Given(type="kubernetes:networking.k8s.io/v1:Ingress", props={"metadata": place, "spec": spec})
    workload = Given(type=DEPLOYMENT, name="target", props={"kind": "Deployment", "metadata": place, "spec": {}})
    released = Given(type="kubernetes:flagger.app/v1beta1:Canary", name="canary", props=canary())
    assert said(rule, ingress, workload, released) == [
        "the Service does not exist; got other; expected a Service of the namespace"
    ]


def test_a_service_over_the_pods_of_a_rollout_has_pods() -> None:
    labels = {"app": "server"}
    pods = {"metadata": {"labels": labels}, "spec": {}}
    made = Given(
        type=ROLLOUT, name="a", props={"kind": "Rollout", "metadata": {"name": "a"}, "spec": {"template": pods}}
    )
    service = Given(type=SERVICE, props={"metadata": {"name": "a"}, "spec": {"selector": labels}})
    assert said("kubernetes-core-service-match-pods", service, made) == []


def test_the_example_breaks_no_rule_and_every_rule_about_releases_has_seen_it() -> None:
    verdict = manifests.verdict(Path(EXAMPLE))
    assert [str(one) for one in verdict.findings] == []
    releases = ("kubernetes-rollouts-", "kubernetes-flagger-")
    assert {rule for rule in every_rule() if rule.startswith(releases)} <= set(verdict.passed)
