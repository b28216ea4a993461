"""Previews of one stack, and of many side by side: each runs to its end, and a failure is a result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.settings.stack import Settings
from pouw.engine import resolution
from pouw.engine.operation import Operation, Request
from pouw.engine.process import Halt
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.errors import EngineError, ExitCode, PouwError
from pouw.gate import stack_policy
from pouw.home import Home
from pouw.images import stack_images
from pouw.progress import Progress
from pouw.run import extra_configuration, key_seeds, sdks, stacks
from pouw.run.admission import Admission
from pouw.run.result import Result, failed_start

_MEMORY_BYTES = 1 << 30
"""The most memory of one preview: the engine, the program with the SDKs of two clouds, and their plugins."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A stack or an example to preview."""

    name: str
    project: Project

    @property
    def is_example(self) -> bool:
        """True for an example, which is never brought up."""
        return self.project.examples is not None


def all_targets() -> list[Target]:
    """Return all stacks, then all examples."""
    projects = (stacks.REPOSITORY_PROJECT, stacks.EXAMPLES)
    return [Target(name=name, project=project) for project in projects for name in stacks.names(project)]


def targets(names: Sequence[str]) -> list[Target]:
    """Return the stacks of these names, or the examples. An unknown name is refused when it is previewed."""
    return [Target(name=name, project=stacks.project_of(name)) for name in names]


def checked_settings(stack: str, project: Project = stacks.REPOSITORY_PROJECT) -> Settings:
    """Return the stack's settings, after the checks that need no engine.

    Raises:
        PouwError: with all faults of the configuration, or with all SDKs that are missing.
    """
    settings = stacks.settings(stack, project=project)
    if faults := list(sdks.faults(settings)):
        raise EngineError(*faults)
    return settings


def preview_request(
    stack: str, settings: Settings, project: Project, *, home: Home, halt: Halt | None = None
) -> Request:
    """Return the request of a preview, without the policy pack."""
    extra = extra_configuration.for_program(
        stack,
        settings,
        stack_images.references(settings),
        home=home,
        project=project,
        seed=key_seeds.seed_for_preview,
    )
    return Request(operation=Operation.PREVIEW, stack=stack, extra_config=extra, halt=halt)


def preview(
    stack: str,
    progress: Progress,
    *,
    home: Home,
    project: Project = stacks.REPOSITORY_PROJECT,
    engine: Engine | None = None,
    halt: Halt | None = None,
) -> Result:
    """Return the changes that ``up`` would make. Starts nothing, and writes nothing but its evidence.

    ``halt`` interrupts the preview outside of the main thread.

    Raises:
        PouwError: the configuration is wrong, or this machine lacks a requirement.
    """
    settings = checked_settings(stack, project)
    admission = Admission(
        settings=settings,
        policy=stack_policy.load(stack, settings),
        engine=engine or resolution.resolve(progress, home=home),
        home=home,
        progress=progress,
        project=project,
    )
    return admission.preview(preview_request(stack, settings, project, home=home, halt=halt))


def run(selected: Sequence[Target], progress: Progress, *, home: Home) -> list[Result]:
    """Preview the targets, as many at a time as fit on the machine; return the results in their order.

    Raises:
        PouwError: no engine is available.
    """
    failures: dict[Target, Result] = {}
    sizes: dict[Target, int] = {}
    for target in selected:
        try:
            settings = checked_settings(target.name, target.project)
        except PouwError as error:
            failures[target] = _failure(target, error)
        else:
            sizes[target] = sum(site.managed for site in settings.sites)
    by_size = sorted(sizes, key=lambda target: -sizes[target])
    results = failures | (_run(by_size, progress, home) if by_size else {})
    return [results[target] for target in selected]


def _run(selected: Sequence[Target], progress: Progress, home: Home) -> dict[Target, Result]:
    """Preview the largest target first, so that the last one to end is small."""
    engine = resolution.resolve(progress, home=home)
    halt = Halt()

    def run_one(target: Target) -> Result:
        if halt.is_requested:
            return _failure(target, PouwError(code=ExitCode.INTERRUPTED))
        try:
            return preview(target.name, progress, home=home, project=target.project, engine=engine, halt=halt)
        except PouwError as error:
            return _failure(target, error)

    with halt.on_signals(), ThreadPoolExecutor(_parallelism(len(selected))) as workers:
        return dict(zip(selected, workers.map(run_one, selected), strict=True))


def _failure(target: Target, error: PouwError) -> Result:
    return failed_start(Operation.PREVIEW, target.name, error, is_example=target.is_example)


def _parallelism(count: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, cores, _available_memory_bytes() // _MEMORY_BYTES))


def _available_memory_bytes() -> int:
    """Return the memory that is available without swapping; unlimited where the system does not report it."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 1 << 62
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
