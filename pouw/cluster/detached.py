"""Detached processes, which outlive the process that starts them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

from pouw.cluster.layout import DIGEST, MARKER, Layout
from pouw.cluster.logfiles import open_log

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def start_supervisor(layout: Layout) -> None:
    """Start a detached supervisor. It ends at once if another one runs."""
    environment = {
        "PATH": SYSTEM_PATH,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        MARKER: layout.marker("supervisor"),
        DIGEST: "",
    }
    spawn(layout, "supervisor", [sys.executable, "-m", "pouw.cluster.supervisor", layout.argument], environment)


def spawn(layout: Layout, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Start a detached process that writes to its own log, and return its process id."""
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
    # The supervisor waits for the process id, as for an adopted process. Popen would warn about a running process.
    child.returncode = 0
    return child.pid
