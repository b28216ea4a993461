"""The one file lock. The kernel frees it when its holder ends, so a killed run never blocks the next one.

A lock file holds a description of its holder as JSON. The description of a holder that was killed, or that failed,
stays for the next one. A child process that inherits ``FileLock.handle`` keeps the lock for as long as it lives.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from infra.faults import Fault
from pouw import poll
from pouw.errors import ExitCode, PouwError
from pouw.progress import Progress

_INTERVAL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A process that holds a lock, its operation, its start in seconds since 1970, and a child that inherits it."""

    pid: int
    operation: str
    since: float
    child: int = 0

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        return f"{self.operation} in process {self.pid} since {since}"


class LockedError(PouwError):
    """Another process holds a lock. ``holder`` is None while that process has not described itself."""

    code = ExitCode.BUSY

    def __init__(self, path: Path, holder: Holder | None, waited_seconds: float) -> None:
        super().__init__(
            Fault(
                path=str(path),
                message=f"another process holds this lock, and did so for the {waited_seconds:g} s of waiting",
                got=str(holder or "a process that has just started"),
                expected="one process at a time",
                remedy="wait until it ends, or interrupt it, and run the same command again",
            )
        )
        self.holder = holder


class FileLock:
    """A lock file, open for as long as the ``with`` block lasts, and locked once :meth:`acquire` returns True.

    A shared lock excludes exclusive ones only, and its holders do not describe themselves.
    """

    def __init__(self, path: Path, *, operation: str = "", shared: bool = False) -> None:
        self.path = path
        self.killed: Holder | None = None
        """The holder before this one if it was killed or failed."""
        self._kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._holder = Holder(pid=os.getpid(), operation=operation, since=0.0)
        self._handle = self._open()
        self._is_held = False

    @property
    def handle(self) -> int:
        """The file descriptor that a child process inherits to keep the lock."""
        return self._handle

    def __enter__(self) -> FileLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_held and self._kind == fcntl.LOCK_EX and error is None:
            os.ftruncate(self._handle, 0)
        os.close(self._handle)

    def acquire(self, *, wait_seconds: float | None = None, clock: poll.Clock = poll.SYSTEM) -> bool:
        """Take the lock. False if another process holds it for all of ``wait_seconds``; None waits without limit."""
        if wait_seconds is None:
            while not self._try(0):
                pass
        elif not poll.until(
            lambda: self._try(fcntl.LOCK_NB), seconds=wait_seconds, interval_seconds=_INTERVAL_SECONDS, clock=clock
        ):
            return False
        self._is_held = True
        if self._kind == fcntl.LOCK_EX:
            self.killed = self.holder()
            self._describe(replace(self._holder, since=time.time()))
        return True

    def holder(self) -> Holder | None:
        """Return the description in the file; None if it is empty, as it is for a moment after a process locks it."""
        try:
            return Holder(**json.loads(os.pread(self._handle, 4096, 0)))
        except (ValueError, TypeError):
            return None

    def child_started(self, pid: int) -> None:
        """Add a child that inherits the lock to the description, so that a later holder can end it."""
        self._describe(replace(self._holder, child=pid))

    def _try(self, flag: int) -> bool:
        """Lock once. False if another process holds the lock, or if the file was removed while this one waited."""
        try:
            fcntl.flock(self._handle, self._kind | flag)
        except BlockingIOError:
            return False
        try:
            if os.path.samestat(os.fstat(self._handle), self.path.stat()):
                return True
        except FileNotFoundError:
            pass
        os.close(self._handle)
        self._handle = self._open()
        return False

    def _open(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _describe(self, holder: Holder) -> None:
        self._holder = holder
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, json.dumps(asdict(holder)).encode(), 0)


@contextmanager
def hold(
    path: Path,
    *,
    operation: str,
    wait_seconds: float | None = None,
    progress: Progress | None = None,
    remove: bool = False,
    clock: poll.Clock = poll.SYSTEM,
) -> Iterator[FileLock]:
    """Hold the lock at ``path`` for one block; wait without limit unless ``wait_seconds`` is given.

    A wait shows as one step of ``progress``. With ``remove`` the file is removed together with the lock.

    Raises:
        LockedError: another process holds it for longer.
    """
    with FileLock(path, operation=operation) as lock:
        if not lock.acquire(wait_seconds=0, clock=clock):
            title = f"Waiting for another process: {lock.holder() or path.name}"
            step: AbstractContextManager[object] = progress.step(title) if progress else nullcontext()
            with step:
                if not lock.acquire(wait_seconds=wait_seconds, clock=clock):
                    raise LockedError(path, lock.holder(), wait_seconds or 0.0)
        try:
            yield lock
        finally:
            if remove:
                path.unlink(missing_ok=True)
