"""Our processes, found by what is written in their environment: no pid file that could be stale or name another's."""

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
    """A process of some home's cluster. ``leader`` tells a component from what it started (shims, mounts)."""

    pid: int
    home: str
    component: str
    digest: str
    leader: bool
    since: float
    """Start, in seconds since the epoch."""


def scan(proc: Path = PROC) -> Iterator[Process]:
    """Every marked process of every home, oldest first."""
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    found = (_read(entry, boot) for entry in proc.iterdir() if entry.name.isdecimal())
    yield from sorted((each for each in found if each is not None), key=lambda each: each.since)


def of_home(home: Path) -> list[Process]:
    return [each for each in scan() if each.home == str(home)]


def leaders(processes: Iterable[Process]) -> dict[str, Process]:
    """The process of each component; of two, the older."""
    chosen: dict[str, Process] = {}
    for each in processes:
        if each.leader:
            chosen.setdefault(each.component, each)
    return chosen


def _read(entry: Path, boot: float) -> Process | None:
    """``None`` for a process that is not ours, is gone, is dead and not reaped, or may not be looked at."""
    try:
        environment = (entry / "environ").read_bytes()
        if MARKER.encode() not in environment:
            return None
        # The command's name may hold anything, so fields are counted from its closing parenthesis.
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, session, started = fields[0], int(fields[3]), int(fields[19])
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
        since=boot + started / _TICKS,
    )


def end(pids: Iterable[int], *, grace_seconds: float) -> None:
    """SIGTERM, then SIGKILL to those that outlive ``grace_seconds`` together; returns when all are gone.

    A process that the kernel keeps (uninterruptible sleep) is waited for no longer than ten seconds.
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
    left, deadline = len(handles), time.monotonic() + seconds
    while left and (remaining := deadline - time.monotonic()) > 0:
        for handle, _ in waiting.poll(remaining * 1000):
            waiting.unregister(handle)
            left -= 1
            _reap(handles[handle])


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
