"""Verdicts from made-up runs: whatever is not shown to have passed did not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pouw.engine.events import PolicyRemediation, PolicyViolation, Subject
from pouw.gate import record as records
from pouw.gate import verdict_output
from pouw.gate.judgement import PACK, Witness
from pouw.gate.record import Fix, Line, RecordError
from pouw.gate.verdict import Kind, Verdict
from pouw.gate.waivers import MAX_DAYS, Waiver, WaiverError, load
from tests.gate.tiny_rules import BY_ID, COLOUR, PART, RULES, SIZE
from tests.gate.witnesses import TODAY, analysed, judged, step
from tests.policies.analyzer import Declaration

GOOD = {"size": 2, "colour": "red", "finish": "matt", "label": "one"}
A = Declaration(type=PART, props=GOOD, name="a")
B = Declaration(type=PART, props={**GOOD, "label": "two"}, name="b")
BIG = Declaration(type=PART, props={**GOOD, "size": 9}, name="a")


def verdict_of(tmp_path: Path, *stack: Declaration, **more: Any) -> Verdict:
    witness, lines = analysed(RULES, stack, tmp_path, more.get("config"))
    return judged(RULES, witness, lines, **more)


def test_a_run_that_shows_everything_is_green(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, A, B)
    assert not verdict.red
    assert {rule: len(urns) for rule, urns in verdict.passed.items()} == dict.fromkeys(BY_ID, 2)


LET = {"environment": "staging", "remediate": True}
PAINTED = PolicyRemediation(pack=PACK, subject=Subject(urn=A.urn), paths=("colour",))
NOTED = Line(
    phase="remedy",
    urn=A.urn,
    type=PART,
    passed=(),
    breaches=(),
    unevaluated={},
    fixes=(Fix(rule=COLOUR.id, paths=("colour",), failure=""),),
)


@pytest.mark.parametrize(
    ("heard", "noted", "config", "red"),
    [
        ([PAINTED], [NOTED], LET, False),
        ([PAINTED, PAINTED], [NOTED, NOTED], LET, False),
        ([PAINTED], [], LET, True),
        ([], [NOTED], LET, True),
        ([replace(PAINTED, paths=("colour", "size"))], [NOTED], LET, True),
        ([PAINTED], [NOTED], {"environment": "staging"}, True),
    ],
    ids=["both", "both twice", "engine only", "record only", "more than noted", "not allowed"],
)
def test_a_remedy_counts_only_where_it_is_allowed_and_both_witnesses_tell_the_same(
    tmp_path: Path, heard: list[Any], noted: list[Line], config: Any, *, red: bool
) -> None:
    witness, lines = analysed(RULES, [A, B], tmp_path, config)
    for event in heard:
        witness.take(event)
    verdict = judged(RULES, witness, [*lines, *noted], config=config)
    assert verdict.red is red
    assert bool(verdict.gaps) is red
    if not red:
        told = {"rule": COLOUR.id, "resource": A.urn, "paths": ["colour"]}
        assert verdict_output.as_json(verdict)["remedied"] == [told]
        assert verdict.summary().endswith("1 remedied")


Tamper = Callable[[Witness, list[Line]], list[Line]]


def _drop_first(witness: Witness, lines: list[Line]) -> list[Line]:
    return lines[1:]


def _drop_stack_lines(witness: Witness, lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.phase == "resource"]


def _forget_a_rule(witness: Witness, lines: list[Line]) -> list[Line]:
    return [replace(line, passed=[one for one in line.passed if one != SIZE.id]) for line in lines]


def _hide_the_stack(witness: Witness, lines: list[Line]) -> list[Line]:
    witness.stack_analysed = False
    return lines


def _plan_more(witness: Witness, lines: list[Line]) -> list[Line]:
    witness.take(step(Declaration(type="other:x:Thing", props={}, name="late")))
    return lines


def _say_more(witness: Witness, lines: list[Line]) -> list[Line]:
    subject = Subject(urn=A.urn)
    text = f"Every rule\n{SIZE.id} [high] size: is 9\n"
    witness.take(PolicyViolation(pack=PACK, rule="resources", subject=subject, level="mandatory", message=text))
    return lines


def _plan_nothing(witness: Witness, lines: list[Line]) -> list[Line]:
    witness.planned.clear()
    return lines


@pytest.mark.parametrize(
    "tamper",
    [_drop_first, _drop_stack_lines, _forget_a_rule, _hide_the_stack, _plan_more, _say_more, _plan_nothing],
    ids=lambda tamper: tamper.__name__.strip("_"),
)
def test_a_run_with_a_hole_in_it_is_red(tmp_path: Path, tamper: Tamper) -> None:
    witness, lines = analysed(RULES, [A, B], tmp_path)
    assert judged(RULES, witness, tamper(witness, lines)).red


def test_a_violation_that_only_the_record_knows_is_red(tmp_path: Path) -> None:
    witness, lines = analysed(RULES, [BIG, B], tmp_path)
    witness.violations.clear()
    verdict = judged(RULES, witness, lines)
    assert any("different violations" in gap for gap in verdict.gaps)


def test_what_is_deleted_or_only_read_need_not_be_judged(tmp_path: Path) -> None:
    witness, lines = analysed(RULES, [A, B], tmp_path)
    for operation in ("delete", "read", "refresh", "delete-replaced"):
        witness.take(step(Declaration(type=PART, props={}, name=operation), operation))
    assert not judged(RULES, witness, lines).red


def test_a_level_that_is_lowered_outside_of_production_is_obeyed(tmp_path: Path) -> None:
    config = {"environment": "staging", "levels": {SIZE.id: "advisory"}}
    verdict = verdict_of(tmp_path, BIG, B, config=config)
    assert not verdict.red
    assert [(one.rule, one.mandatory) for one in verdict.findings] == [(SIZE.id, False)]


@pytest.mark.parametrize(
    ("config", "red", "passing"),
    [
        ({"environment": "staging"}, False, 0),
        ({"environment": "staging", "levels": {SIZE.id: "mandatory"}}, True, 1),
        ({"environment": "production"}, True, 1),
    ],
    ids=["not asked", "asked by the stack", "production"],
)
def test_a_rule_for_production_alone_neither_refuses_nor_counts_as_passed_elsewhere(
    tmp_path: Path, config: dict[str, Any], *, red: bool, passing: int
) -> None:
    rules = [replace(SIZE, production_only=True)]
    witness, lines = analysed(rules, [BIG, B], tmp_path, config)
    verdict = judged(rules, witness, lines, config=config)
    assert verdict.red is red
    assert len(verdict.passed.get(SIZE.id, ())) == passing


@pytest.mark.parametrize("text", ["", '{"phase": "resource"}\n', "[]\n", '{"phase":"resource","urn":"a","ty'])
def test_a_record_that_is_cut_short_or_foreign_is_no_record(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.jsonl"
    path.write_text(text)
    if text:
        with pytest.raises(RecordError):
            records.read(path)
    else:
        assert records.read(path) == []
    path.unlink()
    with pytest.raises(RecordError, match="left no record"):
        records.read(path)


def waiver(**more: Any) -> Waiver:
    given = {
        "rule": SIZE.id,
        "resource": f"{PART}::a",
        "stacks": ["local"],
        "owner": "parts@example.org",
        "reason": "the drawer is being replaced",
        "ticket": "OPS-7",
        "expires": TODAY + timedelta(days=10),
    }
    return Waiver.model_validate({**given, **more})


def told(one: Waiver) -> dict[str, Any]:
    return {"environment": "production", "waived": [{"rule": one.rule, "resource": one.resource}]}


def test_a_waiver_covers_its_rule_on_its_resource_and_is_counted(tmp_path: Path) -> None:
    one = waiver()
    verdict = verdict_of(tmp_path, BIG, B, waivers=[one], config=told(one))
    assert not verdict.red
    assert [(found.rule, found.ticket) for found in verdict.waived] == [(SIZE.id, "OPS-7")]
    assert SIZE.id in verdict.passed  # on the other part


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (waiver(expires=TODAY - timedelta(days=1)), "has expired"),
        (waiver(expires=TODAY + timedelta(days=MAX_DAYS + 1)), "runs too long"),
        (waiver(resource="tiny:*", matches=1), "is too wide"),
        (waiver(resource=f"{PART}::nobody"), "is not needed"),
    ],
    ids=["expired", "endless", "wide", "unused"],
)
def test_a_waiver_that_is_not_in_order_covers_nothing_and_is_a_fault(tmp_path: Path, bad: Waiver, why: str) -> None:
    big = Declaration(type=PART, props={**GOOD, "size": 9, "label": "two"}, name="b")
    verdict = verdict_of(tmp_path, BIG, big, waivers=[bad], config=told(bad))
    assert verdict.red
    assert verdict.waived == []
    assert [fault.message for fault in verdict.waiver_faults] == [why]


def test_a_waiver_holds_on_its_last_day() -> None:
    assert waiver(expires=TODAY).days_left(TODAY) == 0
    assert waiver(expires=date(2026, 12, 1)).days_left(TODAY) == 6


_ENTRY = """
waivers:
  - rule: {rule}
    resource: "x::*"
    stacks: [local]
    reason: {reason}
    ticket: OPS-7
    expires: {expires}
    owner: {owner}
"""


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"owner": '""'}, "owner"),
        ({"reason": "because"}, "reason"),
        ({"expires": "someday"}, "expires"),
        ({"rule": "no-such-rule"}, "waives a rule that does not exist"),
    ],
    ids=["anonymous", "no reason", "no end", "no rule"],
)
def test_a_waivers_file_with_an_entry_out_of_order_is_refused(tmp_path: Path, change: dict[str, str], at: str) -> None:
    path = tmp_path / "waivers.yaml"
    good = {
        "rule": SIZE.id,
        "reason": "the drawer is being replaced",
        "expires": "2026-12-01",
        "owner": "parts@example.org",
    }
    path.write_text(_ENTRY.format(**good))
    assert [one.owner for one in load(BY_ID, path)] == ["parts@example.org"]
    path.write_text(_ENTRY.format(**{**good, **change}))
    with pytest.raises(WaiverError, match=at):
        load(BY_ID, path)


def test_unevaluated_and_violated_are_counted_apart(tmp_path: Path) -> None:
    crashing = Declaration(type=PART, props={**GOOD, "size": 0}, name="a")
    verdict = verdict_of(tmp_path, crashing, Declaration(type=PART, props={**B.props, "size": 9}, name="b"))
    assert (len(verdict.of(Kind.VIOLATION)), len(verdict.of(Kind.UNEVALUATED))) == (1, 1)
    assert "1 violations, 1 not evaluated, 0 advice, 0 waived" in verdict.summary()
