"""The pack on what is real: the state of a stack, with no program, no provider and no cloud asked."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from infra.faults import Fault
from policies.interface import RECORD
from pouw.engine import events, process
from pouw.engine.events import Subject
from pouw.engine.operation import Request
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import Session
from pouw.errors import EngineError
from pouw.gate.evaluation import Files, Gate, conclude, prepared
from pouw.gate.judgement import Witness
from pouw.gate.verdict import Verdict
from pouw.home import Home
from pouw.progress import Progress


def verdict(
    request: Request, engine: Engine, progress: Progress, gate: Gate, *, project: Project | None = None
) -> Verdict:
    """The gate's verdict on the stack's state.

    Raises:
        EngineError: the state cannot be read, or the engine did not analyse it.
    """
    # What is real is judged, and not what it would be with what rules add.
    gate = replace(gate, told={**gate.told, "remediate": False}, config=replace(gate.config, remediate=False))
    with prepared(gate) as files, progress.step(f"Checking what {request.stack} has become"):
        told = {**request.environment, RECORD: str(files.record)}
        home = Home.from_environment(os.environ)
        session = Session.of(request.stack, engine, project or Project(), home=home, environment=told)
        state = files.record.with_name("state.json")
        state.touch(mode=0o600)
        state.write_text(session.ask("stack", "export"), encoding="utf-8")
        witness = _planned(state)
        _analyse(session, gate, files, state, witness)
        return conclude(gate, witness, files.record, is_plan=False)


def _planned(state: Path) -> Witness:
    """Every resource of the state, as the engine would have named them in a plan."""
    resources = (json.loads(state.read_text(encoding="utf-8"))["deployment"] or {}).get("resources") or []
    urns = [str(one["urn"]) for one in resources if not one.get("delete")]
    # This command reports violations and nothing else, so the pack's record alone shows what it looked at.
    return Witness(planned={urn: Subject(urn=urn) for urn in urns}, analysed=set(urns), stack_analysed=True)


def _analyse(session: Session, gate: Gate, files: Files, state: Path, witness: Witness) -> None:
    arguments = ["policy", "analyze", "--file", str(state), "--json", "--policy-pack", str(gate.pack)]
    call = session.invocation()
    told = [*arguments, "--policy-pack-config", str(files.config), "--non-interactive", "--color", "never"]
    done = process.query(replace(call, arguments=told))
    concluded = False
    for line in done.stdout.splitlines():
        event = events.parse(line.encode()) if line.startswith("{") else None
        if event is not None:
            witness.take(event)
            concluded = concluded or isinstance(event, events.Summary)
    if not concluded:
        said = done.stderr.strip()[-600:] or f"status {done.returncode}"
        raise EngineError(Fault(path=f"stack {session.stack}", message="the state could not be analysed", got=said))
