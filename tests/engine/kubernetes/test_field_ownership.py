"""Fields with another manager."""

from __future__ import annotations

import pytest

from tests.engine.kubernetes.controlplane import ControlPlane
from tests.engine.kubernetes.provider import FailedError, Provider, urn
from tests.engine.kubernetes.resources import DEPLOYMENT, SKIP, deployment, kinds

pytestmark = pytest.mark.engine


def test_a_field_of_another_manager_is_a_conflict_until_it_is_forced(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    created = provider.create(urn(DEPLOYMENT, "web"), deployment(namespace, annotations=SKIP))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 5}}
    query = {"fieldManager": "autoscaler", "force": "true"}
    control_plane.client.request("PATCH", path, query=query, body=body, content_type="application/apply-patch+yaml")
    with pytest.raises(FailedError, match=r"autoscaler.*patchForce"):
        provider.update(created, deployment(namespace, replicas=2, annotations=SKIP))
    forced = provider.update(
        created, deployment(namespace, replicas=2, annotations={**SKIP, "pulumi.com/patchForce": "true"})
    )
    assert forced.state["spec"]["replicas"] == 2


def test_an_ignored_field_keeps_what_the_cluster_has(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    created = provider.create(urn(DEPLOYMENT, "web"), deployment(namespace, annotations=SKIP))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    control_plane.client.request(
        "PATCH", path, body={"spec": {"replicas": 4}}, content_type="application/merge-patch+json"
    )
    news = deployment(namespace, replicas=1, annotations={**SKIP, "more": "x"})
    assert "spec.replicas" not in kinds(provider.diff(created, news, ignored=("spec.replicas",)))
    updated = provider.update(created, news, ignored=("spec.replicas",))
    assert updated.state["spec"]["replicas"] == 4
