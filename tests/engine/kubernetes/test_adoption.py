"""The owner of an existing object: other users, other resources, interrupted creates and imports."""

from __future__ import annotations

import pytest

from pouw.engine.plugins.kubernetes.state import own_manager
from tests.engine.kubernetes.controlplane import ControlPlane
from tests.engine.kubernetes.provider import FailedError, Provider, urn
from tests.engine.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, SKIP, config_map, deployment

pytestmark = pytest.mark.engine


def test_a_strangers_object_is_refused_with_what_to_do(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    body = config_map(namespace, k="theirs")
    control_plane.client.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", body=body)
    with pytest.raises(FailedError, match="exists already and is not this resource's: choose another name, import it"):
        provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="ours"))


def test_an_object_of_another_resource_of_ours_is_refused(provider: Provider, namespace: str) -> None:
    provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    with pytest.raises(FailedError, match="exists already"):
        provider.create(urn(CONFIG_MAP, "b"), config_map(namespace, k="v"))


def test_a_create_that_was_cut_off_is_taken_up_again(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    name = urn(CONFIG_MAP, "a")
    inputs, _ = provider.check(name, config_map(namespace, k="half"))
    query = {"fieldManager": own_manager(name)}
    control_plane.client.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", query=query, body=inputs)
    resource = provider.create(name, config_map(namespace, k="v"))
    assert resource.state["data"] == {"k": "v"}
    assert provider.diff(resource, config_map(namespace, k="v")).changes == 1


def test_an_adopted_pending_create_previews_no_change(provider: Provider, namespace: str) -> None:
    news = deployment(namespace, annotations=SKIP)
    created = provider.create(urn(DEPLOYMENT, "web"), news)
    adopted = provider.read(created.urn, created.id, inputs=created.inputs)
    assert adopted is not None
    assert adopted.inputs == created.inputs
    assert provider.diff(adopted, news).changes == 1


def test_an_import_by_id_alone_brings_inputs_without_what_the_server_owns(provider: Provider, namespace: str) -> None:
    created = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    imported = provider.read(urn(CONFIG_MAP, "imported"), created.id)
    assert imported is not None
    assert imported.inputs == config_map(namespace, k="v")
    assert provider.diff(imported, config_map(namespace, k="v")).changes == 1
