"""Every rule through the analyzer service: complies, broken, unknown, absent, not applicable."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Sequence

import pytest

from policies import catalogue
from policies.rule import Absence, Level, Rule
from tests.policies import cases, sdks
from tests.policies.analyzer import UNKNOWN, Analyzer, Given
from tests.policies.contract import REMOVED, Case, reads, with_value

CASES: list[Case] = [
    case
    for module in sorted(one.name for one in pkgutil.iter_modules(cases.__path__))
    for case in importlib.import_module(f"tests.policies.cases.{module}").CASES
]
RULES = catalogue.every_rule()
each_case = pytest.mark.parametrize("case", CASES, ids=str)


@each_case
def test_a_resource_that_complies_passes(case: Case) -> None:
    assert case.said(case.stack()) == []


@each_case
def test_one_broken_thing_is_found_and_named(case: Case) -> None:
    said = case.said(case.broken_stack())
    assert [one.rule for one in said] == [case.rule.id] * len(said)
    assert said, "the broken resource passed"
    assert all("not evaluated" not in one.text for one in said), said
    assert {one.mandatory for one in said} == {case.rule.level is Level.MANDATORY}


@each_case
def test_a_missing_property_is_what_the_rule_says_it_is(case: Case) -> None:
    said = case.said(case.broken_stack(case.absent_at or case.at, REMOVED))
    assert all("not evaluated" not in one.text for one in said), said
    assert bool(said) is (case.rule.absent is Absence.DENY)


@pytest.mark.parametrize("case", [case for case in CASES if case.rule.production_only], ids=str)
def test_what_is_asked_of_production_alone_is_asked_elsewhere_only_where_the_stack_says_so(case: Case) -> None:
    staging = {"environment": "staging"}
    assert case.said(case.broken_stack(), config=staging) == []
    asked = case.said(case.broken_stack(), config={**staging, "levels": {case.rule.id: "advisory"}})
    assert [one.mandatory for one in asked] == [False] * len(asked) != []


@each_case
def test_a_value_that_the_rule_reads_and_that_is_unknown_never_passes(case: Case) -> None:
    unevaluated = 0
    for stack in (case.stack(), case.broken_stack()):
        for read in reads(case, stack):
            said = case.said(with_value(stack, read, UNKNOWN))
            assert said, f"{read} is unknown, and that passed"
            assert {one.mandatory for one in said} == {case.rule.level is Level.MANDATORY}
            unevaluated += sum(one.text.startswith("not evaluated, ") for one in said)
    assert unevaluated


@each_case
def test_a_null_is_told_as_what_is_missing(case: Case) -> None:
    for read in reads(case, case.stack()):
        if not read.path.endswith("]"):
            told, wanted = (places(case, with_value(case.stack(), read, value)) for value in (None, REMOVED))
            assert told == wanted, read


def places(case: Case, stack: Sequence[Given]) -> list[tuple[str, bool]]:
    """Where something was told, and whether it was evaluated."""
    return [(one.path, one.text.startswith("not evaluated, ")) for one in case.said(stack)]


@each_case
def test_another_type_is_not_applicable(case: Case) -> None:
    other = Given(type="tests:index:Other", props=case.compliant)
    analyzer = Analyzer(case.rule)
    assert analyzer.resource(other) == []
    assert not analyzer.is_about(other)
    assert analyzer.is_about(case.subject) is isinstance(case.rule, Rule)


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert {case.rule.id for case in CASES} == set(RULES)


def test_no_two_rules_have_one_id() -> None:
    listed = [rule for package in catalogue.SUBJECTS for rule in catalogue.rules_of(package)]
    assert [name for name, count in Counter(rule.id for rule in listed).items() if count > 1] == []


def test_a_rules_id_names_the_cloud_of_its_types() -> None:
    for rule in RULES.values():
        package = rule.id.split("-")[0]
        assert {token.partition(":")[0].removesuffix("-native") for token in rule.types} == {package}, rule.id


def test_every_type_is_one_that_its_sdk_has() -> None:
    tokens = {token for rule in RULES.values() for token in rule.types if not token.startswith("pouw:")}
    assert sorted(token for token in tokens if not sdks.has(token)) == []


@pytest.mark.parametrize("case", [case for case in CASES if not case.rule.id.startswith("pouw-")], ids=str)
def test_a_fixture_has_no_property_that_its_type_has_not(case: Case) -> None:
    for given in (case.stack(), case.broken_stack()):
        for one in given:
            assert set(one.props) <= sdks.properties(one.type), one.type
