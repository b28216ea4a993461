"""Tests of the planted stacks and their clean twins, compared with the rules."""

from __future__ import annotations

import pytest

from policies.rule import CLOUDS
from pouw.gate import manifest_check
from pouw.gate.verdict import Kind
from tests.policies.stacks import file_of, load_stack, rules_of

MINIMUM_VIOLATIONS = 40
"""Minimum number of planted violations per cloud; images and settings have fewer rules."""
EXEMPT = {"azure-aks-cluster-require-budget"}
"""Rules that the planted stack cannot violate: one requires a budget, and another judges a wrong budget."""


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_rule_has_a_planted_violation(cloud: str) -> None:
    planted = load_stack("planted", cloud).planted
    assert {line.partition(" ")[2] for line in planted} == rules_of(cloud) - EXEMPT
    assert planted.total() >= min(MINIMUM_VIOLATIONS, len(rules_of(cloud)))
    assert load_stack("clean", cloud).planted.total() == 0


def test_planted_violations_are_reported_in_plain_manifests() -> None:
    stack = load_stack("planted", "kubernetes")
    verdict = manifest_check.verdict(file_of("planted", "kubernetes"))
    assert [finding for finding in verdict.findings if finding.kind is not Kind.VIOLATION] == []
    assert stack.count(verdict.findings) == stack.planted
