"""A whole network on the real cluster, for tests that are marked so."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster.conftest import HOME
from tests.cluster.snapshot import snapshot
from tests.network import stack

_ENVIRONMENT = {"POUW_HOME": str(HOME)}


@pytest.fixture(scope="session")
def _machine() -> Iterator[dict[str, object]]:
    """State of the machine without a network, to which it returns at the end."""
    before = os.environ.copy()
    os.environ.update(_ENVIRONMENT)
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
    for name, value in _ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def machine(_machine: dict[str, object]) -> dict[str, object]:
    """State of the machine without a network."""
    return _machine


@pytest.fixture
def nothing(machine: dict[str, object]) -> None:
    """No network and no cluster."""
    del machine
    stack.run("down")


@pytest.fixture
def network(machine: dict[str, object]) -> None:
    """A running network; a damaged one is repaired."""
    del machine
    if not stack.is_whole():
        stack.up()
