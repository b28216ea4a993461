"""A stack that is ready for a run: locked, its backend chosen, its configuration composed, a killed run recovered."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from infra.faults import Fault
from pouw import files
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
from pouw.home import Home
from pouw.locks import FileLock, Holder
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
    """Content of the repository's file."""
    environment: Mapping[str, str]
    """Complete environment of every call, the program and the plugins."""
    inherits: Sequence[int] = ()
    """File descriptors that every call inherits: the stack's lock lasts as long as a call that a killed run began."""

    @classmethod
    def of(
        cls,
        stack: str,
        engine: Engine,
        project: Project,
        *,
        home: Home,
        environment: Mapping[str, str] | None = None,
    ) -> Session:
        """Return the session of a stack. ``environment`` overrides that of the home.

        Raises:
            ConfigurationError: unknown stack or malformed file.
            EngineError: secrets without their passphrase.
        """
        settings = project.stack_settings(stack)
        variables = {**engine.environment(home.environment), **(environment or {})}
        backend = backends.choose(
            stack, definition=project.definition(), settings=settings, home=home, environment=variables
        )
        variables = {key: value for key, value in variables.items() if key not in backend.drops}
        config = StackConfig(folder=home.state / "engine" / "stacks" / project.name / stack)
        return cls(
            engine=engine,
            project=project,
            stack=stack,
            backend=backend,
            config=config,
            settings=settings,
            environment={**variables, **backend.environment},
        )

    def invocation(self, *arguments: str, directory: Path | None = None) -> Invocation:
        """Return a call of the CLI on this stack."""
        return Invocation(
            program=self.engine.path,
            arguments=[*arguments, "--stack", self.stack, "--non-interactive", "--color", "never"],
            directory=directory or self.project.root,
            environment=self.environment,
        )

    def ask(self, *arguments: str, text: str = "", directory: Path | None = None) -> str:
        """Run a short command and return its output.

        Raises:
            EngineError: it failed; the fault has its messages.
        """
        result = process.query(self.invocation(*arguments, directory=directory), text=text, inherits=self.inherits)
        if result.returncode != 0:
            errors = printed_errors(result.stderr) or [result.stderr.strip()[-600:] or f"status {result.returncode}"]
            command = " ".join(arguments[:2])
            raise EngineError(
                Fault(path=f"stack {self.stack}", message=f"pulumi {command} failed", got="; ".join(errors))
            )
        return result.stdout

    def prepare(self, extra: ExtraConfig) -> None:
        """Create the stack in its backend if it is new, and compose its configuration."""
        for folder in self.backend.folders(self.project.name):
            interrupted.drop_torn_attributes(folder)
        salt = {} if self.exists() else self._init()
        # The content of the passphrase file is only the key of the fingerprints of secrets.
        passphrase = self.backend.environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
        key = Path(passphrase).read_bytes() if passphrase else self.stack.encode()
        self.config.write(self.settings, extra, key=key, salt=salt, encrypt=self._encrypt)

    def recover(self, killed: Holder | None, progress: Progress) -> None:
        """Repair the effects of a killed run: its lock, a damaged state, operations without a recorded end.

        Raises:
            EngineError: the resources concerned cannot be read, so the next run could create them twice.
        """
        project = self.project.name
        state = self.backend.state_file(project, self.stack)
        if state is not None:
            _remove_stale_locks(self.backend.lock_folder(project, self.stack))
            interrupted.repair(state)
        unread = self._unread()
        deployment = self._deployment(state, is_needed=killed is not None or bool(unread)) or {}
        plan = interrupted.plan(deployment)
        if plan.is_needed:
            unread = [*unread, *(adoption.urn for adoption in plan.adopt), *plan.reread]
            files.write_private(self._unread_file, json.dumps(unread))
            exported = json.loads(self.ask("stack", "export"))
            deployment = exported["deployment"] = interrupted.adopted(exported["deployment"], plan)
            self.ask("stack", "import", text=json.dumps(exported))
        if urns := interrupted.present(deployment, unread):
            with progress.step(f"Reading resources of a killed run of {self.stack}") as step:
                step.update(f"{len(urns)} resources")
                self._reread(urns)
        self._unread_file.unlink(missing_ok=True)

    def protected(self) -> list[str]:
        """Return the URNs of resources that the engine refuses to delete."""
        deployment = self._deployment(self.backend.state_file(self.project.name, self.stack), is_needed=True) or {}
        return [str(resource["urn"]) for resource in deployment.get("resources") or [] if resource.get("protect")]

    def unprotect(self) -> None:
        """Let the engine delete every resource. A resource that a cloud protects stays protected there."""
        self.ask("state", "unprotect", "--all", "--yes")

    @property
    def _unread_file(self) -> Path:
        return self.config.folder / "unread.json"

    def _unread(self) -> list[str]:
        """Return the resources of an earlier recovery that was killed between their adoption and their reading."""
        if not self._unread_file.exists():
            return []
        try:
            urns = json.loads(self._unread_file.read_text(encoding="utf-8"))
        except ValueError:
            return []  # a run was killed while it wrote the file; its resources are still pending in the state
        return [str(urn) for urn in urns]

    def _deployment(self, state: Path | None, *, is_needed: bool) -> Mapping[str, Any] | None:
        """Return the state. A backend that is not a folder is only read if ``is_needed``, because that takes time."""
        if state is not None:
            checkpoint = interrupted.read_state(state)
            return (checkpoint or {}).get("latest")
        return json.loads(self.ask("stack", "export"))["deployment"] if is_needed else None

    def _reread(self, urns: Sequence[str]) -> None:
        targets = [argument for urn in urns for argument in ("--target", urn)]
        self.ask("refresh", "--yes", "--skip-preview", "--config-file", str(self.config.path), *targets)

    def exists(self) -> bool:
        """True if the backend has the stack."""
        if self.backend.folder is not None:
            return bool(self.backend.state_files(self.project.name, self.stack))
        return any(entry.get("name") == self.stack for entry in json.loads(self._list()))

    def _list(self) -> str:
        listing = self.invocation("stack", "ls", "--json")
        without_stack = [argument for argument in listing.arguments if argument not in ("--stack", self.stack)]
        result = process.query(
            Invocation(
                program=listing.program,
                arguments=without_stack,
                directory=listing.directory,
                environment=listing.environment,
            )
        )
        if result.returncode != 0:
            errors = "; ".join(printed_errors(result.stderr)) or result.stderr.strip()[-600:]
            remedy = "check PULUMI_BACKEND_URL or `pulumi login`"
            raise EngineError(
                Fault(path=self.backend.url, message="the backend cannot be read", got=errors, remedy=remedy)
            )
        return result.stdout

    def _init(self) -> Mapping[str, Any]:
        """Create the stack in a scratch project, because the CLI writes the new salt beside the project."""
        folder = self.config.folder / "new"
        shutil.rmtree(folder, ignore_errors=True)  # left behind by a killed run
        folder.mkdir(parents=True, mode=0o700)
        project = yaml.safe_dump({"name": self.project.name, "runtime": "python"})
        (folder / "Pulumi.yaml").write_text(project, encoding="utf-8")
        arguments = ["stack", "init", "--no-select"]
        if provider := self.settings.get("secretsprovider"):
            arguments += ["--secrets-provider", str(provider)]
        self.ask(*arguments, directory=folder)
        salt_file = folder / f"Pulumi.{self.stack}.yaml"
        salt = yaml.safe_load(salt_file.read_text(encoding="utf-8")) if salt_file.exists() else None
        shutil.rmtree(folder)
        return salt or {}

    def _encrypt(self, key: str, text: str) -> None:
        self.ask("config", "set", "--secret", key, "--config-file", str(self.config.path), text=text)


@contextmanager
def open_session(
    stack: str,
    engine: Engine,
    *,
    operation: str,
    extra: ExtraConfig,
    project: Project,
    progress: Progress,
    home: Home,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[Session, FileLock]]:
    """Hold the stack, ready for a run. ``environment`` overrides that of the home.

    Raises:
        ConfigurationError: unknown stack or malformed file.
        EngineError: another run holds it (BUSY), or it cannot be recovered.
    """
    session = Session.of(stack, engine, project, home=home, environment=environment)
    with stack_lock.hold(lock_file(project, stack, home), stack=stack, operation=operation) as lock:
        session = replace(session, inherits=(lock.handle,))
        session.prepare(extra)
        session.recover(lock.killed, progress)
        yield session, lock


def lock_file(project: Project, stack: str, home: Home) -> Path:
    """Return the file whose lock a run holds while it works on the stack."""
    return home.state / "engine" / "locks" / f"{project.name}.{stack}.lock"


def _remove_stale_locks(folder: Path | None) -> None:
    """Remove the engine's locks of processes that have ended. This run holds the stack, so no other run is alive."""
    for path in folder.glob("*.json") if folder is not None and folder.exists() else ():
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            content = {}  # a killed run wrote it
        is_remote = content.get("hostname", socket.gethostname()) != socket.gethostname()
        if is_remote or is_running(int(content.get("pid", 0))):
            continue
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".attrs").unlink(missing_ok=True)
