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
    made = Layout(home=tmp_path, run=tmp_path / "run")
    made.run.mkdir()
    made.root.mkdir()
    yield made
    processes.end([each.pid for each in processes.of_home(tmp_path)], grace_seconds=0)


@contextlib.asynccontextmanager
async def supervised(layout: Layout, *components: Component) -> AsyncIterator[None]:
    """A supervisor in this process that is dropped at the end as a kill drops it: its components go on."""
    layout.components.write_text(to_json(components))
    task = asyncio.create_task(Supervisor(layout).run())
    try:
        yield
    finally:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(task, *others, return_exceptions=True)


def running(layout: Layout, name: str = "sleeper") -> int:
    found = processes.leaders(processes.of_home(layout.home)).get(name)
    return found.pid if found else 0


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


async def test_the_next_supervisor_adopts_what_the_last_one_left(layout: Layout) -> None:
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


async def test_a_component_that_is_no_longer_wanted_is_ended(layout: Layout) -> None:
    other = replace(SLEEPER, name="other")
    async with supervised(layout, SLEEPER, other):
        await eventually(lambda: running(layout) > 0 and running(layout, "other") > 0)
        layout.components.write_text(to_json([other]))
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(lambda: running(layout) == 0)
        assert running(layout, "other") > 0


async def test_a_component_waits_for_those_it_comes_after(layout: Layout, tmp_path: Path) -> None:
    gate = tmp_path / "s"
    listen = f"import socket,time; s=socket.socket(socket.AF_UNIX); s.bind({str(gate)!r}); s.listen(); time.sleep(300)"
    first = Component(
        name="first",
        program=Path(sys.executable),
        arguments=("-c", f"import time; time.sleep(0.7); {listen}"),
        probe=Probe(socket=str(gate)),
        digest="1",
    )
    async with supervised(layout, replace(SLEEPER, after=("first",)), first):
        await eventually(lambda: running(layout, "first") > 0)
        assert running(layout) == 0
        await eventually(lambda: running(layout) > 0)
        assert gate.exists()


async def test_a_program_that_is_missing_does_not_end_the_supervisor(layout: Layout) -> None:
    absent = Component(name="absent", program=Path("/nowhere/program"), arguments=(), digest="1")
    async with supervised(layout, absent, SLEEPER):
        await eventually(lambda: running(layout) > 0)


def test_what_runs_as_specified_is_adopted_and_what_runs_otherwise_replaced() -> None:
    found = processes.Process(pid=1, home="/h", component="sleeper", digest="1", leader=True, since=0)
    assert supervisor_plan.action(SLEEPER, found) is Action.ADOPT
    assert supervisor_plan.action(SLEEPER, replace(found, digest="2")) is Action.REPLACE
    assert supervisor_plan.action(SLEEPER, None) is Action.START


def test_the_first_restart_is_immediate_and_later_ones_wait_longer_up_to_a_limit() -> None:
    waits = [supervisor_plan.pause(failures) for failures in range(1, 12)]
    assert waits[0] == 0
    assert waits == sorted(waits)
    assert waits[-1] == supervisor_plan.LONGEST_PAUSE_SECONDS


def test_a_long_life_forgives_earlier_ends() -> None:
    assert supervisor_plan.failures_after(5, 0.1) == 6
    assert supervisor_plan.failures_after(5, supervisor_plan.STEADY_SECONDS) == 1


@pytest.mark.parametrize(
    ("last_good", "now", "verdict"),
    [(None, 100.0, False), (None, 200.0, True), (150.0, 200.0, False), (100.0, 200.0, True)],
)
def test_a_silent_component_counts_as_hung_after_a_while(last_good: float | None, now: float, verdict: bool) -> None:
    assert supervisor_plan.hung(started=0.0, last_good=last_good, now=now) is verdict


@pytest.mark.parametrize("text", ["", "[{", '[{"name": "x"}]', "[1]"])
def test_a_torn_record_of_the_past_is_ignored(text: str) -> None:
    assert supervisor_plan.observed_from_json(text) == {}
