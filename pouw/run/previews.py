"""Previews of many stacks side by side: every one runs to its end, and each failure is a result like any other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pouw.engine import resolution
from pouw.engine.outcome import Outcome, refused
from pouw.engine.process import Halt
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.errors import ExitCode, PouwError
from pouw.home import Home
from pouw.progress import Progress
from pouw.run import bring_up, stacks

_MEMORY_BYTES = 1 << 30
"""What one preview takes at most: the engine, the program with the SDKs of two clouds, and their plugins."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A stack or an example to preview."""

    name: str
    project: Project

    @property
    def is_example(self) -> bool:
        """Whether it can only ever be previewed."""
        return self.project.examples is not None


def every() -> list[Target]:
    """All stacks, then all examples."""
    places = (Project(), stacks.EXAMPLES)
    return [Target(name=name, project=project) for project in places for name in stacks.names(project)]


def named(names: Sequence[str]) -> list[Target]:
    """Stacks, or examples where no stack has the name. A name that nothing has is refused when it is previewed."""
    return [Target(name=name, project=stacks.project_of(name)) for name in names]


def run(targets: Sequence[Target], progress: Progress) -> list[Outcome]:
    """Preview them, as many at a time as the machine has room for; results in the order of ``targets``.

    Raises:
        PouwError: there is no engine.
    """
    failed: dict[Target, Outcome] = {}
    sizes: dict[Target, int] = {}
    for target in targets:
        try:
            settings = bring_up.ready_to_preview(target.name, target.project)
        except PouwError as error:
            failed[target] = refused("preview", target.name, error)
        else:
            sizes[target] = sum(site.managed for site in settings.sites)
    outcomes = failed | (_run(sorted(sizes, key=lambda one: -sizes[one]), progress) if sizes else {})
    return [replace(outcomes[target], example=target.is_example) for target in targets]


def _run(targets: Sequence[Target], progress: Progress) -> dict[Target, Outcome]:
    """The longest first, so that the last to end is a short one."""
    engine = resolution.resolve(progress, home=Home.from_environment(os.environ))
    halt = Halt()
    with halt.on_signals(), ThreadPoolExecutor(_room(len(targets))) as workers:
        begun = {target: workers.submit(_one, target, engine, progress, halt) for target in targets}
        return {target: result.result() for target, result in begun.items()}


def _one(target: Target, engine: Engine, progress: Progress, halt: Halt) -> Outcome:
    if halt.asked:
        return refused("preview", target.name, PouwError(code=ExitCode.INTERRUPTED))
    try:
        return bring_up.preview(target.name, progress, project=target.project, engine=engine, halt=halt)
    except PouwError as error:
        return refused("preview", target.name, error)


def _room(count: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, cores, _memory_bytes() // _MEMORY_BYTES))


def _memory_bytes() -> int:
    """What may be used without anything having to leave; plenty where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 1 << 62
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
