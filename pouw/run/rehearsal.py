"""Rehearsals: a stack brought up, changed and taken down in a simulated cloud, through the real engine.

What separates a rehearsal from the real thing is its environment, made here and nowhere else: its own state directory
with its own backend, the variable that tells our plugins to simulate, no credentials, and plugins of ours alone, even
where official ones are installed. A plugin that has not been told never simulates.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from infra.faults import Fault, choices
from pouw.engine import operation, pulumi_home, resolution, stack_lock
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.plugins.core.changes import parse_path
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.simulation import VARIABLE, Record, SimulatedCloud
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.stack_configuration import ExtraConfig
from pouw.errors import ExitCode, PouwError
from pouw.gate import admission
from pouw.gate.evaluation import gate_of
from pouw.home import Home
from pouw.images import stack_images
from pouw.paths import state_dir
from pouw.progress import Progress
from pouw.run import bring_up, costs, stacks

BANNER: Final = "REHEARSAL: a simulated cloud; no account is used, nothing real is made or changed"
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
"""Beginnings of variables that a rehearsal does not see."""
_KEPT: Final = ("PULUMI_PYTHON_CMD",)
_WORD: Final = "rehearsal"
_SECRET_KEYS: Final = ("secretsprovider", "encryptedkey", "encryptionsalt")


Through = Callable[[Request, Engine, Progress, Project], Outcome]
"""How the engine is called: as it is, or with a gate in front."""


class RehearsalError(PouwError):
    """A rehearsal that cannot be begun, or a resource that it does not have."""

    code = ExitCode.USAGE


class RehearsedProject(Project):
    """The project without anybody's secrets: each encrypted value reads ``rehearsal``."""

    @property
    def is_without_state(self) -> bool:
        """Never: an example that is rehearsed has its state in the rehearsal."""
        return False

    def stack_settings(self, stack: str) -> Mapping[str, Any]:
        """What the stack's file says, without encrypted values and without who encrypts them."""
        settings = super().stack_settings(stack)
        values = settings.get("config") or {}
        plain = {key: value for key, value in values.items() if not _is_encrypted(value)}
        return {**{key: value for key, value in settings.items() if key not in _SECRET_KEYS}, "config": plain}

    def placeholders(self, stack: str) -> ExtraConfig:
        """A secret in the place of each encrypted value."""
        values = super().stack_settings(stack).get("config") or {}
        return {key: (_WORD, True) for key, value in values.items() if _is_encrypted(value)}


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """One stack's rehearsal. Everything that it keeps is below ``root``."""

    stack: str
    project: RehearsedProject
    root: Path

    @classmethod
    def of(cls, stack: str, project: Project | None = None) -> Rehearsal:
        """The rehearsal of a stack or example.

        Raises:
            ConfigurationError: there is no such stack.
        """
        given = project or stacks.project_of(stack)
        rehearsed = RehearsedProject(root=given.root, examples=given.examples)
        rehearsed.stack_file(stack)
        return cls(stack=stack, project=rehearsed, root=state_dir() / _WORD / rehearsed.name / stack)

    @property
    def cloud(self) -> SimulatedCloud:
        """What the simulated cloud holds."""
        return SimulatedCloud(self.root / "cloud")

    def run(
        self,
        chosen: Operation,
        progress: Progress,
        *,
        engine: Engine | None = None,
        extra: Callable[[], ExtraConfig] = dict,
        through: Through | None = None,
        unprotect: bool = False,
    ) -> Outcome:
        """Run the engine in the rehearsal's own environment. A destroy that succeeds takes all of it away.

        ``extra`` makes configuration that the stack's file does not hold; ``through`` calls the engine, itself unless
        given. Both are called in that environment, too.
        """
        with self._environment():
            alone = embedded_alone(engine or resolution.resolve(progress, home=Home.from_environment(os.environ)))
            told = {**self.project.placeholders(self.stack), **extra()}
            request = Request(operation=chosen, stack=self.stack, extra_config=told, unprotect=unprotect)
            outcome = (through or _plainly)(request, alone, progress, self.project)
        if chosen is Operation.DESTROY and outcome.ok:
            self._remove()
        return outcome

    def drift(self, resource: str, path: str, value: Value) -> Record:
        """Change a resource behind the engine's back, as somebody at a console would; None takes the property away.

        ``resource`` is the name that the program gave it, or its URN.

        Raises:
            RehearsalError: there is no such resource, or several.
        """
        record = self._resource(resource)
        steps = parse_path(path)
        changed = replace(
            record, inputs=_changed(record.inputs, steps, value), outputs=_changed(record.outputs, steps, value)
        )
        with self.cloud.transaction() as held:
            held.put(changed)
        return changed

    def vanish(self, resource: str) -> Record:
        """Delete a resource behind the engine's back. Raises RehearsalError as :meth:`drift` does."""
        record = self._resource(resource)
        with self.cloud.transaction() as held:
            held.remove(record)
        return record

    def discard(self) -> None:
        """Forget the rehearsal without asking the engine, protected resources included.

        Raises:
            EngineError: a run holds it (BUSY).
        """
        if self.root.exists():
            lock = self.root / "engine" / "locks" / f"{self.project.name}.{self.stack}.lock"
            with stack_lock.hold(lock, stack=self.stack, operation="discard"):
                self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self.root)
        for folder in self.root.parents[:2]:  # of the project, and of all rehearsals
            with contextlib.suppress(OSError):  # another stack's is in it
                folder.rmdir()

    def _resource(self, name: str) -> Record:
        there = self.cloud.records()
        found = [one for one in there if name in (one.urn, one.urn.rpartition("::")[2])]
        if len(found) == 1:
            return found[0]
        known = [one.urn for one in found] or sorted({one.urn.rpartition("::")[2] for one in there})
        raise RehearsalError(
            Fault(
                path=f"rehearsal of {self.stack}",
                message="several resources have this name" if found else "holds no such resource",
                got=repr(name),
                expected=f"one of {choices(known, name)}" if known else "a resource, but it holds none",
                remedy="give its URN" if found else f"`pouw up {self.stack} --rehearse` makes what the stack declares",
            )
        )

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """This process, for as long as it runs the engine, is one that knows nothing but the rehearsal."""
        before = dict(os.environ)
        backend = self.root / "engine" / "backend"
        backend.mkdir(parents=True, exist_ok=True, mode=0o700)
        hidden = [name for name in before if name.startswith(_CREDENTIALS) and name not in _KEPT]
        told = {
            "POUW_HOME": str(self.root),
            VARIABLE: str(self.root / "cloud"),
            "PULUMI_BACKEND_URL": backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": _WORD,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        try:
            for name in hidden:
                del os.environ[name]
            os.environ.update(told)
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def embedded_alone(engine: Engine) -> Engine:
    """The engine with our plugins and no others: an official plugin would do what a rehearsal only pretends."""
    if engine.kind == "built":
        return engine
    place = pulumi_home.install(
        None, plugins=pulumi_home.embedded_plugins(), root=Home.from_environment(os.environ).cache / "engine"
    )
    return replace(engine, home=place.path, plugin_programs=None)


def rehearse(chosen: Operation, stack: str, progress: Progress, *, unprotect: bool = False) -> Outcome:
    """Rehearse on one of the repository's stacks or examples, with the gate in front as for real.

    Raises:
        PouwError: as the same operation on the stack itself would.
    """
    given = stacks.project_of(stack)
    settings = bring_up.ready_to_preview(stack, given)
    allowed = partial(costs.within_budget, settings=settings)

    def through(request: Request, engine: Engine, progress: Progress, project: Project) -> Outcome:
        gate = gate_of(stack, settings)
        if chosen is Operation.UP:
            return admission.up(request, gate, engine, progress, allowed=allowed, project=project)
        if chosen is Operation.PREVIEW:
            return allowed(admission.preview(request, gate, engine, progress, project=project))
        return _plainly(request, engine, progress, project)

    return Rehearsal.of(stack, given).run(
        chosen,
        progress,
        extra=lambda: bring_up.extra_config(stack, settings, stack_images.references(settings), project=given),
        through=through,
        unprotect=unprotect,
    )


def _plainly(request: Request, engine: Engine, progress: Progress, project: Project) -> Outcome:
    return operation.run(request, engine, progress, project=project, home=Home.from_environment(os.environ))


def read_value(text: str) -> Value:
    """A value given on a command line: JSON, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_encrypted(value: object) -> bool:
    return isinstance(value, Mapping) and "secure" in value


def _changed(values: Mapping[str, Value], path: Sequence[str | int], value: Value) -> dict[str, Value]:
    step, *rest = path
    key = str(step)
    if rest:
        return {**values, key: _below(values.get(key), rest, value)}
    others = {name: one for name, one in values.items() if name != key}
    return others if value is None else {**others, key: value}


def _below(held: Value, path: Sequence[str | int], value: Value) -> Value:
    if isinstance(path[0], int):
        items = list(held) if isinstance(held, list) else []
        index = min(path[0], len(items))
        items[index : index + 1] = [value if len(path) == 1 else _below(items[index], path[1:], value)]
        return items
    return _changed(held if isinstance(held, Mapping) else {}, path, value)
