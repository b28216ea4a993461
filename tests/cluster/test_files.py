from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from pouw.cluster import logfiles, machine_facts
from pouw.cluster.layout import Layout
from pouw.cluster.locking import exclusive
from pouw.errors import ClusterError, ExitCode
from pouw.progress import SilentProgress


def test_the_second_command_waits_for_the_first(tmp_path: Path) -> None:
    path, order = tmp_path / "lock", list[str]()

    def second() -> None:
        with exclusive(SilentProgress(), path=path, wait_seconds=10):
            order.append("second")

    with exclusive(SilentProgress(), path=path):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert not path.exists()


def test_a_command_that_waits_too_long_says_who_is_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        exclusive(SilentProgress(), path=path),
        pytest.raises(ClusterError, match=f"process {os.getpid()}") as caught,
        exclusive(SilentProgress(), path=path, wait_seconds=0),
    ):
        pass
    assert caught.value.code is ExitCode.BUSY


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("POUW_HOME", str(tmp_path))
    made = Layout(home=tmp_path)
    made.logs.mkdir(parents=True)
    return made


def test_the_last_lines_of_a_log_are_shown(home: Layout) -> None:
    (home.logs / "etcd.log").write_text("one\ntwo\nthree\n")
    assert list(logfiles.logs("etcd", lines=2)) == ["two", "three"]


def test_following_a_log_goes_on_after_it_was_shortened(home: Layout) -> None:
    path = home.logs / "etcd.log"
    path.write_text("a long first line\n")
    lines = logfiles.logs("etcd", follow=True)
    assert next(lines) == "a long first line"
    path.write_text("new\n")
    assert next(lines) == "new"


@pytest.mark.parametrize("name", ["nobody", "../../etc/passwd"])
def test_an_unknown_component_is_answered_with_the_known_ones(home: Layout, name: str) -> None:
    (home.logs / "etcd.log").touch()
    with pytest.raises(ClusterError, match="expected etcd") as caught:
        logfiles.logs(name)
    assert caught.value.code is ExitCode.USAGE


def test_a_log_that_grew_too_large_is_moved_aside_while_its_writer_goes_on(home: Layout) -> None:
    with logfiles.open_log(home, "etcd") as out:
        out.write(b"x" * (logfiles.LARGEST_BYTES + 1))
        out.flush()
        logfiles.shorten(home)
        out.write(b"after\n")
        out.flush()
    assert (home.logs / "etcd.log").read_bytes() == b"after\n"
    assert (home.logs / "etcd.log.1").stat().st_size == logfiles.LARGEST_BYTES + 1


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("0200000A", "10.0.0.2"),
        ("00000000000000000000000000000000", "::"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
    ],
)
def test_the_kernels_addresses_are_read(text: str, address: str) -> None:
    assert machine_facts.parse_address(text) == address


def test_a_listening_socket_is_found_with_its_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = [each for each in machine_facts.gather(Layout(home=tmp_path)).listeners if each.port == port]
    assert [(each.address, each.pid) for each in found] == [("127.0.0.1", os.getpid())]
