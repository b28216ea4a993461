"""A refresh: manual edits and deleted objects."""

from __future__ import annotations

import pytest

from tests.engine.kubernetes.controlplane import ControlPlane
from tests.engine.kubernetes.provider import Provider, urn
from tests.engine.kubernetes.resources import CONFIG_MAP, config_map, kinds

pytestmark = pytest.mark.engine


def test_a_refresh_finds_a_manual_edit(provider: Provider, control_plane: ControlPlane, namespace: str) -> None:
    created = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    control_plane.client.request(
        "PATCH", path, body={"data": {"k": "hand", "more": "x"}}, content_type="application/merge-patch+json"
    )
    live = provider.read(created.urn, created.id, state=created.state, inputs=created.inputs)
    assert live is not None
    assert live.inputs["data"] == {"k": "hand"}
    assert kinds(provider.diff(live, config_map(namespace, k="v"))) == {"data.k": "update-replace"}


def test_what_is_gone_reads_as_gone_and_deletes_without_complaint(provider: Provider, namespace: str) -> None:
    created = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    provider.delete(created)
    assert provider.read(created.urn, created.id, state=created.state, inputs=created.inputs) is None
    provider.delete(created)
