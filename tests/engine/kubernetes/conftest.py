"""One control plane for all tests, and a provider that is called as the engine calls it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.kubernetes import controlplane
from tests.engine.kubernetes.controlplane import ControlPlane
from tests.engine.kubernetes.provider import Provider, serving

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    folder: Path = tmp_path_factory.mktemp("control-plane")
    with controlplane.running(folder) as plane:
        yield plane


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """Create a namespace for one test."""
    name = f"test-{next(_numbers)}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    control_plane.client.request("POST", "/api/v1/namespaces", body=body)
    return name


Configured = Callable[..., Provider]


@pytest.fixture
def provider(control_plane: ControlPlane) -> Iterator[Provider]:
    """Start a provider that is configured for the control plane."""
    with serving({"kubeconfig": control_plane.kubeconfig}) as provider:
        yield provider
