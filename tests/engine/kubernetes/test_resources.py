"""Resources on a real API server, asked for as the engine asks."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value, plain
from pouw.engine.plugins.kubernetes.client import ApiError
from pouw.engine.plugins.kubernetes.state import own_manager
from tests.engine.kubernetes.controlplane import ControlPlane, Pods, crashed_status, failing_status, ready_status
from tests.engine.kubernetes.provider import FailedError, Provider, serving, urn

pytestmark = pytest.mark.engine

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def config_map(namespace: str, name: str | None = "settings", **data: Value) -> dict[str, Value]:
    metadata: dict[str, Value] = {"namespace": namespace}
    if name is not None:
        metadata["name"] = name
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


SKIP = {"pulumi.com/skipAwait": "true"}


def deployment(
    namespace: str, name: str = "web", *, replicas: int = 1, annotations: Mapping[str, str] | None = None
) -> dict[str, Value]:
    labels = {"app": name}
    container = {"name": "c", "image": "none", "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "annotations": dict(annotations or {})},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def live(plane: ControlPlane, path: str) -> dict[str, Any]:
    return plane.client.call("GET", path)


def kinds(answer: Any) -> Mapping[str, str]:
    names = {0: "add", 1: "add-replace", 2: "delete", 3: "delete-replace", 4: "update", 5: "update-replace"}
    return {path: names[one.kind] for path, one in answer.detailedDiff.items()}


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


def test_secret_text_becomes_data_and_stays_secret(provider: Provider, namespace: str) -> None:
    news = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": namespace},
        "stringData": {"token": "canary"},
    }
    resource = provider.create(urn(SECRET, "s"), news)
    data = Secret({"token": base64.b64encode(b"canary").decode()})
    assert resource.inputs["data"] == data
    assert "stringData" not in resource.inputs
    assert resource.state["data"] == data
    assert resource.state["__inputs"]["data"] == data
    assert provider.diff(resource, news).changes == 1


def test_a_secret_in_any_object_stays_secret(provider: Provider, namespace: str) -> None:
    news = config_map(namespace, open="v", closed=Secret("canary"))
    resource = provider.create(urn(CONFIG_MAP, "a"), news)
    assert resource.inputs["data"]["closed"] == Secret("canary")
    assert resource.state["data"] == {"open": "v", "closed": Secret("canary")}


def test_a_fault_in_a_secret_value_does_not_show_it(provider: Provider, namespace: str) -> None:
    _, faults = provider.check(urn(CONFIG_MAP, "a"), config_map(namespace, k=Secret(41_415_926)))
    assert faults == ["data.k: must be a string, got an integer"]


def test_the_servers_refusal_does_not_show_secrets(provider: Provider, namespace: str) -> None:
    news = deployment(namespace)
    news["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 1, "name": Secret("CANARY_VALUE")}]
    with pytest.raises(FailedError, match=r"\[secret\]") as failed:
        provider.create(urn(DEPLOYMENT, "web"), news)
    assert "CANARY_VALUE" not in str(failed.value)


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


def test_a_custom_kind_works_as_soon_as_its_definition_is_created(provider: Provider, namespace: str) -> None:
    definition: dict[str, Any] = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "parts.tests.pouw.dev"},
        "spec": {
            "group": "tests.pouw.dev",
            "scope": "Namespaced",
            "names": {"plural": "parts", "singular": "part", "kind": "Part"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "properties": {"size": {"type": "integer"}},
                                    "x_kubernetes_preserve_unknown_fields": True,
                                }
                            },
                        }
                    },
                }
            ],
        },
    }
    token = "kubernetes:tests.pouw.dev/v1:Part"
    news = {
        "apiVersion": "tests.pouw.dev/v1",
        "kind": "Part",
        "metadata": {"name": "p", "namespace": namespace},
        "spec": {"size": 3},
    }
    crd = provider.create(urn("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "parts"), definition)
    assert provider.diff(crd, definition).changes == 1
    resource = provider.create(urn(token, "p"), news)
    assert resource.state["spec"] == {"size": 3}
    _, faults = provider.check(urn(token, "p"), {**news, "spec": {"size": "big"}})
    assert faults == ["spec.size: must be an integer, got a string: 'big'"]
    changed = {
        **definition,
        "spec": {**definition["spec"], "names": {**definition["spec"]["names"], "shortNames": ["pt"]}},
    }
    updated = provider.update(crd, changed)
    assert updated.state["spec"]["names"]["shortNames"] == ["pt"]
    provider.delete(updated)
    assert provider.read(resource.urn, resource.id, state=resource.state, inputs=resource.inputs) is None
    provider.delete(resource)


def test_a_strangers_object_is_refused_with_what_to_do(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    body = config_map(namespace, k="theirs")
    control_plane.client.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", body=body)
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
    control_plane.client.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", query=query, body=inputs)
    resource = provider.create(name, config_map(namespace, k="v"))
    assert resource.state["data"] == {"k": "v"}
    assert provider.diff(resource, config_map(namespace, k="v")).changes == 1


def test_an_adopted_pending_create_previews_no_change(provider: Provider, namespace: str) -> None:
    news = deployment(namespace, annotations=SKIP)
    made = provider.create(urn(DEPLOYMENT, "web"), news)
    adopted = provider.read(made.urn, made.id, inputs=made.inputs)
    assert adopted is not None
    assert adopted.inputs == made.inputs
    assert provider.diff(adopted, news).changes == 1


def test_an_import_by_id_alone_brings_inputs_without_what_the_server_owns(provider: Provider, namespace: str) -> None:
    made = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    imported = provider.read(urn(CONFIG_MAP, "imported"), made.id)
    assert imported is not None
    assert imported.inputs == config_map(namespace, k="v")
    assert provider.diff(imported, config_map(namespace, k="v")).changes == 1


def test_a_refresh_finds_what_somebody_changed_by_hand(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    made = provider.create(urn(CONFIG_MAP, "a"), config_map(namespace, k="v"))
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    control_plane.client.call(
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


def test_a_finalizer_that_nobody_removes_is_named_when_the_time_is_over(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    news = config_map(namespace, k="v")
    news["metadata"]["finalizers"] = ["pouw.dev/hold"]
    made = provider.create(urn(CONFIG_MAP, "a"), news)
    with pytest.raises(FailedError, match="still there after 1 s") as failed:
        provider.delete(made, timeout=1)
    assert "pouw.dev/hold" in failed.value.reasons
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    body = {"metadata": {"finalizers": None}}
    control_plane.client.call("PATCH", path, body=body, content_type="application/merge-patch+json")
    provider.delete(made)


def test_a_namespace_is_gone_when_its_delete_returns(provider: Provider, control_plane: ControlPlane) -> None:
    news = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "short-lived"}}
    made = provider.create(urn("kubernetes:core/v1:Namespace", "n"), news)
    provider.create(urn(CONFIG_MAP, "a"), config_map("short-lived", k="v"))
    provider.delete(made)
    with pytest.raises(ApiError, match="not found"):
        live(control_plane, "/api/v1/namespaces/short-lived")


def test_a_deployment_is_created_when_its_pods_are_ready(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    with Pods(control_plane.client, namespace, ready_status):
        made = provider.create(urn(DEPLOYMENT, "web"), deployment(namespace, replicas=2))
        assert made.state["status"]["readyReplicas"] == 2
        assert any("Waiting for app ReplicaSet to be available" in text for text in provider.log.statuses)
        updated = provider.update(made, deployment(namespace, replicas=3))
        assert updated.state["status"]["readyReplicas"] == 3
        managers = [one["manager"] for one in updated.state["metadata"]["managedFields"] if one["operation"] == "Apply"]
        assert managers == [own_manager(made.urn)]
        provider.delete(updated)


def test_a_pod_that_cannot_start_is_told_while_waiting_and_kept_in_the_state(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    def broken(pod: dict[str, Any]) -> dict[str, Any]:
        return failing_status(pod, "ErrImageNeverPull", 'Container image "none" is not present')

    with (
        Pods(control_plane.client, namespace, broken),
        pytest.raises(FailedError, match="did not become ready") as failed,
    ):
        provider.create(urn(DEPLOYMENT, "web"), deployment(namespace), timeout=2)
    assert "ErrImageNeverPull" in provider.log.warnings
    assert "ErrImageNeverPull" in failed.value.reasons
    assert failed.value.state["metadata"]["name"] == "web"
    assert failed.value.state["__inputs"]["kind"] == "Deployment"


def test_a_crashing_pod_is_told_with_its_exit_code(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    with (
        Pods(control_plane.client, namespace, lambda pod: crashed_status(pod, 3)),
        pytest.raises(FailedError, match="did not become ready"),
    ):
        provider.create(urn(DEPLOYMENT, "web"), deployment(namespace), timeout=2)
    assert "container c: ended with exit code 3 (Error)" in provider.log.warnings


def test_the_timeout_annotation_bounds_the_wait(provider: Provider, namespace: str) -> None:
    news = deployment(namespace, annotations={"pulumi.com/timeoutSeconds": "1"})
    started = time.monotonic()
    with pytest.raises(FailedError, match="not ready within 1 s"):
        provider.create(urn(DEPLOYMENT, "web"), news, timeout=0)
    assert time.monotonic() - started < 5


def test_a_cancelled_wait_ends_at_once_and_keeps_the_object(provider: Provider, namespace: str) -> None:
    threading.Timer(0.5, provider.cancel).start()
    started = time.monotonic()
    with pytest.raises(FailedError, match="interrupted while waiting") as failed:
        provider.create(urn(DEPLOYMENT, "web"), deployment(namespace), timeout=60)
    assert time.monotonic() - started < 3
    assert failed.value.state["metadata"]["name"] == "web"


def test_a_service_waits_for_endpoints(provider: Provider, control_plane: ControlPlane, namespace: str) -> None:
    news = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    token = "kubernetes:core/v1:Service"
    with pytest.raises(FailedError, match="not ready within 1 s") as failed:
        provider.create(
            urn(token, "lonely"), {**news, "metadata": {"name": "lonely", "namespace": namespace}}, timeout=1
        )
    assert "does not target any Pods" in failed.value.reasons
    with Pods(control_plane.client, namespace, ready_status):
        provider.create(urn(DEPLOYMENT, "web"), deployment(namespace))
        made = provider.create(urn(token, "web"), news)
        assert made.state["spec"]["clusterIP"].startswith("10.223.0.")
        assert provider.diff(made, news).changes == 1


def test_a_claim_that_waits_for_its_first_consumer_is_ready(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    storage = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "late"},
        "provisioner": "tests.pouw.dev/none",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    provider.create(urn("kubernetes:storage.k8s.io/v1:StorageClass", "late"), storage)
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "late",
            "resources": {"requests": {"storage": "1024Mi"}},
        },
    }
    made = provider.create(urn("kubernetes:core/v1:PersistentVolumeClaim", "data"), claim, timeout=5)
    assert made.inputs["spec"]["resources"]["requests"]["storage"] == "1Gi"
    assert provider.diff(made, claim).changes == 1


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
        made = provider.create(urn("kubernetes:batch/v1:Job", "once"), job("a"))
        assert made.state["status"]["succeeded"] == 1
        answer = provider.diff(made, job("b"))
        assert kinds(answer) == {"spec.template.spec.containers[0].image": "update-replace"}
        assert answer.deleteBeforeReplace
        provider.delete(made)


def test_a_field_of_another_manager_is_a_conflict_until_it_is_forced(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    made = provider.create(urn(DEPLOYMENT, "web"), deployment(namespace, annotations=SKIP))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 5}}
    query = {"fieldManager": "autoscaler", "force": "true"}
    control_plane.client.call("PATCH", path, query=query, body=body, content_type="application/apply-patch+yaml")
    with pytest.raises(FailedError, match=r"autoscaler.*patchForce"):
        provider.update(made, deployment(namespace, replicas=2, annotations=SKIP))
    forced = provider.update(
        made, deployment(namespace, replicas=2, annotations={**SKIP, "pulumi.com/patchForce": "true"})
    )
    assert forced.state["spec"]["replicas"] == 2


def test_an_ignored_field_keeps_what_the_cluster_has(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    made = provider.create(urn(DEPLOYMENT, "web"), deployment(namespace, annotations=SKIP))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    control_plane.client.call(
        "PATCH", path, body={"spec": {"replicas": 4}}, content_type="application/merge-patch+json"
    )
    news = deployment(namespace, replicas=1, annotations={**SKIP, "more": "x"})
    assert "spec.replicas" not in kinds(provider.diff(made, news, ignored=("spec.replicas",)))
    updated = provider.update(made, news, ignored=("spec.replicas",))
    assert updated.state["spec"]["replicas"] == 4


@pytest.mark.parametrize(
    "token", ["kubernetes:core/v1:ConfigMapList", "kubernetes:core/v1:ConfigMapPatch", "kubernetes:helm.sh/v3:Release"]
)
def test_kinds_that_it_does_not_do_are_refused_with_a_remedy(provider: Provider, token: str) -> None:
    with pytest.raises(FailedError, match=rf"{token}: .*(declare|install)"):
        provider.check(urn(token, "x"), {})


def test_nothing_of_a_secret_reaches_the_log(provider: Provider, control_plane: ControlPlane, namespace: str) -> None:
    def revealing(pod: dict[str, Any]) -> dict[str, Any]:
        return failing_status(pod, "CreateContainerConfigError", "bad value canary-text")

    news = deployment(namespace)
    news["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": Secret("canary-text")}]
    with Pods(control_plane.client, namespace, revealing), pytest.raises(FailedError) as failed:
        provider.create(urn(DEPLOYMENT, "web"), news, timeout=1)
    said = json.dumps([str(failed.value), failed.value.reasons, provider.log.warnings, provider.log.statuses])
    assert "canary-text" not in said
    assert "[secret]" in said
    assert plain(failed.value.state)["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == "canary-text"
    assert isinstance(failed.value.state["spec"]["template"]["spec"]["containers"], Secret)
