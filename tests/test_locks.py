"""File locks between threads and processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from pouw import locks
from pouw.errors import ExitCode
from pouw.locks import FileLock, LockedError
from pouw.progress import SilentProgress, Step

_HOLD = """
import sys, time
from pathlib import Path
from pouw import locks
with locks.hold(Path(sys.argv[1]), operation="build"):
    print("held", flush=True)
    time.sleep(60)
"""


class RecordedProgress:
    """Progress that keeps the titles of its steps, and sets an event at each one."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.opened = threading.Event()

    def step(self, title: str) -> AbstractContextManager[Step]:
        self.titles.append(title)
        self.opened.set()
        return SilentProgress().step(title)


@contextmanager
def other_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_lock_is_free_after_each_block_and_its_file_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "build.lock"
    for _ in range(2):
        with locks.hold(path, operation="build", wait_seconds=0) as lock:
            assert lock.killed is None
    assert path.read_text() == ""


def test_a_second_holder_waits_and_shows_the_first_one(tmp_path: Path) -> None:
    path, order, progress = tmp_path / "lock", list[str](), RecordedProgress()

    def second() -> None:
        with locks.hold(path, operation="second", progress=progress, remove=True):
            order.append("second")

    with locks.hold(path, operation="first"):
        thread = threading.Thread(target=second)
        thread.start()
        assert progress.opened.wait(10)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert len(progress.titles) == 1
    assert f"first in process {os.getpid()} since" in progress.titles[0]
    assert not path.exists()


def test_waiting_in_vain_names_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        other_process(path) as process,
        pytest.raises(
            LockedError, match=f"for the 0.1 s of waiting; got build in process {process.pid} since 20"
        ) as refusal,
        locks.hold(path, operation="build", wait_seconds=0.1),
    ):
        pass
    assert refusal.value.code is ExitCode.BUSY
    assert refusal.value.holder is not None
    assert refusal.value.holder.pid == process.pid


def test_a_killed_holder_is_known_to_the_next_one_only(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with other_process(path) as process:
        pass
    with locks.hold(path, operation="build", wait_seconds=10) as lock:
        assert lock.killed is not None
        assert (lock.killed.pid, lock.killed.operation) == (process.pid, "build")
    with locks.hold(path, operation="build", wait_seconds=0) as lock:
        assert lock.killed is None


def test_a_shorter_description_replaces_a_longer_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text('{"pid": 1, "operation": "' + "x" * 200 + '", "since": 1.0, "child": 0}')
    with locks.hold(path, operation="up", wait_seconds=0) as lock:
        holder = lock.holder()
    assert holder is not None
    assert holder.operation == "up"


def test_a_holder_that_fails_leaves_its_description(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(InterruptedError), locks.hold(path, operation="up"):
        raise InterruptedError
    with locks.hold(path, operation="up", wait_seconds=0) as lock:
        assert lock.killed is not None
        assert lock.killed.operation == "up"


def test_a_child_that_inherits_the_lock_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locks.hold(path, operation="up") as lock:
        child = subprocess.Popen(["/bin/sh", "-c", "read line"], stdin=subprocess.PIPE, pass_fds=[lock.handle])
        lock.child_started(child.pid)
        holder = lock.holder()
    assert holder is not None
    assert holder.child == child.pid
    with FileLock(path) as lock:
        assert not lock.acquire(wait_seconds=0)
        child.communicate(b"\n")
        assert lock.acquire(wait_seconds=10)


def test_shared_locks_exclude_exclusive_ones_only(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock(path, shared=True) as first, FileLock(path, shared=True) as second, FileLock(path) as third:
        assert first.acquire(wait_seconds=0)
        assert second.acquire(wait_seconds=0)
        assert not third.acquire(wait_seconds=0)
    assert path.read_text() == ""


def test_a_file_that_was_removed_while_waiting_is_not_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock(path) as late:
        path.unlink()
        with FileLock(path, operation="up") as current:
            assert current.acquire(wait_seconds=0)
            assert not late.acquire(wait_seconds=0.2)
            holder = late.holder()
    assert holder is not None
    assert holder.operation == "up"
