"""A run of the engine with the policy pack, and the verdict on it.

The engine does not decide. It hands each resource to the pack and reports the results. The verdict is decided here,
from the engine's events and the pack's record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from policies.interface import RECORD
from pouw.engine import operation
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.gate import record as records
from pouw.gate.decision import DecisionInputs, EngineEvents, decide
from pouw.gate.preview_plan import NO_PLAN, Plan, parse
from pouw.gate.stack_policy import StackPolicy, pack_files
from pouw.gate.verdict import Verdict
from pouw.home import Home
from pouw.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A run of the engine, the verdict on it, and the plan if the run was a preview."""

    outcome: Outcome
    verdict: Verdict
    plan: Plan = NO_PLAN


def evaluate(
    request: Request,
    engine: Engine,
    progress: Progress,
    policy: StackPolicy,
    *,
    home: Home,
    project: Project | None = None,
) -> Evaluation:
    """Run the engine with the pack, and decide the verdict. The outcome is the engine's own.

    Raises:
        PouwError: the engine cannot be started; see :func:`pouw.engine.operation.run`.
    """
    events, output = EngineEvents(), bytearray()
    is_plan = request.operation is Operation.PREVIEW
    with pack_files(policy) as files:
        outcome = operation.run(
            replace(
                request,
                policy_packs=(policy.pack,),
                policy_configs=(files.config,),
                environment={**request.environment, RECORD: str(files.record)},
                digest=is_plan,
            ),
            engine,
            progress,
            project=project,
            home=home,
            on_event=events.take,
            on_output=output.extend,
        )
        verdict = verdict_on(policy, events, files.record, is_plan=is_plan)
    return Evaluation(outcome=outcome, verdict=verdict, plan=parse(bytes(output)))


def verdict_on(policy: StackPolicy, events: EngineEvents, record: Path, *, is_plan: bool) -> Verdict:
    """Return the verdict on the engine's events and the pack's record. A record that cannot be read is a gap."""
    try:
        lines, gaps = records.read(record), []
    except records.RecordError as error:
        lines, gaps = [], [str(error)]
    inputs = DecisionInputs(
        stack=policy.stack,
        config=policy.config,
        events=events,
        record=lines,
        gaps=gaps,
        waivers=policy.waivers,
        today=policy.today,
        is_plan=is_plan,
    )
    return decide(inputs, policy.rules_for, policy.rules)
