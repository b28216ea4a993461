"""A test of the objects of our own production sites as plain manifests."""

from __future__ import annotations

from pathlib import Path

from pouw.gate import manifest_check
from tests.policies.kubernetes.rendered import rendered
from tests.policies.stacks import rules_of


def test_our_own_manifests_break_no_mandatory_rule(tmp_path: Path) -> None:
    (tmp_path / "pouw.yaml").write_text(rendered())
    verdict = manifest_check.verdict(tmp_path)
    assert {finding.rule for finding in verdict.findings} <= {"kubernetes-core-namespace-require-limits"}
    assert len(verdict.passed) > len(rules_of("kubernetes")) / 2
