"""Previews against a cluster, and against one that lacks what a run would make first."""

from __future__ import annotations

import pytest

from pouw.engine.plugins.core.properties import UNKNOWN
from pouw.kube.errors import ApiError
from tests.engine.kubernetes.controlplane import ControlPlane
from tests.engine.kubernetes.provider import Provider, urn
from tests.engine.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, config_map, deployment, live

pytestmark = pytest.mark.engine


def test_unknown_inputs_preview_without_a_word(provider: Provider, namespace: str) -> None:
    preview = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k=UNKNOWN), preview=True)
    assert preview.id == ""
    assert preview.state["data"]["k"] is UNKNOWN
    assert preview.state["metadata"]["uid"] is UNKNOWN


def test_a_preview_creates_nothing_and_shows_what_the_server_adds(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    preview = provider.create(urn(DEPLOYMENT, "web"), deployment(namespace), preview=True)
    assert preview.state["spec"]["progressDeadlineSeconds"] == 600
    assert "status" not in preview.state
    with pytest.raises(ApiError, match="not found"):
        live(control_plane, f"/apis/apps/v1/namespaces/{namespace}/deployments/web")


def test_a_preview_in_a_namespace_that_is_yet_to_come_passes(provider: Provider) -> None:
    preview = provider.create(urn(CONFIG_MAP, "a"), config_map("not-yet", k="v"), preview=True)
    assert preview.state["data"] == {"k": "v"}


def test_a_preview_of_a_kind_that_is_yet_to_come_passes(provider: Provider, namespace: str) -> None:
    token = "kubernetes:pouw.dev/v1:Unheard"
    news = {"apiVersion": "pouw.dev/v1", "kind": "Unheard", "metadata": {"name": "x", "namespace": namespace}}
    assert provider.create(urn(token, "x"), news, preview=True).state["kind"] == "Unheard"
