"""Runs of the pack without an engine: the SDK's service produces the events and the record that the gate compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from infra.settings.stack import Settings
from policies import catalogue, pack_config
from policies.record import Record
from policies.rule import AnyRule
from pouw.engine.events import PolicyTally, PolicyViolation, StepStarted, Subject
from pouw.engine.operation import Operation
from pouw.engine.outcome import Changes, Conclusion, Outcome
from pouw.errors import ExitCode
from pouw.gate import evaluation
from pouw.gate import record as records
from pouw.gate.decision import PACK, DecisionInputs, EngineEvents, decide
from pouw.gate.record import Line
from pouw.gate.stack_policy import StackPolicy
from pouw.gate.verdict import Verdict
from pouw.gate.waivers import Waiver
from pouw.run import gates, result
from pouw.run.gates import Planned
from pouw.run.result import Result
from tests.policies.analyzer import Analyzer, Declaration, Diagnostic

TODAY = date(2026, 11, 25)


def analysed(
    rules: Sequence[AnyRule], stack: Sequence[Declaration], folder: Path, config: Mapping[str, Any] | None = None
) -> tuple[EngineEvents, list[Line]]:
    """Return the engine's events of a preview of the stack, and the record that the pack wrote."""
    record = folder / "record.jsonl"
    return previewed(rules, stack, record, config), records.read(record)


def previewed(
    rules: Sequence[AnyRule], stack: Sequence[Declaration], record: Path, config: Mapping[str, Any] | None = None
) -> EngineEvents:
    """Return the engine's events of a preview of the stack; the pack writes its record into that file."""
    record.unlink(missing_ok=True)
    analyzer = Analyzer(*rules, config=config, record=Record(record))
    events = EngineEvents()
    for declaration in stack:
        events.take(step(declaration))
        report(events, analyzer.resource(declaration))
        events.take(
            PolicyTally(
                pack=PACK, subject=Subject(urn=declaration.urn), passed_rules=(), failed_rules=(), inapplicable_rules=()
            )
        )
    report(events, analyzer.stack(*stack))
    events.take(PolicyTally(pack=PACK, subject=None, passed_rules=(), failed_rules=(), inapplicable_rules=()))
    return events


def step(declaration: Declaration, operation: str = "create") -> StepStarted:
    """Return the engine's event for a step on the resource."""
    return StepStarted(
        subject=Subject(urn=declaration.urn), operation=operation, logical=True, properties=(), is_planned=True
    )


def report(events: EngineEvents, violations: Iterable[Diagnostic]) -> None:
    """Record the mandatory violations as the engine reports them; advice is switched off in a run."""
    for violation in violations:
        if violation.mandatory:
            text = f"Every rule\n{violation.rule} [high] {violation.path}: {violation.text}\n"
            subject = Subject(urn=violation.urn)
            events.take(PolicyViolation(pack=PACK, rule="resources", subject=subject, level="mandatory", message=text))


def decided(
    rules: Sequence[AnyRule],
    events: EngineEvents,
    lines: Sequence[Line],
    *,
    waivers: Sequence[Waiver] = (),
    config: Mapping[str, Any] | None = None,
) -> Verdict:
    """Return the verdict on a run."""
    by_id = {rule.id: rule for rule in rules}
    index = catalogue.index_by_type(rules)
    inputs = DecisionInputs(
        stack="local",
        config=pack_config.parse(config or {}, by_id),
        events=events,
        record=lines,
        gaps=[],
        waivers=waivers,
        today=TODAY,
    )
    return decide(inputs, lambda token: index.get(token, ()), by_id)


def exit_code(rules: Sequence[AnyRule], events: EngineEvents, record: Path) -> ExitCode:
    """Return the exit code of ``pouw`` in production, for a run in which the engine itself succeeded."""
    index, by_id = catalogue.index_by_type(rules), {rule.id: rule for rule in rules}
    policy = StackPolicy(
        stack="local",
        configuration={},
        config=pack_config.parse({}, by_id),
        waivers=(),
        today=TODAY,
        rules=by_id,
        rules_for=lambda token: index.get(token, ()),
    )
    verdict = evaluation.verdict_on(policy, events, record, is_plan=True)
    preview = Planned(settings=Settings(environment="staging", sites=()), outcome=_SUCCEEDED, verdict=verdict)
    refusals = gates.refusals(preview)
    return result.exit_code(Result(operation=Operation.PREVIEW, outcome=_SUCCEEDED, verdict=verdict, refusals=refusals))


_SUCCEEDED = Outcome(
    operation="preview",
    stack="local",
    conclusion=Conclusion.SUCCEEDED,
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
