"""Tests of the texts that users read in a verdict: the risk, the remedy and the reference of every rule."""

from __future__ import annotations

import re

from policies import catalogue

RULES = catalogue.every_rule()
WORDS, SENTENCES = 25, 2
VERBS = frozenset(["Add", "Log", "Move", "Reduce", "Remove", "Replace", "Set"])
"""Imperative verbs that a remedy may begin with."""
_END = re.compile(r"\.(?:\s|$)")


def test_a_risk_has_at_most_two_sentences_of_25_words() -> None:
    faults = []
    for rule in RULES.values():
        sentences = [sentence for sentence in _END.split(rule.why) if sentence]
        if len(sentences) > SENTENCES or any(len(sentence.split()) > WORDS for sentence in sentences):
            faults.append(f"{rule.id}: {rule.why}")
    assert faults == []


def test_a_remedy_begins_with_a_verb_and_names_a_property() -> None:
    faults = []
    for rule in RULES.values():
        first, *following = rule.remedy.split()
        if first not in VERBS or len(following) < 1:
            faults.append(f"{rule.id}: {rule.remedy}")
    assert faults == []


def test_the_texts_of_a_rule_are_sentences() -> None:
    texts = [(rule.id, text) for rule in RULES.values() for text in (rule.why, rule.remedy)]
    assert [(name, text) for name, text in texts if not text[0].isupper() or text[-1] not in '.…"'] == []
