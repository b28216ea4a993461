"""A refresh: what somebody changed by hand, what is gone."""

from __future__ import annotations

import pytest

from tests.engine.kubernetes.controlplane import ControlPlane
from tests.engine.kubernetes.provider import Provider, urn
from tests.engine.kubernetes.resources import CONFIG_MAP, config_map, kinds

pytestmark = pytest.mark.engine


def test_a_refresh_finds_what_somebody_changed_by_hand(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    made = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    control_plane.client.request(
        "PATCH", path, body={"data": {"k": "hand", "more": "x"}}, content_type="application/merge-patch+json"
    )
    found = provider.read(made.urn, made.id, state=made.state, inputs=made.inputs)
    assert found is not None
    assert found.inputs["data"] == {"k": "hand"}
    assert kinds(provider.diff(found, config_map(namespace, k="v"))) == {"data.k": "update-replace"}


def test_what_is_gone_reads_as_gone_and_deletes_without_complaint(provider: Provider, namespace: str) -> None:
    made = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    provider.delete(made)
    assert provider.read(made.urn, made.id, state=made.state, inputs=made.inputs) is None
    provider.delete(made)
