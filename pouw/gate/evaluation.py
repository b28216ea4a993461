"""The gate in front of a deployment: the engine's run with the pack, and what came of it.

The engine does not decide. It hands each resource to the pack and reports; the verdict is made here, from its events
and the pack's record, and its exit code is ours.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from infra.faults import Fault
from infra.settings.stack import Settings
from policies import catalogue, pack_config
from policies.interface import RECORD, REMEDIES, RESOURCE_ADVICE, RESOURCES, STACK, STACK_ADVICE
from policies.pack_config import PackConfig, PackConfigError
from policies.rule import AnyRule
from pouw.engine import operation
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.errors import ExitCode, PouwError
from pouw.gate import record as records
from pouw.gate import waivers as waiving
from pouw.gate.judgement import Case, RulesFor, Witness, judge
from pouw.gate.plan import NO_PLAN, Plan, parse
from pouw.gate.verdict import Verdict
from pouw.gate.waivers import Waiver
from pouw.home import Home
from pouw.paths import REPOSITORY
from pouw.progress import Progress

PACK = REPOSITORY / "policies"


class GateError(PouwError):
    """The gate's own configuration cannot be used; nothing was started."""

    code = ExitCode.CONFIGURATION


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What a stack is judged by. ``today`` is when waivers are read."""

    stack: str
    told: Mapping[str, Any]
    """What the pack is told."""
    config: PackConfig
    waivers: Sequence[Waiver]
    today: date
    pack: Path = PACK
    rules: Mapping[str, AnyRule] = field(default_factory=catalogue.every_rule)
    rules_for: RulesFor = catalogue.rules_for


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A run of the engine, its verdict, and the plan if it was a preview."""

    outcome: Outcome
    verdict: Verdict
    plan: Plan = NO_PLAN


def utc_today() -> date:
    """The day by which waivers end."""
    return datetime.now(UTC).date()


def gate_of(stack: str, settings: Settings, *, today: date | None = None, waivers_file: Path | None = None) -> Gate:
    """The gate of a stack, by its settings and the waivers' file.

    Raises:
        GateError: the settings name a rule that does not exist, or ask for less in production.
        WaiverError: the waivers' file cannot be used.
    """
    rules = catalogue.every_rule()
    day = today or utc_today()
    waivers = waiving.of_stack(waiving.load(rules, waivers_file or waiving.FILE), stack)
    told = {
        "environment": settings.environment,
        "advisory": settings.policy.enforcement == "advisory",
        "levels": dict(settings.policy.levels),
        "waived": waiving.as_told(waiving.in_force(waivers, day)),
        "remediate": settings.policy.remediate,
        "settings": settings.model_dump(mode="json", by_alias=True, exclude={"kubeconfig"}),
    }
    try:
        config = pack_config.parse(told, rules)
    except PackConfigError as error:
        raise GateError(Fault(path="pouw:policy", message=str(error))) from error
    return Gate(stack=stack, told=told, config=config, waivers=waivers, today=day, rules=rules)


def run(request: Request, engine: Engine, progress: Progress, gate: Gate, *, project: Project | None = None) -> Judged:
    """Run the engine with the pack and judge. A red gate makes the outcome's code POLICY."""
    witness, printed = Witness(), bytearray()
    with prepared(gate) as files:
        outcome = operation.run(
            replace(
                request,
                policy_packs=(gate.pack,),
                policy_configs=(files.config,),
                environment={**request.environment, RECORD: str(files.record)},
                digest=request.operation is Operation.PREVIEW,
            ),
            engine,
            progress,
            project=project,
            on_event=witness.take,
            on_output=printed.extend,
            home=Home.from_environment(os.environ),
        )
        verdict = conclude(gate, witness, files.record, is_plan=request.operation is Operation.PREVIEW)
    return Judged(outcome=judged(outcome, verdict), verdict=verdict, plan=parse(bytes(printed)))


def conclude(gate: Gate, witness: Witness, record: Path, *, is_plan: bool) -> Verdict:
    """The verdict on what the engine said and the pack wrote down."""
    try:
        lines, gaps = records.read(record), []
    except records.RecordError as error:
        lines, gaps = [], [str(error)]
    case = Case(
        stack=gate.stack,
        config=gate.config,
        witness=witness,
        record=lines,
        gaps=gaps,
        waivers=gate.waivers,
        today=gate.today,
        is_plan=is_plan,
    )
    return judge(case, gate.rules_for, gate.rules)


def judged(outcome: Outcome, verdict: Verdict) -> Outcome:
    """The outcome with the verdict in it. A run that failed for another reason keeps that reason's code."""
    code = outcome.exit_code
    if verdict.red and code is ExitCode.OK:
        code = ExitCode.POLICY
    elif code is ExitCode.POLICY and not verdict.red:
        # The engine refused what a second look let through.
        code = ExitCode.FAILED if outcome.faults else ExitCode.OK
    return replace(outcome, verdict=verdict, exit_code=code)


@dataclass(frozen=True, kw_only=True)
class Files:
    """What passes between a run and the pack."""

    config: Path
    """What the pack is told."""
    record: Path
    """What the pack writes down."""


@contextmanager
def prepared(gate: Gate) -> Iterator[Files]:
    """A folder of this run's own, with what the pack is told and room for its record."""
    remedies = {"enforcementLevel": "remediate", **gate.told} if gate.config.remediate else "disabled"
    with tempfile.TemporaryDirectory(prefix="pouw-policy-") as folder:
        files = Files(config=Path(folder, "config.json"), record=Path(folder, "record.jsonl"))
        told: Mapping[str, Any] = {
            RESOURCES: {"enforcementLevel": "mandatory", **gate.told},
            STACK: {"enforcementLevel": "mandatory", **gate.told},
            REMEDIES: remedies,
            # What they would say is in the record.
            RESOURCE_ADVICE: "disabled",
            STACK_ADVICE: "disabled",
        }
        files.config.write_text(json.dumps(told), encoding="utf-8")
        yield files
