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
from pouw.engine.session import Session, open_session
from pouw.engine.stack_configuration import ExtraConfig
from pouw.errors import EngineError
from pouw.home import Home
from pouw.locks import FileLock
from pouw.progress import Progress, Step


class Operation(StrEnum):
    """An operation of the engine on a stack."""

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
_STOPPING_NOTE = "stopping: operations that have started are finished or rolled back"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One run of the engine on one stack."""

    operation: Operation
    stack: str
    policy_packs: Sequence[Path] = ()
    policy_configs: Sequence[Path] = ()
    """One JSON file per pack, or no file."""
    extra_config: ExtraConfig = field(default_factory=dict)
    refresh: bool = False
    """Read every resource first."""
    targets: Sequence[str] = ()
    """URNs; only these are touched."""
    digest: bool = False
    """True if a preview prints its plan as JSON, with the line of the program that declared each resource."""
    parallel: int | None = None
    unprotect: bool = False
    """True if a destroy first removes the engine's protection; without, it refuses a stack with protected resources."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables for the program and the plugins that override those of the home."""
    halt: Halt | None = None
    """Interrupts a run outside of the main thread, where no signal arrives."""


def run(
    request: Request,
    engine: Engine,
    progress: Progress,
    *,
    home: Home,
    project: Project | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
    on_output: Callable[[bytes], None] = lambda _: None,
) -> Outcome:
    """Run one operation. A failure of the stack is an outcome with its faults, and so is an interrupt.

    Raises:
        ConfigurationError: unknown stack or malformed file.
        EngineError: it cannot start: another run holds the stack (BUSY), a killed run cannot be recovered, or a destroy
            concerns protected resources.
    """
    operation, stack = request.operation, request.stack
    recorder = Recorder(operation=operation.value, stack=stack)
    with (
        _open(request, engine, project or Project(), progress, home) as (session, lock),
        fault_log.open_log(session.config.folder) as faults,
        progress.step(f"{_TITLES[operation]} {stack}") as step,
    ):
        if operation is Operation.DESTROY:
            _release(session, unprotect=request.unprotect)
        display = _ProgressDisplay(step=step)

        def take(event: Event) -> None:
            recorder.take(event)
            display.take(event)
            on_event(event)

        invocation = session.invocation(*arguments(request, session.config.path))
        ending = process.run(
            replace(invocation, environment={**invocation.environment, fault_log.VARIABLE: str(faults)}),
            on_event=take,
            on_output=on_output,
            on_start=lock.child_started if lock else lambda _: None,
            on_interrupt=lambda: step.update(_STOPPING_NOTE),
            inherits=session.inherits,
            scratch=session.config.folder,
            halt=request.halt,
        )
        return recorder.outcome(ending, fault_log.read(faults))


def _release(session: Session, *, unprotect: bool) -> None:
    """Check protected resources before a destroy, because the engine deletes all other resources before it refuses."""
    protected = session.protected()
    if protected and not unprotect:
        names = [urn.rpartition("::")[2] for urn in protected]
        raise EngineError(
            Fault(
                path=f"stack {session.stack}",
                message="holds resources that are protected from deletion; nothing was deleted",
                got=", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else ""),
                expected="none",
                remedy=f"`pouw down {session.stack} --unprotect` removes their protection first",
            )
        )
    if protected:
        session.unprotect()


@contextmanager
def _open(
    request: Request, engine: Engine, project: Project, progress: Progress, home: Home
) -> Iterator[tuple[Session, FileLock | None]]:
    """Yield the stack for a run; for a preview a copy of it, which needs no lock."""
    if request.operation is Operation.PREVIEW:
        with opened_for_preview(
            request.stack,
            engine,
            extra=request.extra_config,
            project=project,
            progress=progress,
            home=home,
            environment=request.environment,
        ) as session:
            yield session, None
        return
    with open_session(
        request.stack,
        engine,
        operation=request.operation.value,
        extra=request.extra_config,
        project=project,
        progress=progress,
        home=home,
        environment=request.environment,
    ) as (session, lock):
        yield session, lock


def outputs(
    stack: str, engine: Engine, *, home: Home, project: Project | None = None, secrets: bool = False
) -> Mapping[str, Any]:
    """Return the outputs of the last run from the state; secrets in plain text only with ``secrets``.

    Raises:
        ConfigurationError: unknown stack.
        EngineError: the stack was never brought up.
    """
    import json

    session = Session.of(stack, engine, project or Project(), home=home)
    try:
        text = session.ask("stack", "output", "--json", *(["--show-secrets"] if secrets else []))
    except EngineError as error:
        if session.exists():
            raise
        fault = Fault(
            path=f"stack {stack}",
            message="was never brought up",
            got=f"no state of it in {session.backend.url}",
            expected="a stack that was brought up",
            remedy=f"run `pouw up {stack}`, or set PULUMI_BACKEND_URL to the backend that has it",
        )
        raise EngineError(fault) from error
    result: Mapping[str, Any] = json.loads(text)
    return result


def arguments(request: Request, config_file: Path) -> list[str]:
    """Return the CLI's arguments for a request, without those of every call."""
    operation = request.operation
    result = [operation.value, "--config-file", str(config_file), "--suppress-outputs", "--suppress-progress"]
    if operation is Operation.PREVIEW:
        result += ["--json"] if request.digest else []
    else:
        result += ["--yes", "--skip-preview"]
    if operation in _RUNS_PROGRAM:
        result += [part for pack in request.policy_packs for part in ("--policy-pack", str(pack))]
        result += [part for config in request.policy_configs for part in ("--policy-pack-config", str(config))]
    if request.refresh and operation is not Operation.REFRESH:
        result.append("--refresh")
    if request.parallel is not None:
        result += ["--parallel", str(request.parallel)]
    return result + [part for urn in request.targets for part in ("--target", urn)]


@dataclass(kw_only=True)
class _ProgressDisplay:
    """Events as progress of a step."""

    step: Step
    _completed: int = 0

    def take(self, event: Event) -> None:
        match event:
            case StepStarted(operation="same"):
                pass
            case StepStarted(subject=subject, operation=word):
                self.step.update(f"{word} {subject}", completed=self._completed)
            case StepEnded():
                self._completed += 1
                self.step.update(completed=self._completed)
            case Diagnostic(message=message, subject=subject, passing=True):
                first = message.strip().split("\n", 1)[0]
                self.step.update(f"{subject.name}: {first}" if subject else first)
            case _:
                pass
