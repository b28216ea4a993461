"""One run at a time for each stack; who holds it, since when; and the end of what a killed run left behind."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.faults import Fault
from pouw.engine.process_identity import is_running
from pouw.errors import EngineError, ExitCode

_ORPHANS_GRACE_S = 5.0
_POLL_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A run: its process, what it does, since when (seconds since 1970), and the engine that it started."""

    pid: int
    operation: str
    since: float
    engine: int = 0


@dataclass(kw_only=True)
class RunLock:
    """A held lock. The engine inherits ``handle``: the lock stays taken for as long as any of its processes lives."""

    handle: int
    holder: Holder
    killed: Holder | None
    """The run before this one, if it was killed: it had no chance to sign off."""

    def engine_started(self, pid: int) -> None:
        """Write down the engine's process, so that a later run can end it should this one be killed."""
        self.holder = Holder(pid=self.holder.pid, operation=self.holder.operation, since=self.holder.since, engine=pid)
        _write(self.handle, self.holder)


@contextmanager
def share(path: Path, *, stack: str) -> Iterator[None]:
    """Keep runs away while the stack's state is read; several may do so at once, and none of them signs.

    Raises:
        EngineError: a living run holds the lock (code BUSY).
    """
    handle = _open(path)
    try:
        if not _try(handle, fcntl.LOCK_SH):
            _end_orphans(handle, stack, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextmanager
def hold(path: Path, *, stack: str, operation: str) -> Iterator[RunLock]:
    """Hold the stack's lock.

    When its holder is dead and only its engine's processes still keep it, they get a moment and are then killed.

    Raises:
        EngineError: a living run holds it (code BUSY); the fault says which, since when.
    """
    handle = _open(path)
    try:
        if not _try(handle):
            _end_orphans(handle, stack)
        now = Holder(pid=os.getpid(), operation=operation, since=time.time())
        lock = RunLock(handle=handle, holder=now, killed=_read(handle))
        _write(handle, lock.holder)
        yield lock
        os.ftruncate(handle, 0)  # what stays behind in the file is only ever a killed run's
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(handle: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_orphans(handle: int, stack: str, kind: int = fcntl.LOCK_EX) -> None:
    holder = _read(handle)
    if holder is not None and is_running(holder.pid):
        raise _busy(stack, holder)
    # Without a name on it, it belongs to a preview that reads the state, to a run that is just beginning, or to what is
    # just ending of one that is over.
    if _await(handle, _ORPHANS_GRACE_S, kind):
        return
    holder = _read(handle)
    if holder is None or is_running(holder.pid):
        raise _busy(stack, holder)
    if holder.engine and _is_engine(holder.engine):
        # Its own session: nothing but the engine and what it started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(holder.engine, signal.SIGKILL)
    if not _await(handle, _ORPHANS_GRACE_S, kind):
        raise _busy(stack, holder)


def _await(handle: int, seconds: float, kind: int) -> bool:
    """Poll: a lock held by the dead can be waited for, but not with a deadline."""
    deadline = time.monotonic() + seconds
    while not (held := _try(handle, kind)) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return held


def _busy(stack: str, holder: Holder | None) -> EngineError:
    if holder is None:
        got = "a run that has only just begun"
    else:
        since = datetime.fromtimestamp(holder.since, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        got = f"{holder.operation} in process {holder.pid} since {since}"
    return EngineError(
        Fault(
            path=f"stack {stack}",
            message="another run holds it",
            got=got,
            expected="one run at a time",
            remedy="wait for its end, or interrupt it",
        ),
        code=ExitCode.BUSY,
    )


def _is_engine(pid: int) -> bool:
    """Whether the process is still the engine, and not another that was given its number since."""
    try:
        return b"pulumi" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _read(handle: int) -> Holder | None:
    text = os.pread(handle, 4096, 0)
    try:
        return Holder(**json.loads(text))
    except (ValueError, TypeError):
        return None  # its holder is between taking the lock and signing it


def _write(handle: int, holder: Holder) -> None:
    text = json.dumps(asdict(holder)).encode()
    os.ftruncate(handle, 0)
    os.pwrite(handle, text, 0)
