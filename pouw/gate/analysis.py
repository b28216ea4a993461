"""The pack on a deployed stack: its state is analysed without a program, a provider or a cloud."""

from __future__ import annotations

import json
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
from pouw.gate.decision import EngineEvents
from pouw.gate.evaluation import verdict_on
from pouw.gate.stack_policy import PackFiles, StackPolicy, pack_files
from pouw.gate.verdict import Verdict
from pouw.home import Home
from pouw.progress import Progress

_MESSAGE_CHARACTERS = 600


def analyse(
    request: Request,
    engine: Engine,
    progress: Progress,
    policy: StackPolicy,
    *,
    home: Home,
    project: Project | None = None,
) -> Verdict:
    """Return the verdict on the stack's state.

    Raises:
        EngineError: the state cannot be read, or the engine did not analyse it.
    """
    # Rules check the resources as they are deployed, so none may add a property first.
    policy = replace(
        policy,
        configuration={**policy.configuration, "remediate": False},
        config=replace(policy.config, remediate=False),
    )
    with pack_files(policy) as files, progress.step(f"Checking the deployed {request.stack}"):
        environment = {**request.environment, RECORD: str(files.record)}
        session = Session.of(request.stack, engine, project or Project(), home=home, environment=environment)
        state = files.record.with_name("state.json")
        state.touch(mode=0o600)
        state.write_text(session.ask("stack", "export"), encoding="utf-8")
        engine_events = _deployed_resources(state)
        _analyse_state(session, policy, files, state, engine_events)
        return verdict_on(policy, engine_events, files.record, is_plan=False)


def _deployed_resources(state: Path) -> EngineEvents:
    """Return every resource of the state, as the engine's events would report it in a preview."""
    deployment = json.loads(state.read_text(encoding="utf-8"))["deployment"] or {}
    urns = [str(resource["urn"]) for resource in deployment.get("resources") or [] if not resource.get("delete")]
    # `pulumi policy analyze` reports violations only, so the pack's record alone shows the analysed resources.
    subjects = {urn: Subject(urn=urn) for urn in urns}
    return EngineEvents(subjects=subjects, analysed=set(urns), stack_analysed=True)


def _analyse_state(
    session: Session, policy: StackPolicy, files: PackFiles, state: Path, engine_events: EngineEvents
) -> None:
    arguments = ["policy", "analyze", "--file", str(state), "--json", "--policy-pack", str(policy.pack)]
    arguments += ["--policy-pack-config", str(files.config), "--non-interactive", "--color", "never"]
    process_result = process.query(replace(session.invocation(), arguments=arguments))
    has_summary = False
    for line in process_result.stdout.splitlines():
        event = events.parse(line.encode()) if line.startswith("{") else None
        if event is not None:
            engine_events.take(event)
            has_summary = has_summary or isinstance(event, events.Summary)
    if not has_summary:
        message = process_result.stderr.strip()[-_MESSAGE_CHARACTERS:] or f"status {process_result.returncode}"
        raise EngineError(Fault(path=f"stack {session.stack}", message="the state was not analysed", got=message))
