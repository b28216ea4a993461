"""Verdicts on constructed runs: a check that is not shown to have passed has not passed."""

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
from pouw.gate.decision import PACK, EngineEvents
from pouw.gate.record import Fix, Line, RecordError
from pouw.gate.verdict import Kind, Verdict
from pouw.gate.waivers import MAX_DAYS, Waiver, WaiverError, load
from tests.gate.pack_runs import TODAY, analysed, decided, step
from tests.gate.tiny_rules import BY_ID, COLOUR, PART, RULES, SIZE
from tests.policies.analyzer import Declaration

GOOD = {"size": 2, "colour": "red", "finish": "matt", "label": "one"}
A = Declaration(type=PART, props=GOOD, name="a")
B = Declaration(type=PART, props={**GOOD, "label": "two"}, name="b")
BIG = Declaration(type=PART, props={**GOOD, "size": 9}, name="a")


def verdict_of(tmp_path: Path, *stack: Declaration, **more: Any) -> Verdict:
    events, lines = analysed(RULES, stack, tmp_path, more.get("config"))
    return decided(RULES, events, lines, **more)


def test_a_complete_run_without_violations_is_green(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, A, B)
    assert not verdict.red
    assert {rule: len(urns) for rule, urns in verdict.passed.items()} == dict.fromkeys(BY_ID, 2)


REMEDIATING = {"environment": "staging", "remediate": True}
REMEDIATION = PolicyRemediation(pack=PACK, subject=Subject(urn=A.urn), paths=("colour",))
FIX_LINE = Line(
    phase="remedy",
    urn=A.urn,
    type=PART,
    passed=(),
    breaches=(),
    unevaluated={},
    fixes=(Fix(rule=COLOUR.id, paths=("colour",), failure=""),),
)


@pytest.mark.parametrize(
    ("remediations", "fixes", "config", "red"),
    [
        ([REMEDIATION], [FIX_LINE], REMEDIATING, False),
        ([REMEDIATION, REMEDIATION], [FIX_LINE, FIX_LINE], REMEDIATING, False),
        ([REMEDIATION], [], REMEDIATING, True),
        ([], [FIX_LINE], REMEDIATING, True),
        ([replace(REMEDIATION, paths=("colour", "size"))], [FIX_LINE], REMEDIATING, True),
        ([REMEDIATION], [FIX_LINE], {"environment": "staging"}, True),
    ],
    ids=["both", "both twice", "engine only", "record only", "more than noted", "not allowed"],
)
def test_a_remedy_counts_if_it_is_allowed_and_both_sources_agree(
    tmp_path: Path, remediations: list[Any], fixes: list[Line], config: Any, *, red: bool
) -> None:
    events, lines = analysed(RULES, [A, B], tmp_path, config)
    for event in remediations:
        events.take(event)
    verdict = decided(RULES, events, [*lines, *fixes], config=config)
    assert verdict.red is red
    assert bool(verdict.gaps) is red
    if not red:
        remedy = {"rule": COLOUR.id, "resource": A.urn, "paths": ["colour"]}
        assert verdict_output.as_json(verdict)["remedied"] == [remedy]
        assert verdict.summary().endswith("1 remedied")


Tamper = Callable[[EngineEvents, list[Line]], list[Line]]


def _drop_first(events: EngineEvents, lines: list[Line]) -> list[Line]:
    return lines[1:]


def _drop_stack_lines(events: EngineEvents, lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.phase == "resource"]


def _remove_a_rule(events: EngineEvents, lines: list[Line]) -> list[Line]:
    return [replace(line, passed=[rule for rule in line.passed if rule != SIZE.id]) for line in lines]


def _hide_the_stack(events: EngineEvents, lines: list[Line]) -> list[Line]:
    events.stack_analysed = False
    return lines


def _plan_more(events: EngineEvents, lines: list[Line]) -> list[Line]:
    events.take(step(Declaration(type="other:x:Thing", props={}, name="late")))
    return lines


def _report_more(events: EngineEvents, lines: list[Line]) -> list[Line]:
    subject = Subject(urn=A.urn)
    text = f"Every rule\n{SIZE.id} [high] size: is 9\n"
    events.take(PolicyViolation(pack=PACK, rule="resources", subject=subject, level="mandatory", message=text))
    return lines


def _plan_nothing(events: EngineEvents, lines: list[Line]) -> list[Line]:
    events.subjects.clear()
    return lines


@pytest.mark.parametrize(
    "tamper",
    [_drop_first, _drop_stack_lines, _remove_a_rule, _hide_the_stack, _plan_more, _report_more, _plan_nothing],
    ids=lambda tamper: tamper.__name__.strip("_"),
)
def test_an_incomplete_run_is_red(tmp_path: Path, tamper: Tamper) -> None:
    events, lines = analysed(RULES, [A, B], tmp_path)
    assert decided(RULES, events, tamper(events, lines)).red


def test_a_violation_that_only_the_record_reports_is_red(tmp_path: Path) -> None:
    events, lines = analysed(RULES, [BIG, B], tmp_path)
    events.violations.clear()
    verdict = decided(RULES, events, lines)
    assert any("different violations" in gap for gap in verdict.gaps)


def test_resources_that_are_deleted_or_only_read_are_not_checked(tmp_path: Path) -> None:
    events, lines = analysed(RULES, [A, B], tmp_path)
    for operation in ("delete", "read", "refresh", "delete-replaced"):
        events.take(step(Declaration(type=PART, props={}, name=operation), operation))
    assert not decided(RULES, events, lines).red


def test_a_level_may_be_lowered_outside_of_production(tmp_path: Path) -> None:
    config = {"environment": "staging", "levels": {SIZE.id: "advisory"}}
    verdict = verdict_of(tmp_path, BIG, B, config=config)
    assert not verdict.red
    assert [(finding.rule, finding.mandatory) for finding in verdict.findings] == [(SIZE.id, False)]


@pytest.mark.parametrize(
    ("config", "red", "passing"),
    [
        ({"environment": "staging"}, False, 0),
        ({"environment": "staging", "levels": {SIZE.id: "mandatory"}}, True, 1),
        ({"environment": "production"}, True, 1),
    ],
    ids=["not enabled", "enabled by the stack", "production"],
)
def test_a_production_rule_has_no_effect_in_other_environments(
    tmp_path: Path, config: dict[str, Any], *, red: bool, passing: int
) -> None:
    rules = [replace(SIZE, production_only=True)]
    events, lines = analysed(rules, [BIG, B], tmp_path, config)
    verdict = decided(rules, events, lines, config=config)
    assert verdict.red is red
    assert len(verdict.passed.get(SIZE.id, ())) == passing


@pytest.mark.parametrize("text", ["", '{"phase": "resource"}\n', "[]\n", '{"phase":"resource","urn":"a","ty'])
def test_a_truncated_or_malformed_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.jsonl"
    path.write_text(text)
    if text:
        with pytest.raises(RecordError):
            records.read(path)
    else:
        assert records.read(path) == []
    path.unlink()
    with pytest.raises(RecordError, match="wrote no record"):
        records.read(path)


def waiver(**more: Any) -> Waiver:
    fields = {
        "rule": SIZE.id,
        "resource": f"{PART}::a",
        "stacks": ["local"],
        "owner": "parts@example.org",
        "reason": "the part is being replaced",
        "ticket": "OPS-7",
        "expires": TODAY + timedelta(days=10),
    }
    return Waiver.model_validate({**fields, **more})


def waiving_config(entry: Waiver) -> dict[str, Any]:
    return {"environment": "production", "waived": [{"rule": entry.rule, "resource": entry.resource}]}


def test_a_waiver_covers_its_rule_on_its_resource_and_is_counted(tmp_path: Path) -> None:
    entry = waiver()
    verdict = verdict_of(tmp_path, BIG, B, waivers=[entry], config=waiving_config(entry))
    assert not verdict.red
    assert [(finding.rule, finding.ticket) for finding in verdict.waived] == [(SIZE.id, "OPS-7")]
    assert SIZE.id in verdict.passed  # on the other part


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (waiver(expires=TODAY - timedelta(days=1)), "has expired"),
        (waiver(expires=TODAY + timedelta(days=MAX_DAYS + 1)), "runs too long"),
        (waiver(resource="tiny:*", matches=1), "is too wide"),
        (waiver(resource=f"{PART}::absent"), "is not needed"),
    ],
    ids=["expired", "endless", "wide", "unused"],
)
def test_an_invalid_waiver_covers_nothing_and_is_a_fault(tmp_path: Path, bad: Waiver, message: str) -> None:
    big = Declaration(type=PART, props={**GOOD, "size": 9, "label": "two"}, name="b")
    verdict = verdict_of(tmp_path, BIG, big, waivers=[bad], config=waiving_config(bad))
    assert verdict.red
    assert verdict.waived == []
    assert [fault.message for fault in verdict.waiver_faults] == [message]


def test_a_waiver_is_valid_on_its_last_day() -> None:
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
    ("change", "message"),
    [
        ({"owner": '""'}, "owner"),
        ({"reason": "because"}, "reason"),
        ({"expires": "someday"}, "expires"),
        ({"rule": "no-such-rule"}, "waives a rule that does not exist"),
    ],
    ids=["anonymous", "no reason", "no end", "no rule"],
)
def test_a_file_with_an_invalid_waiver_is_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    path = tmp_path / "waivers.yaml"
    good = {
        "rule": SIZE.id,
        "reason": "the part is being replaced",
        "expires": "2026-12-01",
        "owner": "parts@example.org",
    }
    path.write_text(_ENTRY.format(**good))
    assert [waiver.owner for waiver in load(BY_ID, path)] == ["parts@example.org"]
    path.write_text(_ENTRY.format(**{**good, **change}))
    with pytest.raises(WaiverError, match=message):
        load(BY_ID, path)


def test_unevaluated_checks_and_violations_are_counted_separately(tmp_path: Path) -> None:
    crashing = Declaration(type=PART, props={**GOOD, "size": 0}, name="a")
    verdict = verdict_of(tmp_path, crashing, Declaration(type=PART, props={**B.props, "size": 9}, name="b"))
    assert (len(verdict.of(Kind.VIOLATION)), len(verdict.of(Kind.UNEVALUATED))) == (1, 1)
    assert "1 violations, 1 not evaluated, 0 advice, 0 waived" in verdict.summary()
