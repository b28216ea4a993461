"""Deletes return once the object is gone, or report what holds it."""

from __future__ import annotations

import pytest

from pouw.kube.errors import ApiError
from tests.engine.kubernetes.controlplane import ControlPlane
from tests.engine.kubernetes.provider import FailedError, Provider, urn
from tests.engine.kubernetes.resources import CONFIG_MAP, config_map, live

pytestmark = pytest.mark.engine


def test_a_finalizer_that_blocks_a_deletion_is_reported(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    news = config_map(namespace, k="v")
    news["metadata"]["finalizers"] = ["pouw.dev/hold"]
    created = provider.create(urn(CONFIG_MAP, "a"), news)
    with pytest.raises(FailedError, match="still there after 1 s") as failure:
        provider.delete(created, timeout=1)
    assert "pouw.dev/hold" in failure.value.reasons
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    body = {"metadata": {"finalizers": None}}
    control_plane.client.request("PATCH", path, body=body, content_type="application/merge-patch+json")
    provider.delete(created)


def test_a_namespace_is_gone_when_its_delete_returns(provider: Provider, control_plane: ControlPlane) -> None:
    news = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "short-lived"}}
    created = provider.create(urn("kubernetes:core/v1:Namespace", "n"), news)
    provider.create(urn(CONFIG_MAP, "a"), config_map("short-lived", k="v"))
    provider.delete(created)
    with pytest.raises(ApiError, match="not found"):
        live(control_plane, "/api/v1/namespaces/short-lived")
