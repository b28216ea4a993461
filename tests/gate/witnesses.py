"""Runs of the pack without an engine: the SDK's service on one side, the gate's witness and record on the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from policies import catalogue, pack_config
from policies.record import Record
from policies.rule import AnyRule
from pouw.engine.events import PolicyTally, PolicyViolation, StepStarted, Subject
from pouw.engine.outcome import Changes, Outcome
from pouw.errors import ExitCode
from pouw.gate import evaluation
from pouw.gate import record as records
from pouw.gate.evaluation import Gate
from pouw.gate.judgement import PACK, Case, Witness, judge
from pouw.gate.record import Line
from pouw.gate.verdict import Verdict
from pouw.gate.waivers import Waiver
from tests.policies.analyzer import Analyzer, Declaration, Diagnostic

TODAY = date(2026, 11, 25)


def analysed(
    rules: Sequence[AnyRule], stack: Sequence[Declaration], folder: Path, config: Mapping[str, Any] | None = None
) -> tuple[Witness, list[Line]]:
    """What an engine would have said of a preview of the stack, and the record that the pack left."""
    record = folder / "record.jsonl"
    return previewed(rules, stack, record, config), records.read(record)


def previewed(
    rules: Sequence[AnyRule], stack: Sequence[Declaration], record: Path, config: Mapping[str, Any] | None = None
) -> Witness:
    """What an engine would have said of a preview of the stack, whose record is left in that file."""
    record.unlink(missing_ok=True)
    analyzer = Analyzer(*rules, config=config, record=Record(record))
    witness = Witness()
    for given in stack:
        witness.take(step(given))
        hear(witness, analyzer.resource(given))
        witness.take(PolicyTally(pack=PACK, subject=Subject(urn=given.urn), passed=(), failed=(), not_applicable=()))
    hear(witness, analyzer.stack(*stack))
    witness.take(PolicyTally(pack=PACK, subject=None, passed=(), failed=(), not_applicable=()))
    return witness


def step(given: Declaration, operation: str = "create") -> StepStarted:
    """The engine's word that it would create the resource."""
    return StepStarted(subject=Subject(urn=given.urn), operation=operation, logical=True, changed=(), planned=True)


def hear(witness: Witness, said: Iterable[Diagnostic]) -> None:
    """Let the witness hear what the service reported at the mandatory level; the rest is switched off in a run."""
    for one in said:
        if one.mandatory:
            text = f"Every rule\n{one.rule} [high] {one.path}: {one.text}\n"
            subject = Subject(urn=one.urn)
            witness.take(PolicyViolation(pack=PACK, rule="resources", subject=subject, level="mandatory", message=text))


def judged(
    rules: Sequence[AnyRule],
    witness: Witness,
    lines: Sequence[Line],
    *,
    waivers: Sequence[Waiver] = (),
    config: Mapping[str, Any] | None = None,
) -> Verdict:
    """The gate's verdict on them."""
    by_id = {rule.id: rule for rule in rules}
    index = catalogue.index_by_type(rules)
    case = Case(
        stack="local",
        config=pack_config.parse(config or {}, by_id),
        witness=witness,
        record=lines,
        gaps=[],
        waivers=waivers,
        today=TODAY,
    )
    return judge(case, lambda token: index.get(token, ()), by_id)


def exit_code(rules: Sequence[AnyRule], witness: Witness, record: Path) -> ExitCode:
    """What ``pouw`` ends with where the engine itself ended well and left this record: in production."""
    index, by_id = catalogue.index_by_type(rules), {rule.id: rule for rule in rules}
    gate_ = Gate(
        stack="local",
        told={},
        config=pack_config.parse({}, by_id),
        waivers=(),
        today=TODAY,
        rules=by_id,
        rules_for=lambda token: index.get(token, ()),
    )
    return evaluation.judged(_ENDED_WELL, evaluation.conclude(gate_, witness, record, is_plan=True)).exit_code


_ENDED_WELL = Outcome(
    operation="preview",
    stack="local",
    exit_code=ExitCode.OK,
    changes=Changes(),
    resources=(),
    steps=(),
    outputs={},
    faults=(),
    warnings=(),
    violations=(),
    tallies=(),
    seconds=0,
)
