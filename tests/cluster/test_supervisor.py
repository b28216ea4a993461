"""The supervisor: restarts, adoption, replacement and health."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pouw.cluster import processes, supervisor_plan
from pouw.cluster.components import Component, Probe, to_json
from pouw.cluster.layout import Layout
from pouw.cluster.supervisor import Supervisor
from pouw.cluster.supervisor_plan import Action, Observed

SLEEPER = Component(name="sleeper", program=Path("/bin/sleep"), arguments=("300",), digest="1")


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    layout = Layout(home=tmp_path, run_parent=tmp_path / "run")
    layout.run.mkdir(parents=True)
    layout.root.mkdir()
    yield layout
    processes.end([process.pid for process in processes.of_home(tmp_path)], grace_seconds=0)


@contextlib.asynccontextmanager
async def supervised(layout: Layout, *components: Component) -> AsyncIterator[None]:
    """Run a supervisor in this process. At the end it is dropped as by a kill, and its components keep running."""
    layout.components.write_text(to_json(components))
    task = asyncio.create_task(Supervisor(layout).run())
    try:
        yield
    finally:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for started_task in tasks:
            started_task.cancel()
        await asyncio.gather(task, *tasks, return_exceptions=True)


def running(layout: Layout, name: str = "sleeper") -> int:
    process = processes.leaders(processes.of_home(layout.home)).get(name)
    return process.pid if process else 0


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("not within twenty seconds")


def observed(layout: Layout) -> dict[str, Observed]:
    return supervisor_plan.observed_from_json(layout.observed.read_text()) if layout.observed.exists() else {}


async def test_a_killed_component_is_started_again_and_counted(layout: Layout) -> None:
    async with supervised(layout, SLEEPER):
        await eventually(lambda: running(layout) > 0)
        first = running(layout)
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: running(layout) not in (0, first))
        await eventually(lambda: observed(layout)["sleeper"].pid == running(layout))
        assert observed(layout)["sleeper"].restarts == 1


async def test_the_next_supervisor_adopts_running_components(layout: Layout) -> None:
    async with supervised(layout, SLEEPER):
        await eventually(lambda: running(layout) > 0)
    first = running(layout)
    layout.observed.unlink(missing_ok=True)
    async with supervised(layout, SLEEPER):
        await eventually(lambda: "sleeper" in observed(layout))
        assert running(layout) == first
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: running(layout) not in (0, first))


async def test_a_component_whose_specification_changed_is_replaced(layout: Layout) -> None:
    async with supervised(layout, SLEEPER):
        await eventually(lambda: running(layout) > 0)
        first = running(layout)
        layout.components.write_text(to_json([replace(SLEEPER, arguments=("301",), digest="2")]))
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(lambda: running(layout) not in (0, first))


async def test_a_component_that_is_no_longer_specified_is_ended(layout: Layout) -> None:
    second = replace(SLEEPER, name="other")
    async with supervised(layout, SLEEPER, second):
        await eventually(lambda: running(layout) > 0 and running(layout, "other") > 0)
        layout.components.write_text(to_json([second]))
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(lambda: running(layout) == 0)
        assert running(layout, "other") > 0


async def test_a_component_waits_until_its_dependencies_are_healthy(layout: Layout, tmp_path: Path) -> None:
    gate, permission = tmp_path / "s", tmp_path / "permission"
    listen = f"import socket; s=socket.socket(socket.AF_UNIX); s.bind({str(gate)!r}); s.listen(); time.sleep(300)"
    pause = f"import os, time\nwhile not os.path.exists({str(permission)!r}): time.sleep(0.01)\n"
    first = Component(
        name="first",
        program=Path(sys.executable),
        arguments=("-c", pause + listen),
        probe=Probe(socket=str(gate)),
        digest="1",
    )
    async with supervised(layout, replace(SLEEPER, after=("first",)), first):
        await eventually(lambda: "first" in observed(layout))
        assert not observed(layout)["first"].healthy
        assert running(layout) == 0
        permission.touch()
        await eventually(lambda: running(layout) > 0)
        assert gate.exists()


async def test_a_missing_program_does_not_end_the_supervisor(layout: Layout) -> None:
    absent = Component(name="absent", program=Path("/nowhere/program"), arguments=(), digest="1")
    async with supervised(layout, absent, SLEEPER):
        await eventually(lambda: running(layout) > 0)


def test_only_a_process_that_runs_as_specified_is_adopted() -> None:
    process = processes.Process(pid=1, home="/h", component="sleeper", digest="1", leader=True, since=0)
    assert supervisor_plan.action(SLEEPER, process) is Action.ADOPT
    assert supervisor_plan.action(SLEEPER, replace(process, digest="2")) is Action.REPLACE
    assert supervisor_plan.action(SLEEPER, None) is Action.START


def test_the_pause_before_a_restart_grows_from_zero_to_a_limit() -> None:
    waits = [supervisor_plan.pause(failures) for failures in range(1, 12)]
    assert waits[0] == 0
    assert waits == sorted(waits)
    assert waits[-1] == supervisor_plan.LONGEST_PAUSE_SECONDS


def test_after_a_long_life_earlier_failures_do_not_count() -> None:
    assert supervisor_plan.failures_after(5, 0.1) == 6
    assert supervisor_plan.failures_after(5, supervisor_plan.STEADY_SECONDS) == 1


@pytest.mark.parametrize(
    ("last_good", "now", "verdict"),
    [(None, 100.0, False), (None, 200.0, True), (150.0, 200.0, False), (100.0, 200.0, True)],
)
def test_a_silent_component_counts_as_hung_after_its_limit(last_good: float | None, now: float, verdict: bool) -> None:
    assert supervisor_plan.hung(start=0.0, last_good=last_good, now=now) is verdict


@pytest.mark.parametrize("text", ["", "[{", '[{"name": "x"}]', "[1]"])
def test_an_unreadable_record_of_the_supervisor_is_ignored(text: str) -> None:
    assert supervisor_plan.observed_from_json(text) == {}
