"""Starts the supervisor again when it is killed. ``python -m pouw.cluster.watchdog HOME``, itself a component.

It sleeps in the kernel on the lock that a living supervisor holds. When both are killed at once, the components go on
unattended until the next ``up``.
"""

from __future__ import annotations

import fcntl
import sys
import time
from pathlib import Path

from pouw.cluster.detached import lock_path, start_supervisor
from pouw.cluster.layout import Layout

_PAUSE_SECONDS = 1.0


def main() -> int:
    layout = Layout(home=Path(sys.argv[1]))
    while layout.components.exists() and lock_path(layout).exists():
        with lock_path(layout).open("a") as held:
            fcntl.flock(held, fcntl.LOCK_SH)
        if layout.components.exists():
            start_supervisor(layout)
            # Long enough for the new one to take the lock; also the shortest time between two tries.
            time.sleep(_PAUSE_SECONDS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
