"""A stack, opened for one run: locked, its backend chosen, its configuration composed, a killed run cleared."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.faults import Fault
from pouw.engine import backend as backends
from pouw.engine import interrupted, process, stack_lock
from pouw.engine.backend import Backend
from pouw.engine.outcome import printed_errors
from pouw.engine.process import Invocation
from pouw.engine.process_identity import is_running
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.stack_configuration import ExtraConfig, StackConfig
from pouw.errors import EngineError
from pouw.paths import state_dir
from pouw.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Session:
    """One stack with the engine that works on it."""

    engine: Engine
    project: Project
    stack: str
    backend: Backend
    config: StackConfig
    settings: Mapping[str, Any]
    """What the repository's file says."""
    environment: Mapping[str, str]
    """The whole environment of every call, the program and the plugins."""

    @classmethod
    def of(cls, stack: str, engine: Engine, project: Project, environment: Mapping[str, str] | None = None) -> Session:
        """The session of a stack that the project has.

        Raises:
            ConfigurationError: unknown stack or malformed file.
            EngineError: secrets without their passphrase.
        """
        settings = project.stack_settings(stack)
        told = {**engine.environment(), **(environment or {})}
        chosen = backends.choose(stack, definition=project.definition(), settings=settings, environment=told)
        told = {key: value for key, value in told.items() if key not in chosen.drops}
        config = StackConfig(folder=state_dir() / "engine" / "stacks" / project.name / stack)
        return cls(
            engine=engine,
            project=project,
            stack=stack,
            backend=chosen,
            config=config,
            settings=settings,
            environment={**told, **chosen.environment},
        )

    def invocation(self, *arguments: str, directory: Path | None = None) -> Invocation:
        """A call of the CLI on this stack."""
        return Invocation(
            program=self.engine.path,
            arguments=[*arguments, "--stack", self.stack, "--non-interactive", "--color", "never"],
            directory=directory or self.project.root,
            environment=self.environment,
        )

    def ask(self, *arguments: str, text: str = "", directory: Path | None = None) -> str:
        """Run a short command; what it printed.

        Raises:
            EngineError: it failed; the fault carries its own words.
        """
        done = process.query(self.invocation(*arguments, directory=directory), text=text)
        if done.returncode != 0:
            said = printed_errors(done.stderr) or [done.stderr.strip()[-600:] or f"status {done.returncode}"]
            command = " ".join(arguments[:2])
            raise EngineError(
                Fault(path=f"stack {self.stack}", message=f"pulumi {command} failed", got="; ".join(said))
            )
        return done.stdout

    def prepare(self, extra: ExtraConfig) -> None:
        """Make the stack in its backend if it is new, and compose its configuration."""
        for folder in self.backend.folders(self.project.name):
            interrupted.drop_torn_attributes(folder)
        salt = {} if self.exists() else self._init()
        # The passphrase file's own content, never shown: it only keys the fingerprints of secrets.
        passphrase = self.backend.environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
        key = Path(passphrase).read_bytes() if passphrase else self.stack.encode()
        self.config.write(self.settings, extra, key=key, salt=salt, encrypt=self._encrypt)

    def recover(self, killed: stack_lock.Holder | None, progress: Progress) -> None:
        """Undo what a killed run left: its lock, a damaged state, operations that nobody saw end.

        Raises:
            EngineError: the resources concerned cannot be read, so the next run could make them twice.
        """
        project = self.project.name
        state = self.backend.state_file(project, self.stack)
        if state is not None:
            _remove_stale_locks(self.backend.lock_folder(project, self.stack))
            interrupted.repair(state)
        unread = self._unread()
        deployment = self._deployment(state, asked=killed is not None or bool(unread)) or {}
        plan = interrupted.plan(deployment)
        if plan.needed:
            unread = [*unread, *(one.urn for one in plan.adopt), *plan.reread]
            self._unread_file.write_text(json.dumps(unread), encoding="utf-8")
            exported = json.loads(self.ask("stack", "export"))
            deployment = exported["deployment"] = interrupted.adopted(exported["deployment"], plan)
            self.ask("stack", "import", text=json.dumps(exported))
        if urns := interrupted.present(deployment, unread):
            with progress.step(f"Reading what a killed run of {self.stack} was doing") as step:
                step.update(f"{len(urns)} resources")
                self._reread(urns)
        self._unread_file.unlink(missing_ok=True)

    def protected(self) -> list[str]:
        """URNs of what the engine would refuse to delete."""
        deployment = self._deployment(self.backend.state_file(self.project.name, self.stack), asked=True) or {}
        return [str(one["urn"]) for one in deployment.get("resources") or [] if one.get("protect")]

    def unprotect(self) -> None:
        """Let the engine delete all of it. What a cloud protects by itself stays protected there."""
        self.ask("state", "unprotect", "--all", "--yes")

    @property
    def _unread_file(self) -> Path:
        return self.config.folder / "unread.json"

    def _unread(self) -> list[str]:
        """Resources that an earlier recovery adopted and was killed before it could read them."""
        if not self._unread_file.exists():
            return []
        try:
            urns = json.loads(self._unread_file.read_text(encoding="utf-8"))
        except ValueError:
            return []  # killed while it was written: what it would say is still pending in the state
        return [str(urn) for urn in urns]

    def _deployment(self, state: Path | None, *, asked: bool) -> Mapping[str, Any] | None:
        """The state: free where it is a file; elsewhere only looked at when there is a reason."""
        if state is not None:
            checkpoint = interrupted.read_state(state)
            return (checkpoint or {}).get("latest")
        return json.loads(self.ask("stack", "export"))["deployment"] if asked else None

    def _reread(self, urns: Sequence[str]) -> None:
        targets = [argument for urn in urns for argument in ("--target", urn)]
        self.ask("refresh", "--yes", "--skip-preview", "--config-file", str(self.config.path), *targets)

    def exists(self) -> bool:
        """Whether its backend has it."""
        if self.backend.folder is not None:
            return bool(self.backend.state_files(self.project.name, self.stack))
        return any(one.get("name") == self.stack for one in json.loads(self._list()))

    def _list(self) -> str:
        listing = self.invocation("stack", "ls", "--json")
        without_stack = [one for one in listing.arguments if one not in ("--stack", self.stack)]
        done = process.query(
            Invocation(
                program=listing.program,
                arguments=without_stack,
                directory=listing.directory,
                environment=listing.environment,
            )
        )
        if done.returncode != 0:
            said = "; ".join(printed_errors(done.stderr)) or done.stderr.strip()[-600:]
            remedy = "check PULUMI_BACKEND_URL or `pulumi login`"
            raise EngineError(
                Fault(path=self.backend.url, message="the backend cannot be read", got=said, remedy=remedy)
            )
        return done.stdout

    def _init(self) -> Mapping[str, Any]:
        """Make the stack, from a scratch project: the CLI writes the new salt beside the project it is called in."""
        folder = self.config.folder / "new"
        shutil.rmtree(folder, ignore_errors=True)  # a killed run's
        folder.mkdir(parents=True, mode=0o700)
        project = yaml.safe_dump({"name": self.project.name, "runtime": "python"})
        (folder / "Pulumi.yaml").write_text(project, encoding="utf-8")
        arguments = ["stack", "init", "--no-select"]
        if provider := self.settings.get("secretsprovider"):
            arguments += ["--secrets-provider", str(provider)]
        self.ask(*arguments, directory=folder)
        written = folder / f"Pulumi.{self.stack}.yaml"
        salt = yaml.safe_load(written.read_text(encoding="utf-8")) if written.exists() else None
        shutil.rmtree(folder)
        return salt or {}

    def _encrypt(self, key: str, text: str) -> None:
        self.ask("config", "set", "--secret", key, "--config-file", str(self.config.path), text=text)


@contextmanager
def opened(
    stack: str,
    engine: Engine,
    *,
    operation: str,
    extra: ExtraConfig,
    project: Project,
    progress: Progress,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[Session, stack_lock.RunLock]]:
    """Hold the stack, ready for a run. ``environment`` goes on top of this process's.

    Raises:
        ConfigurationError: unknown stack or malformed file.
        EngineError: held by another run (BUSY), or not recoverable.
    """
    session = Session.of(stack, engine, project, environment)
    with stack_lock.hold(lock_file(project, stack), stack=stack, operation=operation) as lock:
        session.prepare(extra)
        session.recover(lock.killed, progress)
        yield session, lock


def lock_file(project: Project, stack: str) -> Path:
    """The file whose lock says that a run of ours works on the stack."""
    return state_dir() / "engine" / "locks" / f"{project.name}.{stack}.lock"


def _remove_stale_locks(folder: Path | None) -> None:
    """Remove the engine's locks whose processes are gone. We hold the stack, so none of ours can be alive."""
    for path in folder.glob("*.json") if folder is not None and folder.exists() else ():
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            content = {}  # cut short by the kill
        elsewhere = content.get("hostname", socket.gethostname()) != socket.gethostname()
        if elsewhere or is_running(int(content.get("pid", 0))):
            continue
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".attrs").unlink(missing_ok=True)
