"""Preview, up, destroy and refresh of a stack: one call, one result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from infra.faults import Fault
from pouw.engine import fault_log, process
from pouw.engine.events import Diagnostic, Event, StepEnded, StepStarted
from pouw.engine.outcome import Outcome, Recorder
from pouw.engine.preview_copy import opened_for_preview
from pouw.engine.process import Halt
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import Session, opened
from pouw.engine.stack_configuration import ExtraConfig
from pouw.engine.stack_lock import RunLock
from pouw.errors import EngineError
from pouw.progress import Progress, Step


class Operation(StrEnum):
    """What to do with a stack."""

    PREVIEW = "preview"
    UP = "up"
    DESTROY = "destroy"
    REFRESH = "refresh"


_TITLES: Mapping[Operation, str] = {
    Operation.PREVIEW: "Previewing",
    Operation.UP: "Bringing up",
    Operation.DESTROY: "Taking down",
    Operation.REFRESH: "Reading",
}
_RUNS_PROGRAM = frozenset({Operation.PREVIEW, Operation.UP})
_STOPPING_NOTE = "stopping: what is under way is finished or given back"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One run of the engine on one stack."""

    operation: Operation
    stack: str
    policy_packs: Sequence[Path] = ()
    policy_configs: Sequence[Path] = ()
    """A JSON file for each of the packs, or none at all."""
    extra_config: ExtraConfig = field(default_factory=dict)
    refresh: bool = False
    """Read every resource first."""
    targets: Sequence[str] = ()
    """URNs; only these are touched."""
    digest: bool = False
    """Have a preview print its plan as JSON, with the line of the program that declared each resource."""
    parallel: int | None = None
    unprotect: bool = False
    """Whether a destroy takes the engine's protection away first; without, it refuses a stack that has any."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Told to the program and the plugins on top of this process's environment."""
    halt: Halt | None = None
    """What interrupts a run outside the main thread, where no signal arrives."""


def run(
    request: Request,
    engine: Engine,
    progress: Progress,
    *,
    project: Project | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
    on_output: Callable[[bytes], None] = lambda _: None,
) -> Outcome:
    """Do it. A failure of the stack is an outcome with its faults; an interrupt is one with code INTERRUPTED.

    Raises:
        ConfigurationError: unknown stack or malformed file.
        EngineError: it could not be begun: held by another run (BUSY), a killed run's traces that cannot be cleared, or
            a destroy of what is protected.
    """
    operation, stack = request.operation, request.stack
    recorder = Recorder(operation=operation.value, stack=stack)
    with (
        _opened(request, engine, project or Project(), progress) as (session, lock),
        fault_log.opened(session.config.folder) as faults,
        progress.step(f"{_TITLES[operation]} {stack}") as step,
    ):
        if operation is Operation.DESTROY:
            _release(session, unprotect=request.unprotect)
        shown = _Shown(step=step)

        def take(event: Event) -> None:
            recorder.take(event)
            shown.take(event)
            on_event(event)

        invocation = session.invocation(*arguments(request, session.config.path))
        ending = process.run(
            replace(invocation, environment={**invocation.environment, fault_log.VARIABLE: str(faults)}),
            on_event=take,
            on_output=on_output,
            on_start=lock.engine_started if lock else lambda _: None,
            on_interrupt=lambda: step.update(_STOPPING_NOTE),
            inherits=(lock.handle,) if lock else (),
            scratch=session.config.folder,
            halt=request.halt,
        )
        return recorder.outcome(ending, fault_log.read(faults))


def _release(session: Session, *, unprotect: bool) -> None:
    """Let a destroy begin. The engine itself deletes all around what is protected before it says that it cannot."""
    held = session.protected()
    if held and not unprotect:
        names = [urn.rpartition("::")[2] for urn in held]
        raise EngineError(
            Fault(
                path=f"stack {session.stack}",
                message="holds resources that are protected from deletion; nothing was deleted",
                got=", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else ""),
                expected="none",
                remedy=f"`pouw down {session.stack} --unprotect` takes their protection away first",
            )
        )
    if held:
        session.unprotect()


@contextmanager
def _opened(
    request: Request, engine: Engine, project: Project, progress: Progress
) -> Iterator[tuple[Session, RunLock | None]]:
    """The stack for this run: a copy of it for a preview, which needs no lock."""
    stack, extra, told = request.stack, request.extra_config, request.environment
    if request.operation is Operation.PREVIEW:
        with opened_for_preview(
            stack, engine, extra=extra, project=project, progress=progress, environment=told
        ) as session:
            yield session, None
        return
    with opened(
        stack,
        engine,
        operation=request.operation.value,
        extra=extra,
        project=project,
        progress=progress,
        environment=told,
    ) as (session, lock):
        yield session, lock


def outputs(stack: str, engine: Engine, *, project: Project | None = None, secrets: bool = False) -> Mapping[str, Any]:
    """The outputs of the last run, from the state; secrets in plain text only when asked for.

    Raises:
        ConfigurationError: unknown stack.
        EngineError: it was never run.
    """
    import json

    session = Session.of(stack, engine, project or Project())
    try:
        said = session.ask("stack", "output", "--json", *(["--show-secrets"] if secrets else []))
    except EngineError as error:
        if session.exists():
            raise
        fault = Fault(
            path=f"stack {stack}",
            message="was never brought up",
            got=f"no state of it in {session.backend.url}",
            expected="a stack that was brought up",
            remedy=f"run `pouw up {stack}`, or choose the backend that has it by PULUMI_BACKEND_URL",
        )
        raise EngineError(fault) from error
    found: Mapping[str, Any] = json.loads(said)
    return found


def arguments(request: Request, config_file: Path) -> list[str]:
    """The CLI's arguments for a request, without those that every call has."""
    operation = request.operation
    told = [operation.value, "--config-file", str(config_file), "--suppress-outputs", "--suppress-progress"]
    if operation is Operation.PREVIEW:
        told += ["--json"] if request.digest else []
    else:
        told += ["--yes", "--skip-preview"]
    if operation in _RUNS_PROGRAM:
        told += [part for pack in request.policy_packs for part in ("--policy-pack", str(pack))]
        told += [part for config in request.policy_configs for part in ("--policy-pack-config", str(config))]
    if request.refresh and operation is not Operation.REFRESH:
        told.append("--refresh")
    if request.parallel is not None:
        told += ["--parallel", str(request.parallel)]
    return told + [part for urn in request.targets for part in ("--target", urn)]


@dataclass(kw_only=True)
class _Shown:
    """Turns events into progress."""

    step: Step
    _done: int = 0

    def take(self, event: Event) -> None:
        match event:
            case StepStarted(operation="same"):
                pass
            case StepStarted(subject=subject, operation=word):
                self.step.update(f"{word} {subject}", completed=self._done)
            case StepEnded():
                self._done += 1
                self.step.update(completed=self._done)
            case Diagnostic(message=message, subject=subject, passing=True):
                first = message.strip().split("\n", 1)[0]
                self.step.update(f"{subject.name}: {first}" if subject else first)
            case _:
                pass
