"""Starting detached processes that outlive whoever started them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pouw.cluster.layout import DIGEST, MARKER, Layout
from pouw.cluster.logfiles import open_log

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def lock_path(layout: Layout) -> Path:
    """Held for as long as a supervisor lives."""
    return layout.run / "supervisor.lock"


def start_supervisor(layout: Layout) -> None:
    """Start a detached supervisor. A second one ends at once, so this may be called at any time."""
    environment = {
        "PATH": SYSTEM_PATH,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        MARKER: layout.marker("supervisor"),
        DIGEST: "",
    }
    spawn(layout, "supervisor", [sys.executable, "-m", "pouw.cluster.supervisor", str(layout.home)], environment)


def spawn(layout: Layout, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Start a detached process that writes to its own log; return its pid."""
    with open_log(layout, name) as out:
        child = subprocess.Popen(
            arguments,
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    # It is waited for through its pid, as an adopted one is; the object would only warn when it is dropped.
    child.returncode = 0
    return child.pid
