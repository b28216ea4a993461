"""Killed runs and missing clusters, with the real engine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pouw.engine.resolution import Engine
from pouw.kube.errors import ApiError
from tests.engine.kubernetes.controlplane import ControlPlane, Pods, await_true, free_port, ready_status
from tests.engine.kubernetes.stack import Stack

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi_kubernetes as k8s

namespace = k8s.core.v1.Namespace("ns", metadata={"name": "NAME"})
labels = {"app": "web"}
k8s.apps.v1.Deployment(
    "web",
    metadata={"name": "web", "namespace": namespace.metadata.name},
    spec={
        "replicas": 2,
        "selector": {"match_labels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "none"}]}},
    },
)
"""


def exists(plane: ControlPlane, path: str) -> bool:
    try:
        plane.client.get(path)
    except ApiError:
        return False
    return True


def test_a_run_that_is_killed_while_it_waits_is_taken_up_by_the_next(
    tmp_path: Path, control_plane: ControlPlane, engine: Engine
) -> None:
    program = PROGRAM.replace("NAME", "killed")
    stack = Stack.make(tmp_path / "stack", engine, program, str(control_plane.kubeconfig_path), project="killed")
    path = "/apis/apps/v1/namespaces/killed/deployments/web"
    process = stack.start("up", "--yes", "--skip-preview")
    await_true(lambda: exists(control_plane, path), "the Deployment is created")
    process.kill()
    process.communicate()
    uid = control_plane.client.get(path)["metadata"]["uid"]
    stack.run("cancel", "--yes")
    with Pods(control_plane.client, "killed", ready_status):
        output = stack.up()
        assert "error" not in output
        live = control_plane.client.get(path)
        assert live["metadata"]["uid"] == uid
        assert stack.preview() == {}
        stack.run("destroy", "--yes", "--skip-preview")


def test_a_plugin_ends_with_its_killed_engine(tmp_path: Path, control_plane: ControlPlane, engine: Engine) -> None:
    program = PROGRAM.replace("NAME", "orphan")
    stack = Stack.make(tmp_path / "stack", engine, program, str(control_plane.kubeconfig_path), project="orphan")
    process = stack.start("up", "--yes", "--skip-preview")
    await_true(lambda: plugins_in(stack.folder) > 0, "the plugin runs")
    process.kill()
    process.communicate()
    await_true(lambda: plugins_in(stack.folder) == 0, "the plugin ends")


def plugins_in(folder: Path) -> int:
    """Return the plugin processes whose engine works in ``folder``."""
    objects = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        objects += b"pouw.engine.plugins.kubernetes" in command and str(folder).encode() in environment
    return objects


def test_without_a_cluster_a_preview_works_and_an_update_fails(tmp_path: Path, engine: Engine) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        f"""
apiVersion: v1
kind: Config
clusters: [{{name: gone, cluster: {{server: "https://127.0.0.1:{free_port()}"}}}}]
users: [{{name: absent, user: {{token: nothing}}}}]
contexts: [{{name: gone, context: {{cluster: gone, user: absent}}}}]
current-context: gone
"""
    )
    stack = Stack.make(
        tmp_path / "stack", engine, PROGRAM.replace("NAME", "nowhere"), str(kubeconfig), project="nowhere"
    )
    process = time.monotonic()
    steps = stack.preview()
    assert {name: step.op for name, step in steps.items()}.keys() >= {"Namespace ns", "Deployment web"}
    assert time.monotonic() - process < 20
    output = stack.up(fails=True)
    assert "the cluster cannot be reached" in output
    assert "Connection refused" in output
    stack.rewrite('"replicas": 2', '"replicas": "two"')
    assert "spec.replicas: must be an integer, got a string: 'two'" in stack.run("preview", fails=True)
