"""Asking a registry for an image without pulling it."""

from __future__ import annotations

import socket

import pytest

from pouw.images.registry import Verdict, look
from tests.images.registries import Access, serving


@pytest.mark.parametrize(
    ("access", "name", "verdict"),
    [
        ("open", "team/node:1", Verdict.THERE),
        ("open", "team/node:2", Verdict.MISSING),
        ("open", "team/node@sha256:" + "0" * 64, Verdict.MISSING),
        ("token", "team/node:1", Verdict.THERE),
        ("token", "team/other:1", Verdict.MISSING),
        ("closed", "team/node:1", Verdict.CLOSED),
    ],
)
def test_a_registry_says_what_it_has(access: Access, name: str, verdict: Verdict) -> None:
    with serving(access) as host:
        found = look(f"{host}/{name}")
    assert (found.verdict, found.host) == (verdict, host)


def test_nobody_at_the_registrys_address_is_told_with_the_systems_reason() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = look(f"127.0.0.1:{taken.getsockname()[1]}/node:1")
    assert found.verdict is Verdict.UNREACHABLE
    assert "refused" in found.said


def test_something_that_is_no_registry_counts_as_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"

        def hang_up() -> None:
            server.accept()[0].close()

        from threading import Thread

        thread = Thread(target=hang_up)
        thread.start()
        assert look(f"{host}/node:1").verdict is Verdict.UNREACHABLE
        thread.join()
