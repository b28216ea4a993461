"""What rules add to a resource that breaks them: through the SDK's own service, and never more than is missing."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policies import catalogue
from policies.checks import all_of, find, must_be
from policies.record import Record
from policies.rule import Absence, Addition, FixContext, Props, Rule, Severity, add_value
from pouw.gate import record as records
from tests.policies.analyzer import UNKNOWN, Analyzer, Given
from tests.policies.contract import REMOVED, Case
from tests.policies.test_rules import CASES

LETTING: Mapping[str, Any] = {"environment": "staging", "remediate": True, "settings": {"sites": [{"name": "rack"}]}}
OURS = {"project": "pouw", "environment": "staging", "site": "rack", "managed-by": "pulumi"}
BUCKET = Given(type="aws:s3/bucket:Bucket", props={"bucket": "heads", "tags": {"owner": "me"}})
OWNER = catalogue.every_rule()["aws-tags-resource-require-owner"]
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hush"}
FILE = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "path": "code.py", "hash": "00"}
ESCALATION = "kubernetes-pods-container-deny-escalation"

FIXED = {
    case.rule.id: case
    for case in reversed(CASES)
    if isinstance(case.rule, Rule) and case.rule.fix and case.rule.id != ESCALATION
}
"""The first case of each rule that has a fix, but for the one that has tests of its own."""


def remedied(given: Given, *rules: Any, told: Mapping[str, Any] = LETTING) -> Given | None:
    return Analyzer(*(rules or (OWNER,)), config=told).remedied(given)


def test_missing_tags_are_added_and_the_rest_stays() -> None:
    assert remedied(BUCKET) == replace(BUCKET, props={"bucket": "heads", "tags": {"owner": "me", **OURS}})
    assert remedied(replace(BUCKET, props={})) == replace(BUCKET, props={"tags": OURS})


@pytest.mark.parametrize(
    "told",
    [
        {"environment": "staging", "settings": LETTING["settings"]},
        {**LETTING, "settings": {}},
        {**LETTING, "settings": {"sites": [{"name": "rack"}, {"name": "aws"}]}},
        {**LETTING, "waived": [{"rule": str(OWNER), "resource": "*"}]},
        {**LETTING, "levels": {str(OWNER): "disabled"}},
    ],
    ids=["not let", "no settings", "which of two sites", "waived", "disabled"],
)
def test_nothing_is_added(told: Mapping[str, Any]) -> None:
    assert remedied(BUCKET, told=told) is None


def test_secrets_and_unknown_values_stay_and_files_are_left_alone() -> None:
    props = {"bucket": UNKNOWN, "grants": [SECRET, {"id": UNKNOWN}], "count": 2.5, "tags": {}}
    assert remedied(replace(BUCKET, props=props)) == replace(BUCKET, props={**props, "tags": OURS})
    assert remedied(replace(BUCKET, props={"code": FILE})) is None


def test_what_a_provider_filled_in_is_missing_and_what_was_declared_is_not() -> None:
    rule = catalogue.every_rule()["aws-cloudtrail-trail-require-validation"]
    trail = Given(type=rule.types[0], props={"enableLogFileValidation": False})
    filled_in = replace(trail, props={**trail.props, "__defaults": ["enableLogFileValidation", "name"]})
    assert remedied(trail, rule) is None
    assert remedied(filled_in, rule) == replace(trail, props={"enableLogFileValidation": True, "__defaults": ["name"]})


def container(**context: Any) -> dict[str, Any]:
    return {"name": "one", "securityContext": context}


def workload(kind: str, *containers: Mapping[str, Any]) -> Given:
    group = "core/v1" if kind == "Pod" else "batch/v1" if kind == "Job" else "apps/v1"
    spec: Any = {"containers": list(containers)}
    return Given(
        type=f"kubernetes:{group}:{kind}",
        props={"kind": kind, "spec": spec if kind == "Pod" else {"template": {"spec": spec}}},
    )


DROPPED = container(capabilities={"drop": ["ALL"]})


@pytest.mark.parametrize(
    ("given", "fixed"),
    [
        (workload("Deployment", DROPPED, DROPPED), True),
        (workload("Deployment", DROPPED, container()), False),
        (workload("Deployment", container(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]})), False),
        (workload("Deployment", container(capabilities={"drop": ["ALL"]}, privileged=True)), False),
        (workload("Deployment", container(capabilities={"drop": ["ALL"]}, allowPrivilegeEscalation=True)), False),
        (workload("Job", DROPPED), False),
        (workload("Pod", DROPPED), False),
    ],
    ids=["all dropped", "one dropped", "adds", "privileged", "declared", "job", "pod"],
)
def test_escalation_is_forbidden_only_where_nothing_can_need_it(given: Given, *, fixed: bool) -> None:
    after = remedied(given, catalogue.every_rule()[ESCALATION])
    assert (after is not None) is fixed
    if after is not None:
        path = "spec.template.spec.containers[*].securityContext.allowPrivilegeEscalation"
        assert {value for _, value in find(after.props, path)} == {False}


@pytest.mark.parametrize(
    ("rule", "place", "kind", "made_anew"),
    [
        ("gcp-labels-resource-require-owner", "labels", "gcp:compute/disk:Disk",
         "gcp:compute/instanceTemplate:InstanceTemplate"),
        ("azure-tags-resource-require-owner", "tags", "azure-native:keyvault:Vault", "azure-native:keyvault:Secret"),
        ("azure-tags-resource-require-owner", "tags", "azure-native:containerservice:ManagedCluster",
         "azure-native:containerservice:AgentPool"),
    ],
)  # fmt: skip
def test_what_other_tags_would_make_anew_is_left_alone(rule: str, place: str, kind: str, made_anew: str) -> None:
    given = Given(type=kind, props={})
    assert remedied(given, catalogue.every_rule()[rule]) == replace(given, props={place: OURS})
    assert remedied(replace(given, type=made_anew), catalogue.every_rule()[rule]) is None


@pytest.mark.parametrize("case", FIXED.values(), ids=FIXED)
def test_a_fixed_resource_complies_and_only_gained(case: Case) -> None:
    broken = case.broken_stack(case.absent_at or case.at, REMOVED)[0]
    after = remedied(broken, case.rule)
    assert after is not None
    assert Analyzer(case.rule, config=LETTING).resource(broken)
    assert Analyzer(case.rule, config=LETTING).resource(after) == []
    assert _kept(broken.props, after.props)
    assert remedied(after, case.rule) is None


def _kept(before: Any, after: Any) -> bool:
    """Whether all that was there is there as it was."""
    if isinstance(before, Mapping):
        return all(key in after and _kept(value, after[key]) for key, value in before.items())
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_kept, before, after))
    return bool(before == after)


def _rule(fix: Any) -> Rule:
    return Rule(
        id="pouw-tiny-part-match-colour",
        types=("tiny:x:Part",),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="Parts must fit.",
        remedy="Paint it.",
        reference="https://example.org/rules",
        check=must_be("colour", "red"),
        fix=fix,
    )


def _crashes(props: Props, around: FixContext) -> Iterator[Addition]:
    yield "colour", "red"
    raise ZeroDivisionError(f"{len(props)} of {around.type}")


def _reads(props: Props, around: FixContext) -> Iterator[Addition]:
    del around
    yield "colour", props["size"]


def _paints_inside(props: Props, around: FixContext) -> Iterator[Addition]:
    del props, around
    yield "colour", "red"
    yield "box.lid", True


@pytest.mark.parametrize(
    ("fix", "props", "failure"),
    [
        (_crashes, {"size": 1}, "the fix failed: ZeroDivisionError: 1 of tiny:x:Part"),
        (_reads, {"size": UNKNOWN}, "size is not known before the deployment"),
        (_paints_inside, {"box": SECRET}, "box.lid: box is a secret; a fix only adds plain properties"),
        (add_value("colour", "green"), {"size": 1}, "the violation remains after the additions"),
        (add_value("colour", "red"), {"colour": "green"}, "colour: is already declared; a fix only adds properties"),
        (
            add_value("colour", {"red": 1}),  # type: ignore[arg-type]
            {"size": 1},
            "colour: the addition is not a single value; got dict; expected a scalar",
        ),
    ],
)
def test_a_fix_that_fails_changes_nothing_and_says_why(
    fix: Any, props: Mapping[str, Any], failure: str, tmp_path: Path
) -> None:
    path = tmp_path / "record.jsonl"
    given, rule = Given(type="tiny:x:Part", props=copy.deepcopy(props)), _rule(fix)
    analyzer = Analyzer(rule, config=LETTING, record=Record(path))
    assert analyzer.remedied(given) is None
    assert [one.rule for one in analyzer.resource(given)] == [rule.id]
    first = records.read(path)[0]
    assert [(one.rule, one.paths, one.failure) for one in first.fixes] == [(rule.id, [], failure)]


def test_a_rule_that_was_not_evaluated_to_its_end_has_nothing_fixed(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    rule = replace(_rule(add_value("colour", "red")), check=all_of(must_be("colour", "red"), must_be("size", 1)))
    analyzer = Analyzer(rule, config=LETTING, record=Record(path))
    assert analyzer.remedied(Given(type="tiny:x:Part", props={"size": UNKNOWN})) is None
    assert not path.exists()
