"""One change of the machine's cluster at a time, whoever asks."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.faults import Fault
from pouw.errors import ClusterError, ExitCode
from pouw.progress import Progress

LOCK = Path("/run/pouw-cluster.lock")
WAIT_SECONDS = 900.0
_ASK_SECONDS = 0.2


@contextmanager
def exclusive(progress: Progress, *, path: Path = LOCK, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the machine's cluster lock; wait for another holder up to ``wait_seconds``.

    The kernel frees the lock with its holder, however that ends. The file goes when the lock does.

    Raises:
        ClusterError: with ``ExitCode.BUSY`` when the other does not finish in time.
    """
    handle = _take(path)
    if handle is None:
        with progress.step("Waiting for another pouw command on this machine's cluster"):
            deadline = time.monotonic() + wait_seconds
            while handle is None:
                if time.monotonic() >= deadline:
                    raise _busy(path, wait_seconds)
                time.sleep(_ASK_SECONDS)
                handle = _take(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _take(path: Path) -> int | None:
    """The locked file, or ``None`` when another has it. A file that was removed before it was locked is no lock."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        try:
            if os.fstat(handle).st_ino == path.stat().st_ino:
                os.ftruncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
                return handle
        except FileNotFoundError:
            pass
        os.close(handle)


def _busy(path: Path, waited: float) -> ClusterError:
    holder = path.read_text() if path.exists() else "unknown"
    return ClusterError(
        Fault(
            path="cluster",
            message=f"another pouw command has been changing it for over {waited:.0f} s",
            got=f"process {holder}",
            remedy="wait for it to finish, or end it, and try again",
        ),
        code=ExitCode.BUSY,
    )
