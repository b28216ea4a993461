"""No way past a mandatory rule: what keeps it from its end makes ``pouw`` refuse, even where the engine ended well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policies.rule import AnyRule, Level
from pouw.errors import ExitCode
from pouw.gate.decision import EngineEvents
from tests.gate.pack_runs import exit_code, previewed, step
from tests.policies.analyzer import UNKNOWN, Declaration
from tests.policies.contract import Case, reads, secret, with_secret, with_value
from tests.policies.test_rules import CASES

MANDATORY = [case for case in CASES if case.rule.level is Level.MANDATORY]
FIRST = [*{case.rule.id: case for case in reversed(MANDATORY)}.values()]
"""A case of each rule."""


Ends = Callable[[AnyRule, Sequence[Declaration]], ExitCode]


@pytest.fixture
def ends(tmp_path: Path) -> Ends:
    """The exit code for a stack and one rule."""
    record = tmp_path / "record.jsonl"
    return lambda rule, stack: exit_code([rule], previewed([rule], stack, record), record)


@pytest.mark.parametrize("case", MANDATORY, ids=str)
def test_an_unknown_in_any_field_that_a_rule_reads_refuses(case: Case, ends: Ends) -> None:
    """Fields that it reads of a stack that complies, and of one that is broken, where it may look further."""
    assert ends(case.rule, case.stack()) is ExitCode.OK
    assert reads(case, case.stack())
    for stack in (case.stack(), case.broken_stack()):
        for read in reads(case, stack):
            assert ends(case.rule, with_value(stack, read, UNKNOWN)) is ExitCode.POLICY, read
    for read in reads(case, case.stack()):
        assert ends(case.rule, with_value(case.stack(), read, secret(UNKNOWN))) is ExitCode.POLICY, read


@pytest.mark.parametrize("case", MANDATORY, ids=str)
def test_a_secret_hides_nothing_from_a_rule(case: Case, ends: Ends) -> None:
    for stack, code in ((case.stack(), ExitCode.OK), (case.broken_stack(), ExitCode.POLICY)):
        for read in reads(case, stack):
            assert ends(case.rule, with_secret(stack, read)) is code, read


def _dies(*_: object) -> Iterator[str]:
    yield from ()
    raise ZeroDivisionError


_CRASH: Mapping[str, Any] = {"check": _dies}


@pytest.mark.parametrize("case", FIRST, ids=str)
def test_a_rule_that_crashes_or_did_not_run_refuses(case: Case, ends: Ends, tmp_path: Path) -> None:
    assert ends(replace(case.rule, **_CRASH), case.stack()) is ExitCode.POLICY
    record = tmp_path / "record.jsonl"
    events = previewed([case.rule], case.stack(), record)
    assert exit_code([case.rule], events, record) is ExitCode.OK
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    _write(record, [{**line, "passed": []} for line in lines])
    assert exit_code([case.rule], events, record) is ExitCode.POLICY
    _write(record, [line for line in lines if case.rule.id not in line["passed"]])
    assert exit_code([case.rule], events, record) is ExitCode.POLICY


def _write(record: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    record.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_pack_that_did_not_load_refuses(tmp_path: Path) -> None:
    case = FIRST[0]
    events = EngineEvents(subjects={given.urn: step(given).subject for given in case.stack()})
    assert exit_code([case.rule], events, tmp_path / "record.jsonl") is ExitCode.POLICY
