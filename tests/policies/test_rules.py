"""Tests of every rule through the analyzer service, derived from the rule's cases."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from policies import catalogue
from policies.rule import Absence, Level, Rule
from tests.policies import cases, sdks
from tests.policies.analyzer import UNKNOWN, Analyzer, Declaration
from tests.policies.contract import REMOVED, Case, reads, with_value

CASES: list[Case] = [
    case
    for module in sorted(info.name for info in pkgutil.iter_modules(cases.__path__))
    for case in importlib.import_module(f"tests.policies.cases.{module}").CASES
]
RULES = catalogue.every_rule()
_VIOLATION = re.compile(r"[^;]+; got .+; expected [^;]+")


def _passes_a_compliant_resource(case: Case) -> None:
    assert case.diagnostics(case.stack()) == []


def _reports_a_broken_resource(case: Case) -> None:
    diagnostics = case.diagnostics(case.broken_stack())
    assert diagnostics, "the broken resource passed"
    assert {diagnostic.rule for diagnostic in diagnostics} == {case.rule.id}
    assert all(diagnostic.evaluated for diagnostic in diagnostics), diagnostics
    assert {diagnostic.mandatory for diagnostic in diagnostics} == {case.rule.level is Level.MANDATORY}
    assert [diagnostic.text for diagnostic in diagnostics if not _VIOLATION.fullmatch(diagnostic.text)] == []


def _judges_absence_as_declared(case: Case) -> None:
    diagnostics = case.diagnostics(case.broken_stack(case.absent_path or case.path, REMOVED))
    assert all(diagnostic.evaluated for diagnostic in diagnostics), diagnostics
    assert bool(diagnostics) is (case.rule.absent is Absence.DENY)


def _runs_outside_production_only_with_a_level(case: Case) -> None:
    if case.rule.production_only:
        staging = {"environment": "staging"}
        assert case.diagnostics(case.broken_stack(), config=staging) == []
        levels = {**staging, "levels": {case.rule.id: "advisory"}}
        diagnostics = case.diagnostics(case.broken_stack(), config=levels)
        assert [diagnostic.mandatory for diagnostic in diagnostics] == [False] * len(diagnostics) != []


def _never_passes_an_unknown_value(case: Case) -> None:
    unevaluated = 0
    for stack in (case.stack(), case.broken_stack()):
        for read in reads(case, stack):
            diagnostics = case.diagnostics(with_value(stack, read, UNKNOWN))
            assert diagnostics, f"{read} is unknown and passed"
            assert {diagnostic.mandatory for diagnostic in diagnostics} == {case.rule.level is Level.MANDATORY}
            unevaluated += sum(not diagnostic.evaluated for diagnostic in diagnostics)
    assert unevaluated


def _judges_null_as_absent(case: Case) -> None:
    for read in reads(case, case.stack()):
        if not read.path.endswith("]"):
            null, absent = (_locate(case, with_value(case.stack(), read, value)) for value in (None, REMOVED))
            assert null == absent, read


def _locate(case: Case, stack: Sequence[Declaration]) -> list[tuple[str, bool]]:
    """Return the path of each diagnostic, and whether the rule was evaluated."""
    return [(diagnostic.path, diagnostic.evaluated) for diagnostic in case.diagnostics(stack)]


def _ignores_another_type(case: Case) -> None:
    foreign = Declaration(type="tests:index:Other", props=case.compliant)
    analyzer = Analyzer(case.rule)
    assert analyzer.resource(foreign) == []
    assert not analyzer.judges(foreign)
    assert analyzer.judges(case.subject) is isinstance(case.rule, Rule)


CHECKS: Sequence[Callable[[Case], None]] = (
    _passes_a_compliant_resource,
    _reports_a_broken_resource,
    _judges_absence_as_declared,
    _runs_outside_production_only_with_a_level,
    _never_passes_an_unknown_value,
    _judges_null_as_absent,
    _ignores_another_type,
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_judges_its_case(case: Case) -> None:
    # One test per case, because the overhead of a test exceeds the time of a check. The traceback names the check.
    for check in CHECKS:
        check(case)


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert {case.rule.id for case in CASES} == set(RULES)


def test_rule_ids_are_unique() -> None:
    rules = [rule for package in catalogue.SUBJECTS for rule in catalogue.rules_of(package)]
    assert [name for name, count in Counter(rule.id for rule in rules).items() if count > 1] == []


def test_a_rule_id_begins_with_the_cloud_of_its_types() -> None:
    for rule in RULES.values():
        package = rule.id.split("-")[0]
        assert {token.partition(":")[0].removesuffix("-native") for token in rule.types} == {package}, rule.id


def test_every_type_of_a_rule_exists_in_its_sdk() -> None:
    tokens = {token for rule in RULES.values() for token in rule.types if not token.startswith("pouw:")}
    assert sorted(token for token in tokens if not sdks.has(token)) == []


def test_cases_use_only_properties_of_their_types() -> None:
    unknown = {
        (str(case), declaration.type, name)
        for case in CASES
        if not case.rule.id.startswith("pouw-")
        for declaration in (*case.stack(), *case.broken_stack())
        for name in set(declaration.props) - sdks.properties(declaration.type)
    }
    assert sorted(unknown) == []
