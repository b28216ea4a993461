from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pouw.engine.process_identity import is_running
from pouw.engine.stack_lock import hold
from pouw.errors import EngineError, ExitCode

_HOLD = """
import sys, time
from pathlib import Path
from pouw.engine.stack_lock import hold
with hold(Path(sys.argv[1]), stack="local", operation="up") as lock:
    print("held", flush=True)
    time.sleep(60)
"""


def held_elsewhere(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_stack_is_held_by_one_run_and_free_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "a.lock"
    for _ in range(2):
        with hold(path, stack="local", operation="up") as lock:
            assert lock.killed is None
    assert path.read_text() == ""


def test_a_living_holder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    process = held_elsewhere(path)
    with (
        pytest.raises(EngineError, match=f"up in process {process.pid} since 20") as error,
        hold(path, stack="local", operation="preview"),
    ):
        pass
    assert error.value.code is ExitCode.BUSY
    end(process)


def test_a_killed_holder_is_known_to_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    process = held_elsewhere(path)
    end(process)
    with hold(path, stack="local", operation="up") as lock:
        assert lock.killed is not None
        assert (lock.killed.pid, lock.killed.operation) == (process.pid, "up")
    with hold(path, stack="local", operation="up") as lock:
        assert lock.killed is None


def test_what_a_killed_run_left_behind_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with hold(path, stack="local", operation="up") as lock:
        orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], pass_fds=[lock.handle])
        signed = path.read_text()
    path.write_text(json.dumps({**json.loads(signed), "pid": 2**22 + 1}))  # above every pid there can be
    start = time.monotonic()
    with hold(path, stack="local", operation="up"):
        assert time.monotonic() - start > 0.2
    orphan.wait()


def test_what_is_just_ending_of_a_run_that_is_over_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with hold(path, stack="local", operation="up") as lock:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], pass_fds=[lock.handle])
    assert path.read_text() == ""
    with hold(path, stack="local", operation="up"):
        assert child.poll() is not None
    child.wait()


def test_a_process_that_ended_uncollected_does_not_run() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and still in the table
    assert not is_running(child.pid)
    child.wait()
    assert not is_running(0)
    assert is_running(os.getpid())
