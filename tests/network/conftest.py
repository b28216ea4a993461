"""A whole network on the real cluster, for tests that are marked so."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster.conftest import HOME
from tests.cluster.snapshot import snapshot
from tests.network import stack

_OWN = {"POUW_HOME": str(HOME)}


@pytest.fixture(scope="session")
def _bare() -> Iterator[dict[str, object]]:
    """The machine without a network; it is that again at the end."""
    before = os.environ.copy()
    os.environ.update(_OWN)
    try:
        stack.run("down")
        yield snapshot()
        stack.run("down")
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The home of the tests' cluster."""
    for name, value in _OWN.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bare(_bare: dict[str, object]) -> dict[str, object]:
    """What the machine looks like without a network, whatever runs now."""
    return _bare


@pytest.fixture
def nothing(bare: dict[str, object]) -> None:
    """No network and no cluster."""
    del bare
    stack.run("down")


@pytest.fixture
def network(bare: dict[str, object]) -> None:
    """A running network: brought up, or brought back to what it should be."""
    del bare
    if not stack.is_whole():
        stack.up()
