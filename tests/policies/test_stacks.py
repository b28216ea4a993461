"""The planted stacks and their clean twins as files: what their comments say, held against the rules that there are."""

from __future__ import annotations

import pytest

from policies.rule import CLOUDS
from pouw.gate import manifests
from pouw.gate.verdict import Kind
from tests.policies.stacks import declared, file_of, rules_of

LEAST = 40
"""Violations that are planted for a cloud; images and our settings have fewer rules than that."""
UNBREAKABLE = {"azure-aks-cluster-require-budget"}
"""What no stack breaks that breaks all else: one asks for a budget, and another is about what is wrong with one."""


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_rule_is_broken_by_something_that_is_planted(cloud: str) -> None:
    planted = declared("planted", cloud).planted
    assert {one.partition(" ")[2] for one in planted} == rules_of(cloud) - UNBREAKABLE
    assert planted.total() >= min(LEAST, len(rules_of(cloud)))
    assert declared("clean", cloud).planted.total() == 0


def test_what_is_planted_is_found_in_plain_manifests() -> None:
    stack = declared("planted", "kubernetes")
    verdict = manifests.verdict(file_of("planted", "kubernetes"))
    assert [one for one in verdict.findings if one.kind is not Kind.VIOLATION] == []
    assert stack.found(verdict.findings) == stack.planted
