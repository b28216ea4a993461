"""Asking a registry for an image without pulling it."""

from __future__ import annotations

import socket

import pytest

from pouw.images.registry import Verdict, look
from tests.images.registries import Access, serving


@pytest.mark.parametrize(
    ("access", "name", "verdict"),
    [
        ("open", "team/node:1", Verdict.PRESENT),
        ("open", "team/node:2", Verdict.MISSING),
        ("open", "team/node@sha256:" + "0" * 64, Verdict.MISSING),
        ("token", "team/node:1", Verdict.PRESENT),
        ("token", "team/other:1", Verdict.MISSING),
        ("closed", "team/node:1", Verdict.CLOSED),
    ],
)
def test_a_registry_answers_for_each_of_its_images(access: Access, name: str, verdict: Verdict) -> None:
    with serving(access) as host:
        result = look(f"{host}/{name}")
    assert (result.verdict, result.host) == (verdict, host)


def test_an_unreachable_registry_is_reported_with_the_systems_reason() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = look(f"127.0.0.1:{unused.getsockname()[1]}/node:1")
    assert result.verdict is Verdict.UNREACHABLE
    assert "refused" in result.answer


def test_a_server_that_is_not_a_registry_counts_as_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"

        def hang_up() -> None:
            server.accept()[0].close()

        from threading import Thread

        thread = Thread(target=hang_up)
        thread.start()
        assert look(f"{host}/node:1").verdict is Verdict.UNREACHABLE
        thread.join()
