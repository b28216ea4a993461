"""Manifests that break every rule, each as often as their comments say; and our own, which break none."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import yaml

from policies import catalogue
from pouw.policy import manifests
from pouw.policy.verdict import Kind
from tests.policies.kubernetes.rendered import rendered

PLANTED = Path(__file__).parent.parent / "planted" / "kubernetes.yaml"
RULES = {rule.id for rule in catalogue.rules_of("kubernetes")}
_COMMENT = re.compile(r"\s#.*|^#.*", re.MULTILINE)
_RULE = re.compile(r"kubernetes-[a-z0-9-]+")


def planted() -> Counter[tuple[str, str]]:
    """How often each rule is broken by each object, by their comments."""
    found: Counter[tuple[str, str]] = Counter()
    texts = PLANTED.read_text().split("\n---\n")
    for text, document in zip(texts, yaml.safe_load_all(PLANTED.read_text()), strict=True):
        name = f"{document['kind']} {document['metadata']['name']}"
        found.update((name, rule) for comment in _COMMENT.findall(text) for rule in _RULE.findall(comment))
    return found


def said(path: Path) -> Counter[tuple[str, str]]:
    """How often each rule is reported of each object; nothing is left unevaluated."""
    verdict = manifests.verdict(path)
    assert [one for one in verdict.findings if one.kind is not Kind.VIOLATION] == []
    places = Counter((one.urn, one.rule, one.path, one.message) for one in verdict.findings)
    assert [place for place, count in places.items() if count > 1] == []
    return Counter(
        (f"{one.urn.split('::')[-2].rpartition(':')[2]} {one.urn.rpartition('::')[2].rpartition('/')[2]}", one.rule)
        for one in verdict.findings
    )


def test_what_is_planted_is_reported_completely_and_once() -> None:
    assert said(PLANTED) == planted()
    assert sum(planted().values()) >= 40


def test_every_rule_is_broken_by_something_that_is_planted() -> None:
    assert RULES - {rule for _, rule in planted()} == set()


def test_our_own_manifests_break_no_mandatory_rule(tmp_path: Path) -> None:
    (tmp_path / "pouw.yaml").write_text(rendered())
    verdict = manifests.verdict(tmp_path)
    assert {one.rule for one in verdict.findings} <= {"kubernetes-core-namespace-require-limits"}
    assert len(verdict.passed) > len(RULES) / 2
