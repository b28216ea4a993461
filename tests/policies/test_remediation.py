"""Tests of fixes through the SDK's own service."""

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
from tests.policies.analyzer import UNKNOWN, Analyzer, Declaration
from tests.policies.contract import REMOVED, Case
from tests.policies.test_rules import CASES

REMEDIATING: Mapping[str, Any] = {
    "environment": "staging",
    "remediate": True,
    "settings": {"sites": [{"name": "rack"}]},
}
OWNER_TAGS = {"project": "pouw", "environment": "staging", "site": "rack", "managed-by": "pulumi"}
BUCKET = Declaration(type="aws:s3/bucket:Bucket", props={"bucket": "heads", "tags": {"owner": "me"}})
OWNER = catalogue.every_rule()["aws-tags-resource-require-owner"]
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hush"}
FILE = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "path": "code.py", "hash": "00"}
ESCALATION = "kubernetes-pods-container-deny-escalation"

FIXED = {
    case.rule.id: case
    for case in reversed(CASES)
    if isinstance(case.rule, Rule) and case.rule.fix and case.rule.id != ESCALATION
}
"""The first case of each rule with a fix, except the one with tests of its own."""


def remediate(declaration: Declaration, *rules: Any, config: Mapping[str, Any] = REMEDIATING) -> Declaration | None:
    return Analyzer(*(rules or (OWNER,)), config=config).remediate(declaration)


def test_missing_tags_are_added_and_other_properties_stay() -> None:
    assert remediate(BUCKET) == replace(BUCKET, props={"bucket": "heads", "tags": {"owner": "me", **OWNER_TAGS}})
    assert remediate(replace(BUCKET, props={})) == replace(BUCKET, props={"tags": OWNER_TAGS})


@pytest.mark.parametrize(
    "config",
    [
        {"environment": "staging", "settings": REMEDIATING["settings"]},
        {**REMEDIATING, "settings": {}},
        {**REMEDIATING, "settings": {"sites": [{"name": "rack"}, {"name": "aws"}]}},
        {**REMEDIATING, "waived": [{"rule": str(OWNER), "resource": "*"}]},
        {**REMEDIATING, "levels": {str(OWNER): "disabled"}},
    ],
    ids=["not let", "no settings", "which of two sites", "waived", "disabled"],
)
def test_nothing_is_added(config: Mapping[str, Any]) -> None:
    assert remediate(BUCKET, config=config) is None


def test_secrets_and_unknown_values_stay_and_files_are_not_changed() -> None:
    props = {"bucket": UNKNOWN, "grants": [SECRET, {"id": UNKNOWN}], "count": 2.5, "tags": {}}
    assert remediate(replace(BUCKET, props=props)) == replace(BUCKET, props={**props, "tags": OWNER_TAGS})
    assert remediate(replace(BUCKET, props={"code": FILE})) is None


def test_a_value_of_the_provider_counts_as_missing() -> None:
    rule = catalogue.every_rule()["aws-cloudtrail-trail-require-validation"]
    trail = Declaration(type=rule.types[0], props={"enableLogFileValidation": False})
    filled_in = replace(trail, props={**trail.props, "__defaults": ["enableLogFileValidation", "name"]})
    assert remediate(trail, rule) is None
    assert remediate(filled_in, rule) == replace(trail, props={"enableLogFileValidation": True, "__defaults": ["name"]})


def container(**context: Any) -> dict[str, Any]:
    return {"name": "one", "securityContext": context}


def workload(kind: str, *containers: Mapping[str, Any]) -> Declaration:
    group = "core/v1" if kind == "Pod" else "batch/v1" if kind == "Job" else "apps/v1"
    spec: Any = {"containers": list(containers)}
    return Declaration(
        type=f"kubernetes:{group}:{kind}",
        props={"kind": kind, "spec": spec if kind == "Pod" else {"template": {"spec": spec}}},
    )


DROPPED = container(capabilities={"drop": ["ALL"]})


@pytest.mark.parametrize(
    ("declaration", "fixed"),
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
def test_escalation_is_denied_only_where_no_program_can_need_it(declaration: Declaration, *, fixed: bool) -> None:
    after = remediate(declaration, catalogue.every_rule()[ESCALATION])
    assert (after is not None) is fixed
    if after is not None:
        path = "spec.template.spec.containers[*].securityContext.allowPrivilegeEscalation"
        assert {value for _, value in find(after.props, path)} == {False}


@pytest.mark.parametrize(
    ("rule", "tags_path", "kind", "replaced_type"),
    [
        ("gcp-labels-resource-require-owner", "labels", "gcp:compute/disk:Disk",
         "gcp:compute/instanceTemplate:InstanceTemplate"),
        ("azure-tags-resource-require-owner", "tags", "azure-native:keyvault:Vault", "azure-native:keyvault:Secret"),
        ("azure-tags-resource-require-owner", "tags", "azure-native:containerservice:ManagedCluster",
         "azure-native:containerservice:AgentPool"),
    ],
)  # fmt: skip
def test_a_resource_that_new_tags_would_replace_is_not_changed(
    rule: str, tags_path: str, kind: str, replaced_type: str
) -> None:
    declaration = Declaration(type=kind, props={})
    assert remediate(declaration, catalogue.every_rule()[rule]) == replace(declaration, props={tags_path: OWNER_TAGS})
    assert remediate(replace(declaration, type=replaced_type), catalogue.every_rule()[rule]) is None


@pytest.mark.parametrize("case", FIXED.values(), ids=FIXED)
def test_a_fix_makes_a_resource_compliant_and_only_adds(case: Case) -> None:
    violating = case.broken_stack(case.absent_path or case.path, REMOVED)[0]
    after = remediate(violating, case.rule)
    assert after is not None
    assert Analyzer(case.rule, config=REMEDIATING).resource(violating)
    assert Analyzer(case.rule, config=REMEDIATING).resource(after) == []
    assert _is_extended(violating.props, after.props)
    assert remediate(after, case.rule) is None


def _is_extended(before: Any, after: Any) -> bool:
    """True if every earlier property is unchanged."""
    if isinstance(before, Mapping):
        return all(key in after and _is_extended(value, after[key]) for key, value in before.items())
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_is_extended, before, after))
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


def _crashes(props: Props, context: FixContext) -> Iterator[Addition]:
    yield "colour", "red"
    raise ZeroDivisionError(f"{len(props)} of {context.type}")


def _reads(props: Props, context: FixContext) -> Iterator[Addition]:
    del context
    yield "colour", props["size"]


def _paints_a_secret(props: Props, context: FixContext) -> Iterator[Addition]:
    del props, context
    yield "colour", "red"
    yield "box.lid", True


@pytest.mark.parametrize(
    ("fix", "props", "failure"),
    [
        (_crashes, {"size": 1}, "the fix failed: ZeroDivisionError: 1 of tiny:x:Part"),
        (_reads, {"size": UNKNOWN}, "size is not known before the deployment"),
        (_paints_a_secret, {"box": SECRET}, "box.lid: box is a secret; a fix only adds plain properties"),
        (add_value("colour", "green"), {"size": 1}, "the violation remains after the additions"),
        (add_value("colour", "red"), {"colour": "green"}, "colour: is already declared; a fix only adds properties"),
        (
            add_value("colour", {"red": 1}),  # type: ignore[arg-type]
            {"size": 1},
            "colour: the addition is not a single value; got dict; expected a scalar",
        ),
    ],
)
def test_a_failing_fix_changes_nothing_and_reports_the_reason(
    fix: Any, props: Mapping[str, Any], failure: str, tmp_path: Path
) -> None:
    path = tmp_path / "record.jsonl"
    declaration, rule = Declaration(type="tiny:x:Part", props=copy.deepcopy(props)), _rule(fix)
    analyzer = Analyzer(rule, config=REMEDIATING, record=Record(path))
    assert analyzer.remediate(declaration) is None
    assert [one.rule for one in analyzer.resource(declaration)] == [rule.id]
    line = records.read(path)[0]
    assert [(one.rule, one.paths, one.failure) for one in line.fixes] == [(rule.id, [], failure)]


def test_an_unevaluated_rule_applies_no_fix(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    rule = replace(_rule(add_value("colour", "red")), check=all_of(must_be("colour", "red"), must_be("size", 1)))
    analyzer = Analyzer(rule, config=REMEDIATING, record=Record(path))
    assert analyzer.remediate(Declaration(type="tiny:x:Part", props={"size": UNKNOWN})) is None
    assert not path.exists()
