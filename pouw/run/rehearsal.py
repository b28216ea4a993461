"""Rehearsals: a stack is brought up, changed and destroyed in a simulated cloud, through the real engine.

A rehearsal differs from the real run in its home, which is made here and nowhere else: its own state folder with its
own backend, the variable that switches our plugins to simulation, and no credentials. Only our plugins are available,
even where official ones are installed. A plugin without that variable never simulates.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from infra.faults import Fault, choices
from pouw.engine import operation, pulumi_home, resolution, stack_lock
from pouw.engine.operation import Operation, Request
from pouw.engine.plugins.core.changes import parse_path
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.simulation import VARIABLE, Record, SimulatedCloud
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.stack_configuration import ExtraConfig
from pouw.errors import ExitCode, PouwError
from pouw.gate import stack_policy
from pouw.home import CACHE_VARIABLE, STATE_VARIABLE, Home
from pouw.images import stack_images
from pouw.progress import Progress
from pouw.run import extra_configuration, previews, stacks
from pouw.run.admission import Admission
from pouw.run.result import Result

BANNER: Final = "REHEARSAL: a simulated cloud; no account is used, and nothing real is created or changed"
_CREDENTIALS: Final = (
    "AWS_",
    "AZURE_",
    "ARM_",
    "GOOGLE_",
    "GCLOUD_",
    "CLOUDSDK_",
    "DOCKER_",
    "KUBE",
    "PULUMI_",
    "GITHUB_",
)
"""Prefixes of variables that a rehearsal does not pass to the engine."""
_PASSED: Final = ("PULUMI_PYTHON_CMD",)
_WORD: Final = "rehearsal"
_ENCRYPTION_KEYS: Final = ("secretsprovider", "encryptedkey", "encryptionsalt")

Run: TypeAlias = Callable[[Request, Engine], Result]


class RehearsalError(PouwError):
    """A resource that the rehearsal does not hold, or a name of several resources."""

    code = ExitCode.USAGE


class RehearsedProject(Project):
    """The project without its secrets: each encrypted value reads ``rehearsal``."""

    @property
    def is_without_state(self) -> bool:
        """False: the state of a rehearsed example is in the rehearsal."""
        return False

    def stack_settings(self, stack: str) -> Mapping[str, Any]:
        """Return the stack's file without encrypted values and without its encryption."""
        settings = super().stack_settings(stack)
        values = settings.get("config") or {}
        config = {key: value for key, value in values.items() if not _is_encrypted(value)}
        unencrypted = {key: value for key, value in settings.items() if key not in _ENCRYPTION_KEYS}
        return {**unencrypted, "config": config}

    def placeholders(self, stack: str) -> ExtraConfig:
        """Return a secret for each encrypted value."""
        values = super().stack_settings(stack).get("config") or {}
        return {key: (_WORD, True) for key, value in values.items() if _is_encrypted(value)}


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """The rehearsal of one stack. All of its files are below the state folder of its home."""

    stack: str
    project: RehearsedProject
    home: Home

    @classmethod
    def of(cls, stack: str, home: Home, project: Project | None = None) -> Rehearsal:
        """Return the rehearsal of a stack or example, below the state folder of ``home``.

        Raises:
            ConfigurationError: the stack does not exist.
        """
        project = project or stacks.project_of(stack)
        rehearsed = RehearsedProject(root=project.root, examples=project.examples)
        rehearsed.stack_file(stack)
        folder = home.state / _WORD / rehearsed.name / stack
        return cls(stack=stack, project=rehearsed, home=_rehearsal_home(folder, home))

    @property
    def root(self) -> Path:
        """The folder of the rehearsal."""
        return self.home.state

    @property
    def cloud(self) -> SimulatedCloud:
        """The simulated cloud with its resources."""
        return SimulatedCloud(self.root / "cloud")

    def run(
        self, kind: Operation, progress: Progress, *, engine: Engine | None = None, unprotect: bool = False
    ) -> Result:
        """Run the engine without gates; see :meth:`run_through`."""
        return self.run_through(self.ungated(progress), kind, progress, engine=engine, unprotect=unprotect)

    def ungated(self, progress: Progress) -> Run:
        """Return the function that runs the engine without gates."""

        def run(request: Request, engine: Engine) -> Result:
            outcome = operation.run(request, engine, progress, project=self.project, home=self.home)
            return Result(operation=request.operation, outcome=outcome)

        return run

    def run_through(
        self,
        run: Run,
        kind: Operation,
        progress: Progress,
        *,
        engine: Engine | None = None,
        extra: ExtraConfig | None = None,
        unprotect: bool = False,
    ) -> Result:
        """Call ``run`` with the rehearsal's request and engine. A destroy that succeeds removes the rehearsal.

        ``extra`` is configuration that the stack's file does not hold.
        """
        (self.root / "engine" / "backend").mkdir(parents=True, exist_ok=True, mode=0o700)
        resolved = engine or resolution.resolve(progress, home=self.home)
        configuration = {**self.project.placeholders(self.stack), **(extra or {})}
        request = Request(operation=kind, stack=self.stack, extra_config=configuration, unprotect=unprotect)
        result = run(request, with_embedded_plugins(resolved, self.home))
        if kind is Operation.DESTROY and result.ok:
            self._remove()
        return result

    def drift(self, resource: str, path: str, value: Value) -> Record:
        """Change a property of a resource without the engine, as a user of a cloud's console does; None removes it.

        ``resource`` is its name in the program, or its URN.

        Raises:
            RehearsalError: no resource, or more than one, matches.
        """
        record = self._resource(resource)
        steps = parse_path(path)
        drifted = replace(
            record, inputs=_replaced(record.inputs, steps, value), outputs=_replaced(record.outputs, steps, value)
        )
        with self.cloud.transaction() as transaction:
            transaction.save(drifted)
        return drifted

    def vanish(self, resource: str) -> Record:
        """Delete a resource without the engine. Raises RehearsalError as :meth:`drift` does."""
        record = self._resource(resource)
        with self.cloud.transaction() as transaction:
            transaction.remove(record)
        return record

    def discard(self) -> None:
        """Remove the rehearsal without the engine, with protected resources.

        Raises:
            EngineError: a run holds the rehearsal (BUSY).
        """
        if self.root.exists():
            lock = self.root / "engine" / "locks" / f"{self.project.name}.{self.stack}.lock"
            with stack_lock.hold(lock, stack=self.stack, operation="discard"):
                self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self.root)
        for folder in self.root.parents[:2]:  # of the project, and of all rehearsals
            with contextlib.suppress(OSError):  # not empty: it holds the rehearsal of another stack
                folder.rmdir()

    def _resource(self, name: str) -> Record:
        records = self.cloud.records()
        matches = [record for record in records if name in (record.urn, _program_name(record))]
        if len(matches) == 1:
            return matches[0]
        candidates = [record.urn for record in matches] or sorted({_program_name(record) for record in records})
        raise RehearsalError(
            Fault(
                path=f"rehearsal of {self.stack}",
                message="several resources have this name" if matches else "holds no such resource",
                got=repr(name),
                expected=f"one of {choices(candidates, name)}" if candidates else "a resource, but it holds none",
                remedy="use its URN"
                if matches
                else f"`pouw up {self.stack} --rehearse` creates the resources of the stack",
            )
        )


def _program_name(record: Record) -> str:
    return record.urn.rpartition("::")[2]


def _rehearsal_home(folder: Path, home: Home) -> Home:
    """Return the home of a rehearsal: another state folder, the same cache, and an environment without credentials."""
    passed = {
        name: value for name, value in home.environment.items() if name in _PASSED or not name.startswith(_CREDENTIALS)
    }
    environment = {
        **passed,
        STATE_VARIABLE: str(folder),
        CACHE_VARIABLE: str(home.cache),
        VARIABLE: str(folder / "cloud"),
        "PULUMI_BACKEND_URL": (folder / "engine" / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": _WORD,
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    return Home(state=folder, cache=home.cache, environment=environment)


def with_embedded_plugins(engine: Engine, home: Home) -> Engine:
    """Return the engine with our plugins only: an official plugin would change a real cloud."""
    if engine.kind == "built":
        return engine
    plugins = pulumi_home.install(None, plugins=pulumi_home.embedded_plugins(), root=home.cache / "engine")
    return replace(engine, home=plugins.path, plugin_programs=None)


def rehearse(kind: Operation, stack: str, progress: Progress, *, home: Home, unprotect: bool = False) -> Result:
    """Rehearse an operation on one of the repository's stacks or examples, behind the same gates as a real run.

    Raises:
        PouwError: as the real operation does.
    """
    project = stacks.project_of(stack)
    settings = previews.checked_settings(stack, project)
    rehearsal = Rehearsal.of(stack, home, project)

    def gated(request: Request, engine: Engine) -> Result:
        admission = Admission(
            settings=settings,
            policy=stack_policy.load(stack, settings),
            engine=engine,
            home=rehearsal.home,
            progress=progress,
            project=rehearsal.project,
        )
        return admission.up(request) if kind is Operation.UP else admission.preview(request)

    references = stack_images.references(settings)
    return rehearsal.run_through(
        gated if kind in (Operation.UP, Operation.PREVIEW) else rehearsal.ungated(progress),
        kind,
        progress,
        extra=extra_configuration.for_program(stack, settings, references, home=rehearsal.home, project=project),
        unprotect=unprotect,
    )


def read_value(text: str) -> Value:
    """Return the value of a command-line argument: JSON, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_encrypted(value: object) -> bool:
    return isinstance(value, Mapping) and "secure" in value


def _replaced(values: Mapping[str, Value], path: Sequence[str | int], value: Value) -> dict[str, Value]:
    """Return a copy of the mapping with the value at a path replaced, or removed if it is None."""
    step, *below = path
    key = str(step)
    if below:
        return {**values, key: _replaced_below(values.get(key), below, value)}
    unchanged = {name: entry for name, entry in values.items() if name != key}
    return unchanged if value is None else {**unchanged, key: value}


def _replaced_below(before: Value, path: Sequence[str | int], value: Value) -> Value:
    if isinstance(path[0], int):
        items = list(before) if isinstance(before, list) else []
        index = min(path[0], len(items))
        items[index : index + 1] = [value if len(path) == 1 else _replaced_below(items[index], path[1:], value)]
        return items
    return _replaced(before if isinstance(before, Mapping) else {}, path, value)
