"""The supervisor: keeps the components running. ``python -m pouw.cluster.supervisor HOME``.

It owns no component. Killed, it leaves them running; the next one finds them by their environment and goes on. SIGTERM
ends it alone, SIGHUP makes it read its list again.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
import time
from pathlib import Path

from pouw.cluster import processes, supervisor_plan
from pouw.cluster.components import Component, from_json
from pouw.cluster.detached import SYSTEM_PATH, lock_path, spawn
from pouw.cluster.layout import Layout
from pouw.cluster.logfiles import shorten
from pouw.cluster.probes import Prober
from pouw.cluster.supervisor_plan import Action, Observed
from pouw.files import write_private

log = logging.getLogger("pouw.cluster.supervisor")

_WELL_SECONDS = 10.0
_STARTING_SECONDS = 0.1
_UNWELL_SECONDS = 1.0
_LOG_SECONDS = 30.0
_STOP_GRACE_SECONDS = 8.0


class Supervisor:
    """Runs one task per component in one event loop."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._seen: dict[str, Observed] = {}
        self._well: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, tuple[Component, asyncio.Task[None]]] = {}
        if layout.observed.exists():
            self._seen = supervisor_plan.observed_from_json(layout.observed.read_text())

    async def run(self) -> None:
        """Until SIGTERM."""
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
            done, _ = await asyncio.wait({ending, waiting, housekeeping, *running}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            for task in done - {ending, waiting}:
                task.result()
        log.info("ends; the components go on")

    async def _read_list(self) -> None:
        wanted = {each.name: each for each in from_json(self._layout.components.read_text())}
        for name in list(self._tasks):
            if wanted.get(name) != self._tasks[name][0]:
                _, task = self._tasks.pop(name)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        found = processes.leaders(processes.of_home(self._layout.home))
        gone = [found[name] for name in found if name not in wanted and name != "supervisor"]
        for each in gone:
            log.info("%s is no longer wanted", each.component)
            await asyncio.to_thread(processes.end, [each.pid], grace_seconds=_STOP_GRACE_SECONDS)
        self._seen = {name: seen for name, seen in self._seen.items() if name in wanted}
        for name in wanted:
            self._well.setdefault(name, asyncio.Event())
        for name, component in wanted.items():
            if name not in self._tasks:
                task = asyncio.create_task(self._keep(component, found.get(name)), name=name)
                self._tasks[name] = (component, task)

    async def _keep(self, component: Component, found: processes.Process | None) -> None:
        """Adopt or start the component, then start it again whenever it ends. Never returns."""
        name, failures = component.name, 0
        restarts = self._seen[name].restarts if name in self._seen else 0
        decided = supervisor_plan.action(component, found)
        log.info("%s: %s", name, decided.value)
        if decided is Action.REPLACE and found is not None:
            await asyncio.to_thread(processes.end, [found.pid], grace_seconds=_STOP_GRACE_SECONDS)
            found = None
        while True:
            if found is None:
                for other in component.after:
                    await self._well[other].wait()
                pid, since = self._start(component), time.time()
            else:
                pid, since, found = found.pid, found.since, None
            if pid is not None:
                await self._live(component, pid, since, restarts)
            restarts += 1
            failures = supervisor_plan.failures_after(failures, time.time() - since)
            delay = supervisor_plan.pause(failures)
            log.warning("%s (%s) ended after %.1f s; starts again in %.2f s", name, pid, time.time() - since, delay)
            await asyncio.sleep(delay)

    def _start(self, component: Component) -> int | None:
        """The new process, or ``None`` where the program cannot be started now."""
        arguments = [str(component.program), *component.arguments]
        try:
            return spawn(self._layout, component.name, arguments, component.environ(self._layout, SYSTEM_PATH))
        except OSError as error:
            log.warning("%s cannot be started: %s", component.name, error)
            return None

    async def _live(self, component: Component, pid: int, since: float, restarts: int) -> None:
        """Watch one process to its end; end it when it hangs."""
        name = component.name
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def note_end() -> None:
            loop.remove_reader(handle)
            ended.set()

        loop.add_reader(handle, note_end)
        try:
            await self._watch(component, ended, pid, since, restarts)
            if not ended.is_set():
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                await ended.wait()
            _reap(pid)
        finally:
            loop.remove_reader(handle)
            os.close(handle)
            self._well[name].clear()
        self._note(Observed(name=name, pid=0, since=since, restarts=restarts, healthy=False))

    async def _watch(self, component: Component, ended: asyncio.Event, pid: int, since: float, restarts: int) -> None:
        """Ask for its health until it ends or hangs."""
        name, prober = component.name, Prober(component.probe) if component.probe else None
        started, last_good = time.monotonic(), None
        while not ended.is_set():
            healthy = True if prober is None else await prober.healthy()
            now = time.monotonic()
            if healthy:
                last_good = now
                self._well[name].set()
            else:
                self._well[name].clear()
            self._note(Observed(name=name, pid=pid, since=since, restarts=restarts, healthy=healthy))
            if supervisor_plan.hung(started=started, last_good=last_good, now=now):
                log.warning("%s (%d) does not answer and is ended", name, pid)
                return
            interval = _WELL_SECONDS if healthy else _STARTING_SECONDS if last_good is None else _UNWELL_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), interval)

    def _note(self, seen: Observed) -> None:
        if self._seen.get(seen.name) == seen:
            return
        self._seen[seen.name] = seen
        if self._layout.root.exists():
            write_private(self._layout.observed, supervisor_plan.observed_to_json(self._seen))

    async def _shorten_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOG_SECONDS)
            await asyncio.to_thread(shorten, self._layout)


def _reap(pid: int) -> None:
    """An adopted process is some other's child, and reaped there."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    layout = Layout(home=Path(sys.argv[1]))
    with lock_path(layout).open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another supervisor runs")
            return 0
        asyncio.run(Supervisor(layout).run())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
