"""One run at a time per stack, and the end of the processes that a killed run left behind."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.faults import Fault
from pouw.engine.process_identity import is_running
from pouw.errors import EngineError, ExitCode
from pouw.locks import FileLock, Holder

_GRACE_SECONDS = 5.0
"""Time that processes of a run that has ended get to end, too."""


@contextmanager
def share(path: Path, *, stack: str) -> Iterator[None]:
    """Exclude runs while the stack's state is read. Several readers share the lock.

    Raises:
        EngineError: a living run holds the lock (code BUSY).
    """
    with FileLock(path, shared=True) as lock:
        _acquire(lock, stack)
        yield


@contextmanager
def hold(path: Path, *, stack: str, operation: str) -> Iterator[FileLock]:
    """Hold the stack's lock. The engine inherits its handle, so the lock lasts as long as any process of the engine.

    If the run that holds it is dead and processes of its engine live, these get a moment and are then killed.

    Raises:
        EngineError: a living run holds the lock (code BUSY); the fault has its operation, process and start.
    """
    with FileLock(path, operation=operation) as lock:
        _acquire(lock, stack)
        yield lock


def _acquire(lock: FileLock, stack: str) -> None:
    if lock.acquire(wait_seconds=0):
        return
    holder = lock.holder()
    if holder is not None and is_running(holder.pid):
        raise _busy(stack, holder)
    # A lock without a description belongs to a preview that reads the state, or to a run that starts or ends.
    if lock.acquire(wait_seconds=_GRACE_SECONDS):
        return
    holder = lock.holder()
    if holder is None or is_running(holder.pid):
        raise _busy(stack, holder)
    if holder.child and _is_engine(holder.child):
        # The engine leads a session of its own: the group is the engine and the processes that it started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(holder.child, signal.SIGKILL)
    if not lock.acquire(wait_seconds=_GRACE_SECONDS):
        raise _busy(stack, holder)


def _busy(stack: str, holder: Holder | None) -> EngineError:
    return EngineError(
        Fault(
            path=f"stack {stack}",
            message="another run holds it",
            got=str(holder or "a run that has just started"),
            expected="one run at a time",
            remedy="wait until it ends, or interrupt it",
        ),
        code=ExitCode.BUSY,
    )


def _is_engine(pid: int) -> bool:
    """True if the process is the engine, and not another one that got its number later."""
    try:
        return b"pulumi" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
