"""Processes of clusters, identified by their environment: a file of process ids could be out of date."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pouw.cluster.layout import DIGEST, MARKER

PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process of a home's cluster. ``leader`` is True for the component, False for a process that it started."""

    pid: int
    home: str
    component: str
    digest: str
    leader: bool
    since: float
    """Start in seconds since 1970."""


def scan(proc: Path = PROC) -> Iterator[Process]:
    """Yield every marked process of every home, the oldest first."""
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    processes = (_read(entry, boot) for entry in proc.iterdir() if entry.name.isdecimal())
    yield from sorted((process for process in processes if process), key=lambda process: process.since)


def of_home(home: Path) -> list[Process]:
    """Return the processes of one home's cluster."""
    return [process for process in scan() if process.home == str(home)]


def leaders(processes: Iterable[Process]) -> dict[str, Process]:
    """Return the process of each component; of two, the older."""
    oldest: dict[str, Process] = {}
    for process in processes:
        if process.leader:
            oldest.setdefault(process.component, process)
    return oldest


def _read(entry: Path, boot: float) -> Process | None:
    """Return a process, or None if it is not marked, has ended, or belongs to another user."""
    try:
        environment = (entry / "environ").read_bytes()
        if MARKER.encode() not in environment:
            return None
        # The command's name may contain spaces and parentheses, so fields are counted from the last parenthesis.
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, session, start_ticks = fields[0], int(fields[3]), int(fields[19])
    if state in "ZX":
        return None
    values = dict(item.partition("=")[::2] for item in environment.decode(errors="replace").split("\0"))
    home, _, component = values.get(MARKER, "").rpartition(":")
    pid = int(entry.name)
    return Process(
        pid=pid,
        home=home,
        component=component,
        digest=values.get(DIGEST, ""),
        leader=session == pid,
        since=boot + start_ticks / _TICKS,
    )


def end(pids: Iterable[int], *, grace_seconds: float) -> None:
    """Send SIGTERM, and SIGKILL to the processes that live after ``grace_seconds``. Return when all have ended.

    The wait for a process in uninterruptible sleep ends after ten seconds.
    """
    handles = dict(_open(pids))
    try:
        if grace_seconds > 0:
            _signal(handles, signal.SIGTERM)
            _wait(handles, grace_seconds)
        _signal(handles, signal.SIGKILL)
        _wait(handles, 10.0)
    finally:
        for handle in handles:
            os.close(handle)


def _open(pids: Iterable[int]) -> Iterator[tuple[int, int]]:
    for pid in pids:
        try:
            yield os.pidfd_open(pid), pid
        except ProcessLookupError:
            continue


def _signal(handles: Iterable[int], number: signal.Signals) -> None:
    for handle in handles:
        try:
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            continue


def _wait(handles: dict[int, int], seconds: float) -> None:
    waiting = select.poll()
    for handle in handles:
        waiting.register(handle, select.POLLIN)
    count, deadline = len(handles), time.monotonic() + seconds
    while count and (remaining := deadline - time.monotonic()) > 0:
        for handle, _ in waiting.poll(remaining * 1000):
            waiting.unregister(handle)
            count -= 1
            _reap(handles[handle])


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
