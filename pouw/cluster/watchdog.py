"""The watchdog, itself a component: it starts a killed supervisor again. ``python -m pouw.cluster.watchdog LAYOUT``.

It sleeps in the kernel on the lock that a living supervisor holds. If both are killed at once, the components keep
running without supervision until the next ``up``.
"""

from __future__ import annotations

import sys
import time

from pouw.cluster.detached import start_supervisor
from pouw.cluster.layout import Layout
from pouw.locks import FileLock

_PAUSE_SECONDS = 1.0


def main() -> int:
    """Restart supervisors until the cluster is removed."""
    layout = Layout.from_argument(sys.argv[1])
    while layout.components.exists() and layout.supervisor_lock.exists():
        with FileLock(layout.supervisor_lock, shared=True) as lock:
            lock.acquire()
        if layout.components.exists():
            start_supervisor(layout)
            # The new supervisor takes the lock meanwhile. This is also the shortest time between two attempts.
            time.sleep(_PAUSE_SECONDS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
