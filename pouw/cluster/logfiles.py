"""The components' logs: one file each, of bounded size."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from infra.faults import Fault, choices
from pouw import poll
from pouw.cluster.layout import Layout
from pouw.errors import ClusterError, ExitCode

LARGEST_BYTES = 4 * 1024 * 1024
_INTERVAL_SECONDS = 0.25


def open_log(layout: Layout, component: str) -> IO[bytes]:
    """Open a log to append to. Components write to it themselves, so that their output outlives the supervisor."""
    layout.logs.mkdir(parents=True, exist_ok=True)
    return (layout.logs / f"{component}.log").open("ab")


def shorten(layout: Layout) -> None:
    """Move logs over ``LARGEST_BYTES`` to ``NAME.log.1``.

    The writers append and keep their handles, so the file is emptied in place. Lines written meanwhile may be lost.
    """
    for path in layout.logs.glob("*.log"):
        if path.stat().st_size > LARGEST_BYTES:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            with path.open("r+b") as file:
                file.truncate(0)


def logs(layout: Layout, component: str, *, lines: int = 100, follow: bool = False) -> Iterator[str]:
    """Yield the last ``lines`` of a component's log, and with ``follow`` every later line, without end.

    Raises:
        ClusterError: there is no such log.
    """
    path = layout.logs / f"{component}.log"
    names = sorted(file.stem for file in layout.logs.glob("*.log"))
    if path.parent != layout.logs or path.stem not in names:
        raise ClusterError(
            Fault(
                path="component",
                message="there is no log of this component",
                got=component,
                expected=choices(names, component) or "a cluster that was started",
                remedy="list the components with `pouw cluster status`",
            ),
            code=ExitCode.USAGE if names else None,
        )
    return _read(path, lines=lines, follow=follow)


def _read(path: Path, *, lines: int, follow: bool) -> Iterator[str]:
    with path.open(errors="replace") as file:
        for line in deque(file, maxlen=lines):
            yield line.rstrip("\n")
        partial = ""
        for _ in poll.attempts(None, interval_seconds=_INTERVAL_SECONDS) if follow else ():
            if path.exists() and path.stat().st_size < file.tell():
                file.seek(0)
            while line := file.readline():
                partial += line
                if partial.endswith("\n"):
                    yield partial.rstrip("\n")
                    partial = ""
