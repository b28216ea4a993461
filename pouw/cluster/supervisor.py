"""The supervisor: it keeps the components running. ``python -m pouw.cluster.supervisor LAYOUT``.

A killed supervisor leaves the components running, and the next one adopts them by their environment. SIGTERM ends the
supervisor alone. After SIGHUP it reads its list of components again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time

from pouw.cluster import processes, supervisor_plan
from pouw.cluster.components import Component, from_json
from pouw.cluster.detached import SYSTEM_PATH, spawn
from pouw.cluster.layout import Layout
from pouw.cluster.logfiles import shorten
from pouw.cluster.probes import Prober
from pouw.cluster.supervisor_plan import Action, Observed
from pouw.files import write_private
from pouw.locks import FileLock

log = logging.getLogger("pouw.cluster.supervisor")

_HEALTHY_INTERVAL_SECONDS = 10.0
_STARTING_INTERVAL_SECONDS = 0.1
_UNHEALTHY_INTERVAL_SECONDS = 1.0
_LOG_SECONDS = 30.0
_STOP_GRACE_SECONDS = 8.0


class Supervisor:
    """One event loop with a task per component."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._observed: dict[str, Observed] = {}
        self._healthy: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, tuple[Component, asyncio.Task[None]]] = {}
        if layout.observed.exists():
            self._observed = supervisor_plan.observed_from_json(layout.observed.read_text())

    async def run(self) -> None:
        """Supervise until SIGTERM."""
        loop, stop, reload = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        reload.set()
        ending = asyncio.create_task(stop.wait())
        housekeeping = asyncio.create_task(self._shorten_logs())
        while not stop.is_set():
            if reload.is_set():
                reload.clear()
                await self._read_list()
            waiting = asyncio.create_task(reload.wait())
            running = [task for _, task in self._tasks.values()]
            completed, _ = await asyncio.wait(
                {ending, waiting, housekeeping, *running}, return_when=asyncio.FIRST_COMPLETED
            )
            waiting.cancel()
            for task in completed - {ending, waiting}:
                task.result()
        log.info("the supervisor ends; the components keep running")

    async def _read_list(self) -> None:
        specified = {component.name: component for component in from_json(self._layout.components.read_text())}
        for name in list(self._tasks):
            if specified.get(name) != self._tasks[name][0]:
                _, task = self._tasks.pop(name)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        running = processes.leaders(processes.of_home(self._layout.home))
        surplus = [running[name] for name in running if name not in specified and name != "supervisor"]
        for process in surplus:
            log.info("%s is no longer specified", process.component)
            await asyncio.to_thread(processes.end, [process.pid], grace_seconds=_STOP_GRACE_SECONDS)
        self._observed = {name: observed for name, observed in self._observed.items() if name in specified}
        for name in specified:
            self._healthy.setdefault(name, asyncio.Event())
        for name, component in specified.items():
            if name not in self._tasks:
                task = asyncio.create_task(self._keep(component, running.get(name)), name=name)
                self._tasks[name] = (component, task)

    async def _keep(self, component: Component, process: processes.Process | None) -> None:
        """Adopt or start the component, then start it again whenever it ends, without end."""
        name, failures = component.name, 0
        restarts = self._observed[name].restarts if name in self._observed else 0
        action = supervisor_plan.action(component, process)
        log.info("%s: %s", name, action.value)
        if action is Action.REPLACE and process is not None:
            await asyncio.to_thread(processes.end, [process.pid], grace_seconds=_STOP_GRACE_SECONDS)
            process = None
        while True:
            if process is None:
                for dependency in component.after:
                    await self._healthy[dependency].wait()
                pid, since = self._start(component), time.time()
            else:
                pid, since, process = process.pid, process.since, None
            if pid is not None:
                await self._live(component, pid, since, restarts)
            restarts += 1
            failures = supervisor_plan.failures_after(failures, time.time() - since)
            delay = supervisor_plan.pause(failures)
            log.warning("%s (%s) ended after %.1f s; starts again in %.2f s", name, pid, time.time() - since, delay)
            await asyncio.sleep(delay)

    def _start(self, component: Component) -> int | None:
        """Return the id of the new process, or None if the program cannot be started now."""
        arguments = [str(component.program), *component.arguments]
        try:
            return spawn(self._layout, component.name, arguments, component.environ(self._layout, SYSTEM_PATH))
        except OSError as error:
            log.warning("%s cannot be started: %s", component.name, error)
            return None

    async def _live(self, component: Component, pid: int, since: float, restarts: int) -> None:
        """Watch one process until it ends. End it if it hangs."""
        name = component.name
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        loop, exited = asyncio.get_running_loop(), asyncio.Event()

        def note_end() -> None:
            loop.remove_reader(handle)
            exited.set()

        loop.add_reader(handle, note_end)
        try:
            await self._watch(component, exited, pid, since, restarts)
            if not exited.is_set():
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                await exited.wait()
            _reap(pid)
        finally:
            loop.remove_reader(handle)
            os.close(handle)
            self._healthy[name].clear()
        self._note(Observed(name=name, pid=0, since=since, restarts=restarts, healthy=False))

    async def _watch(self, component: Component, exited: asyncio.Event, pid: int, since: float, restarts: int) -> None:
        """Check the health of a process until it ends or hangs."""
        name, prober = component.name, Prober(component.probe) if component.probe else None
        start, last_good = time.monotonic(), None
        while not exited.is_set():
            healthy = True if prober is None else await prober.healthy()
            now = time.monotonic()
            if healthy:
                last_good = now
                self._healthy[name].set()
            else:
                self._healthy[name].clear()
            self._note(Observed(name=name, pid=pid, since=since, restarts=restarts, healthy=healthy))
            if supervisor_plan.hung(start=start, last_good=last_good, now=now):
                log.warning("%s (%d) does not answer and is ended", name, pid)
                return
            interval = (
                _HEALTHY_INTERVAL_SECONDS
                if healthy
                else _STARTING_INTERVAL_SECONDS
                if last_good is None
                else _UNHEALTHY_INTERVAL_SECONDS
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(exited.wait(), interval)

    def _note(self, observed: Observed) -> None:
        if self._observed.get(observed.name) == observed:
            return
        self._observed[observed.name] = observed
        if self._layout.root.exists():
            write_private(self._layout.observed, supervisor_plan.observed_to_json(self._observed))

    async def _shorten_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOG_SECONDS)
            await asyncio.to_thread(shorten, self._layout)


def _interval(*, healthy: bool, was_healthy: bool) -> float:
    """Return the seconds until the next health check."""
    if healthy:
        return _HEALTHY_INTERVAL_SECONDS
    return _UNHEALTHY_INTERVAL_SECONDS if was_healthy else _STARTING_INTERVAL_SECONDS


def _reap(pid: int) -> None:
    """Reap a child. An adopted process has another parent, which reaps it."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def main() -> int:
    """Supervise the components of a layout, unless another supervisor does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    layout = Layout.from_argument(sys.argv[1])
    with FileLock(layout.supervisor_lock, operation="cluster supervisor") as lock:
        if not lock.acquire(wait_seconds=0):
            log.info("another supervisor runs")
            return 0
        asyncio.run(Supervisor(layout).run())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
