"""Objects on a real API server through the engine's protocol: state, changes, names and refusals."""

from __future__ import annotations

import pytest

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.kubernetes.state import own_manager
from tests.engine.kubernetes.controlplane import ControlPlane, Pods, ready_status
from tests.engine.kubernetes.provider import FailedError, Provider, serving, urn
from tests.engine.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, SKIP, config_map, deployment, kinds, live

pytestmark = pytest.mark.engine


def test_a_created_object_carries_its_inputs_and_its_managers_in_the_state(provider: Provider, namespace: str) -> None:
    resource = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    assert resource.id == f"{namespace}/settings"
    assert resource.state["__inputs"] == resource.inputs
    assert resource.state["__initialApiVersion"] == "v1"
    assert resource.state["__fieldManager"] == own_manager(resource.urn)
    assert [entry["manager"] for entry in resource.state["metadata"]["managedFields"]] == ["pulumi-kubernetes"]


def test_unchanged_inputs_are_no_change(provider: Provider, namespace: str) -> None:
    news = deployment(namespace, annotations=SKIP)
    resource = provider.create(urn(DEPLOYMENT, "web"), news)
    assert provider.diff(resource, news).changes == 1


def test_config_map_data_replaces_and_needs_the_name_free(provider: Provider, namespace: str) -> None:
    resource = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    answer = provider.diff(resource, config_map(namespace, k="w"))
    assert kinds(answer) == {"data.k": "update-replace"}
    assert answer.deleteBeforeReplace


def test_mutable_config_maps_update_in_place(control_plane: ControlPlane, namespace: str) -> None:
    with serving({"kubeconfig": control_plane.kubeconfig, "enableConfigMapMutable": "true"}) as provider:
        resource = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v", gone="x"))
        news = config_map(namespace, k="w")
        assert kinds(provider.diff(resource, news)) == {"data.k": "update", "data.gone": "delete"}
        updated = provider.update(resource, news)
        assert live(control_plane, f"/api/v1/namespaces/{namespace}/configmaps/settings")["data"] == {"k": "w"}
        assert provider.diff(updated, news).changes == 1


def test_an_object_without_a_name_gets_one_and_keeps_it(provider: Provider, namespace: str) -> None:
    resource = provider.create(urn(CONFIG_MAP, "auto"), config_map(namespace, None, k="v"))
    name = resource.inputs["metadata"]["name"]
    assert name.startswith("auto-")
    assert len(name) == len("auto-") + 8
    assert resource.inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert provider.diff(resource, config_map(namespace, None, k="v")).changes == 1
    replaced = provider.diff(resource, config_map(namespace, None, k="w"))
    assert replaced.replaces
    assert not replaced.deleteBeforeReplace


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"replica": 2}, "spec.replica: there is no such field; did you mean 'replicas'?"),
        ({"replicas": "two"}, "spec.replicas: must be an integer, got a string: 'two'"),
        ({"selector": None}, "spec.selector: is required"),
        ({"paused": 1}, "spec.paused: must be a boolean, got an integer: 1"),
    ],
)
def test_bad_inputs_name_path_and_remedy(
    provider: Provider, namespace: str, change: dict[str, Value], fault: str
) -> None:
    news = deployment(namespace)
    news["spec"].update(change)
    assert provider.check(urn(DEPLOYMENT, "web"), news)[1] == [fault]


@pytest.mark.parametrize(
    "token", ["kubernetes:core/v1:ConfigMapList", "kubernetes:core/v1:ConfigMapPatch", "kubernetes:helm.sh/v3:Release"]
)
def test_kinds_that_it_does_not_do_are_refused_with_a_remedy(provider: Provider, token: str) -> None:
    with pytest.raises(FailedError, match=rf"{token}: .*(declare|install)"):
        provider.check(urn(token, "x"), {})


def test_a_job_template_replaces(provider: Provider, control_plane: ControlPlane, namespace: str) -> None:
    def job(image: str) -> dict[str, Value]:
        container = {"name": "j", "image": image}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "once", "namespace": namespace},
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}},
        }

    with Pods(control_plane.client, namespace, ready_status):
        created = provider.create(urn("kubernetes:batch/v1:Job", "once"), job("a"))
        assert created.state["status"]["succeeded"] == 1
        answer = provider.diff(created, job("b"))
        assert kinds(answer) == {"spec.template.spec.containers[0].image": "update-replace"}
        assert answer.deleteBeforeReplace
        provider.delete(created)
