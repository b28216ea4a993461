"""Second looks: what they may change of a verdict, and what they must leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies.wording import UNKNOWN
from pouw.engine.plugins.core.properties import UNKNOWN as VALUE_UNKNOWN
from pouw.engine.plugins.core.sdk_types import Plain, Property
from pouw.engine.plugins.offline.supposition import supposed
from pouw.policy import supposing
from pouw.policy.verdict import Finding, Kind, Verdict

RULE, URN = "aws-iam-policy-deny-administrator", "urn:pulumi:s::p::aws:iam/policy:Policy::one"


def finding(**more: Any) -> Finding:
    given: dict[str, Any] = {
        "kind": Kind.UNEVALUATED,
        "rule": RULE,
        "urn": URN,
        "path": "",
        "message": f"policy{UNKNOWN}",
        "severity": "high",
        "mandatory": True,
    }
    return Finding(**{**given, **more})


def verdict(*findings: Finding, **more: Any) -> Verdict:
    return Verdict(stack="s", environment="production", findings=findings, **more)


KNOWN = verdict(finding())
PASSED = verdict(passed={RULE: [URN]})


def test_a_rule_that_passes_with_supposed_names_no_longer_blocks_and_is_counted_apart() -> None:
    merged = supposing.merged(KNOWN, PASSED)
    assert KNOWN.red
    assert not merged.red
    assert [one.kind for one in merged.findings] == [Kind.SUPPOSED]
    assert "0 not evaluated" in merged.summary()
    assert "1 passed with supposed names" in merged.summary()
    assert merged.passed == {}


def test_a_rule_that_breaks_with_supposed_names_is_a_violation() -> None:
    broken = finding(kind=Kind.VIOLATION, path="policy", message="allows everything")
    merged = supposing.merged(KNOWN, verdict(broken))
    assert merged.findings == [broken]
    assert merged.red


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (KNOWN, KNOWN),
        (KNOWN, verdict()),
        (KNOWN, replace(PASSED, gaps=["no record"])),
        (verdict(finding(message="the rule failed: KeyError")), PASSED),
        (verdict(finding(message="the rule never saw the resource")), PASSED),
        (verdict(finding(kind=Kind.VIOLATION, message="allows everything")), PASSED),
        (verdict(finding(urn=URN + "2")), PASSED),
    ],
    ids=["unknown again", "silent", "with a gap", "crash", "never ran", "violation", "another resource"],
)
def test_a_second_look_changes_nothing_else(first: Verdict, second: Verdict) -> None:
    merged = supposing.merged(first, second)
    assert list(merged.findings) == list(first.findings)
    assert merged.red


def test_a_second_look_is_taken_only_where_something_that_blocks_is_not_known() -> None:
    assert supposing.is_worth_it(KNOWN)
    assert not supposing.is_worth_it(verdict())
    assert not supposing.is_worth_it(verdict(finding(mandatory=False)))
    assert not supposing.is_worth_it(verdict(finding(message="the rule failed: KeyError")))
    assert not supposing.is_worth_it(replace(KNOWN, gaps=["no record"]))


def test_only_names_that_nobody_can_declare_are_supposed() -> None:
    invented = {
        "arn": "arn:aws:kms:us-east-1:0:key/1",
        "endpoint": "https://x.invalid",
        "identities": [{"oidcs": [{"issuer": "https://x.invalid"}]}],
        "certificateAuthority": {"data": "abc"},
        "isPublic": False,
        "count": 0,
        "rules": [],
        "status": "ACTIVE",
        "kmsKeyId": "made-up",
        "region": "us-east-1",
    }
    planned = dict.fromkeys(invented, VALUE_UNKNOWN) | {"region": "eu-west-1"}
    declared = {"kmsKeyId": Property(type=Plain("string"), required=False)}
    known = supposed(planned, invented, declared)
    assert {name for name, value in known.items() if value is not VALUE_UNKNOWN} == {
        "arn",
        "endpoint",
        "identities",
        "region",
    }
    assert known["region"] == "eu-west-1"
