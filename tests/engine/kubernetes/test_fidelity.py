"""The official provider's state and plans are the contract: see ``official/``.

``state.json`` is what the official provider left for ``program.txt``; the table below is what it plans for each change.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pouw.engine.plugins.kubernetes.discovery import Discovery
from pouw.engine.plugins.kubernetes.objects import Object, gvk_of, namespace_of
from pouw.engine.resolution import Engine
from pouw.kube.client import Client
from pouw.kube.errors import ApiError
from tests.engine.kubernetes import controlplane
from tests.engine.kubernetes.controlplane import ControlPlane, Pods, failing_status, ready_status
from tests.engine.kubernetes.stack import Stack, Step

pytestmark = pytest.mark.engine

OFFICIAL = Path(__file__).parent / "official"
STATE = OFFICIAL / "state.json"
PROGRAM = (OFFICIAL / "program.txt").read_text()

IMAGE = "spec.template.spec.containers[0].image"
NAMESPACE = "metadata.namespace"


def replace(*paths: str) -> Step:
    return Step(op="replace", changes=dict.fromkeys(paths, "update-replace"))


def update(*paths: str) -> Step:
    return Step(op="update", changes=dict.fromkeys(paths, "update"))


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Start a control plane for this module, because the program has a fixed namespace and a cluster-wide kind."""
    with controlplane.running(tmp_path_factory.mktemp("fidelity")) as control_plane:
        yield control_plane


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, plane: ControlPlane, engine: Engine) -> Iterator[Stack]:
    """Import the official state, with its objects in the cluster."""
    stack = Stack.make(tmp_path_factory.mktemp("imported") / "stack", engine, PROGRAM, str(plane.kubeconfig_path))
    with Pods(plane.client, "fidelity", ready_status):
        for resource in json.loads(STATE.read_text())["deployment"]["resources"]:
            if resource["type"].startswith("kubernetes:"):
                make(plane.client, resource["outputs"]["__inputs"])
        stack.run("stack", "import", "--file", str(STATE))
        yield stack


def make(client: Client, inputs: Object) -> None:
    """Create the object as the official provider does, under its own manager."""
    if inputs["kind"] == "Secret":
        inputs = {**inputs, "data": {"token": base64.b64encode(b"canary-secret").decode()}}
    kind = None
    with contextlib.suppress(ApiError):
        kind = Discovery(client).find(gvk_of(inputs)) if inputs["kind"] != "Task" else None
    path = kind.collection(namespace_of(inputs)) if kind else "/apis/pouw.dev/v1/namespaces/fidelity/tasks"
    controlplane.await_true(
        lambda: created(client, path, inputs), f"{inputs['kind']} {inputs['metadata']['name']} can be created"
    )


def created(client: Client, path: str, inputs: Object) -> bool:
    try:
        client.request("POST", path, query={"fieldManager": "pulumi-kubernetes"}, body=inputs)
    except ApiError as error:
        if error.not_found:
            return False
        raise
    return True


def test_the_official_state_previews_no_change(imported: Stack) -> None:
    assert imported.preview() == {}


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        pytest.param({"data": "w"}, {"ConfigMap config": replace("data.k")}, id="data"),
        pytest.param({"replicas": "3"}, {"Deployment web": update("spec.replicas")}, id="replicas"),
        pytest.param(
            {"image": "pouw.local/py:2"},
            {"Deployment web": update(IMAGE), "StatefulSet nodes": update(IMAGE), "Job job": replace(IMAGE)},
            id="image",
        ),
    ],
)
def test_a_setting_plans_what_the_official_provider_plans(
    imported: Stack, settings: Mapping[str, str], steps: Mapping[str, Step]
) -> None:
    assert imported.preview(settings) == steps


def test_another_selector_replaces_the_deployment_only(imported: Stack) -> None:
    imported.rewrite('labels = {"app": "web"}', 'labels = {"app": "other"}')
    try:
        steps = imported.preview()
    finally:
        imported.rewrite('labels = {"app": "other"}', 'labels = {"app": "web"}')
    selector, template = "spec.selector.matchLabels.app", "spec.template.metadata.labels.app"
    assert steps == {
        "Deployment web": Step(op="replace", changes={selector: "update-replace", template: "update"}),
        "Service web": update("spec.selector.app"),
        "PodDisruptionBudget pdb": update(selector),
    }


def test_another_namespace_replaces_everything_in_it(imported: Stack) -> None:
    imported.rewrite('"name": "fidelity"', '"name": "elsewhere"')
    try:
        steps = imported.preview()
    finally:
        imported.rewrite('"name": "elsewhere"', '"name": "fidelity"')
    nested = (
        "ConfigMap config, ConfigMap auto, Secret secret, ServiceAccount sa, Deployment web, Service web, "
        "StatefulSet nodes, Job job, PodDisruptionBudget pdb, HorizontalPodAutoscaler hpa, Task task"
    )
    assert steps == {
        "Namespace ns": replace("metadata.name"),
        **{name: replace(NAMESPACE) for name in nested.split(", ")},
    }


VOLATILE = {
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "managedFields",
    "conditions",
    "status",
    "clusterIP",
    "clusterIPs",
    "startTime",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "ciphertext",
    "plaintext",
}


def shape(value: Any, name: str) -> Any:
    """Return a value without everything that differs from run to run."""
    if isinstance(value, dict):
        return {key: shape(item, name) for key, item in value.items() if key not in VOLATILE and item is not None}
    if isinstance(value, list):
        return [shape(item, name) for item in value]
    if isinstance(value, str) and value.startswith("pulumi-kubernetes-"):
        return f"pulumi-kubernetes-{len(value.removeprefix('pulumi-kubernetes-'))} hex"
    return (
        "a generated name" if isinstance(value, str) and value.removeprefix("fidelity/").startswith("auto-") else value
    )


def state_of(resource: Mapping[str, Any]) -> Any:
    retained = ("type", "custom", "id", "inputs", "outputs", "propertyDependencies", "additionalSecretOutputs")
    return {key: shape(resource[key], resource["urn"]) for key in retained if key in resource}


def test_a_stack_of_this_provider_has_the_official_state(
    tmp_path: Path, control_plane: ControlPlane, engine: Engine
) -> None:
    client = control_plane.client
    stack = Stack.make(tmp_path / "stack", engine, PROGRAM, str(control_plane.kubeconfig_path))
    with Pods(client, "fidelity", ready_status):
        assert "+ 14 created" in stack.up()
        official = json.loads(STATE.read_text())["deployment"]["resources"]
        exported = stack.resources()
        for resource in official:
            token, name = resource["urn"].split("::")[-2:]
            if token.startswith("kubernetes:"):
                assert state_of(exported[f"{token.rsplit(':', 1)[-1]} {name}"]) == state_of(resource)
        assert "canary" not in json.dumps(exported)
        assert base64.b64encode(b"canary-secret").decode() not in json.dumps(exported)
        assert stack.preview() == {}

        assert "1 updated" in stack.up("-c", "fidelity:replicas=3")
        assert "+-1 replaced" in stack.up("-c", "fidelity:data=w")
        client.request("DELETE", "/api/v1/namespaces/fidelity/configmaps/config")
        output = stack.up("--refresh")
        assert "+ 1 created" in output
        assert "13 unchanged" in output

    failing = "pouw.local/none:1"
    with Pods(client, "fidelity", lambda pod: failing_status(pod, "ErrImageNeverPull", "not present")):
        interrupted(stack, failing)
        assert stack.resources()["StatefulSet nodes"]["initErrors"]
        template = stack.resources()["StatefulSet nodes"]["outputs"]["spec"]["template"]
        assert template["spec"]["containers"][0]["image"] == failing
    with Pods(client, "fidelity", ready_status):
        # Kubernetes waits for a broken pod of a StatefulSet whatever its template says meanwhile.
        client.request("DELETE", "/api/v1/namespaces/fidelity/pods/nodes-0", query={"gracePeriodSeconds": "0"})
        stack.up("-c", "fidelity:image=pouw.local/py:3")
        assert stack.preview() == {}
        stack.run("destroy", "--yes", "--skip-preview")
    with pytest.raises(ApiError, match="not found"):
        client.get("/api/v1/namespaces/fidelity")


def interrupted(stack: Stack, image: str) -> None:
    """Update to an image that does not exist, and interrupt the engine once the trouble is shown."""
    process = stack.start("up", "--yes", "--skip-preview", "-c", f"fidelity:image={image}")
    assert process.stdout is not None
    output = []
    for line in process.stdout:
        output.append(line)
        if "ErrImageNeverPull" in line and "StatefulSet nodes" in line:
            break
    os.kill(process.pid, signal.SIGINT)
    others_left, _ = process.communicate(timeout=60)
    assert process.returncode != 0, "".join(output) + others_left
