"""The components' logs: one file each, of bounded size."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from infra.faults import Fault, choices
from pouw.cluster.layout import Layout, layout
from pouw.errors import ClusterError, ExitCode

LARGEST_BYTES = 4 * 1024 * 1024
_FOLLOW_SECONDS = 0.25


def open_log(at: Layout, component: str) -> IO[bytes]:
    """For appending. Children write to it themselves, so that it outlives the supervisor."""
    at.logs.mkdir(parents=True, exist_ok=True)
    return (at.logs / f"{component}.log").open("ab")


def shorten(at: Layout) -> None:
    """Move logs over ``LARGEST_BYTES`` to ``NAME.log.1``. The writers keep their handles: they append, so that emptying
    the file in place is enough; lines written meanwhile may be lost."""
    for path in at.logs.glob("*.log"):
        if path.stat().st_size > LARGEST_BYTES:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            with path.open("r+b") as file:
                file.truncate(0)


def logs(component: str, *, lines: int = 100, follow: bool = False) -> Iterator[str]:
    """The last ``lines`` of a component's log, then with ``follow`` what is added, for ever.

    Raises:
        ClusterError: no such log.
    """
    folder = layout().logs
    path = folder / f"{component}.log"
    known = sorted(each.stem for each in folder.glob("*.log"))
    if path.parent != folder or path.stem not in known:
        raise ClusterError(
            Fault(
                path="component",
                message="has no log",
                got=component,
                expected=choices(known, component) or "a cluster that was started",
                remedy="pouw cluster status names the components",
            ),
            code=ExitCode.USAGE if known else None,
        )
    return _read(path, lines=lines, follow=follow)


def _read(path: Path, *, lines: int, follow: bool) -> Iterator[str]:
    with path.open(errors="replace") as file:
        for line in deque(file, maxlen=lines):
            yield line.rstrip("\n")
        partial = ""
        while follow:
            if path.exists() and path.stat().st_size < file.tell():
                file.seek(0)
            partial += file.readline()
            if partial.endswith("\n"):
                yield partial.rstrip("\n")
                partial = ""
            else:
                time.sleep(_FOLLOW_SECONDS)
