"""Logs of components, and listeners of this machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pouw.cluster import logfiles, machine_facts
from pouw.cluster.layout import Layout
from pouw.errors import ClusterError, ExitCode


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(home=tmp_path)
    layout.logs.mkdir(parents=True)
    return layout


def test_the_last_lines_of_a_log_are_shown(layout: Layout) -> None:
    (layout.logs / "etcd.log").write_text("one\ntwo\nthree\n")
    assert list(logfiles.logs(layout, "etcd", lines=2)) == ["two", "three"]


def test_a_followed_log_continues_after_it_was_shortened(layout: Layout) -> None:
    path = layout.logs / "etcd.log"
    path.write_text("a long first line\n")
    lines = logfiles.logs(layout, "etcd", follow=True)
    assert next(lines) == "a long first line"
    path.write_text("new\n")
    assert next(lines) == "new"


@pytest.mark.parametrize("name", ["absent", "../../etc/passwd"])
def test_an_unknown_component_is_refused_with_the_choices(layout: Layout, name: str) -> None:
    (layout.logs / "etcd.log").touch()
    with pytest.raises(ClusterError, match="expected etcd") as refusal:
        logfiles.logs(layout, name)
    assert refusal.value.code is ExitCode.USAGE


def test_a_large_log_is_moved_while_its_writer_continues(layout: Layout) -> None:
    with logfiles.open_log(layout, "etcd") as out:
        out.write(b"x" * (logfiles.LARGEST_BYTES + 1))
        out.flush()
        logfiles.shorten(layout)
        out.write(b"after\n")
        out.flush()
    assert (layout.logs / "etcd.log").read_bytes() == b"after\n"
    assert (layout.logs / "etcd.log.1").stat().st_size == logfiles.LARGEST_BYTES + 1


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("0200000A", "10.0.0.2"),
        ("00000000000000000000000000000000", "::"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
    ],
)
def test_addresses_of_the_kernel_are_decoded(text: str, address: str) -> None:
    assert machine_facts.parse_address(text) == address


def test_a_listening_socket_is_found_with_its_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        listeners = [
            listener for listener in machine_facts.gather(Layout(home=tmp_path)).listeners if listener.port == port
        ]
    assert [(listener.address, listener.pid) for listener in listeners] == [("127.0.0.1", os.getpid())]
