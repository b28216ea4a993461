"""The watchdog, itself a component: it starts a killed supervisor again. ``python -m pouw.cluster.watchdog LAYOUT``.

It sleeps in the kernel on the lock that a living supervisor holds. If both are killed at once, the components keep
running without supervision until the next ``up``.
"""

from __future__ import annotations

import sys

from pouw import poll
from pouw.cluster.detached import start_supervisor
from pouw.cluster.layout import Layout
from pouw.locks import FileLock

_INTERVAL_SECONDS = 1.0


def main() -> int:
    """Restart supervisors until the cluster is removed."""
    layout = Layout.from_argument(sys.argv[1])
    # A new supervisor takes the lock within the interval, which is also the shortest time between two attempts.
    for _ in poll.attempts(None, interval_seconds=_INTERVAL_SECONDS):
        if not layout.components.exists() or not layout.supervisor_lock.exists():
            break
        with FileLock(layout.supervisor_lock, shared=True) as lock:
            lock.acquire()
        if not layout.components.exists():
            break
        start_supervisor(layout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
