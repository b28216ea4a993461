"""Waits on a real API server: until ready, until the timeout, until an interrupt."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from pouw.engine.plugins.kubernetes.readiness import waiter
from pouw.engine.plugins.kubernetes.state import own_manager
from tests.engine.kubernetes.controlplane import ControlPlane, Pods, crashed_status, failing_status, ready_status
from tests.engine.kubernetes.provider import FailedError, Provider, urn
from tests.engine.kubernetes.resources import DEPLOYMENT, deployment

pytestmark = pytest.mark.engine


def test_a_deployment_is_created_when_its_pods_are_ready(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    def once_waited_for(pod: dict[str, Any]) -> dict[str, Any] | None:
        is_waiting = any("Waiting for app ReplicaSet to be available" in text for text in provider.log.statuses)
        return ready_status(pod) if is_waiting else None

    with Pods(control_plane.client, namespace, once_waited_for):
        created = provider.create(urn(DEPLOYMENT, "web"), deployment(namespace, replicas=2))
        assert created.state["status"]["readyReplicas"] == 2
        updated = provider.update(created, deployment(namespace, replicas=3))
        assert updated.state["status"]["readyReplicas"] == 3
        managers = [one["manager"] for one in updated.state["metadata"]["managedFields"] if one["operation"] == "Apply"]
        assert managers == [own_manager(created.urn)]
        provider.delete(updated)


def test_a_missing_image_ends_the_wait_and_the_object_stays_in_state(
    provider: Provider, control_plane: ControlPlane, namespace: str
) -> None:
    def failing_pod(pod: dict[str, Any]) -> dict[str, Any]:
        return failing_status(pod, "ErrImageNeverPull", 'Container image "none" is not present')

    start = time.monotonic()
    with (
        Pods(control_plane.client, namespace, failing_pod),
        pytest.raises(FailedError, match=r"ready: an image does not come: .*ErrImageNeverPull") as failure,
    ):
        provider.create(urn(DEPLOYMENT, "web"), deployment(namespace), timeout=60)
    assert time.monotonic() - start < 20
    assert "ErrImageNeverPull" in failure.value.reasons
    assert failure.value.state["metadata"]["name"] == "web"
    assert failure.value.state["__inputs"]["kind"] == "Deployment"


@pytest.mark.parametrize(("lasting_s", "warned"), [(0.5, True), (60.0, False)])
def test_trouble_is_shown_at_once_and_warned_of_when_it_lasts(
    provider: Provider,
    control_plane: ControlPlane,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    lasting_s: float,
    warned: bool,
) -> None:
    monkeypatch.setattr(waiter, "LASTING_SECONDS", lasting_s)

    def failing_pod(pod: dict[str, Any]) -> dict[str, Any]:
        return failing_status(pod, "CreateContainerConfigError", 'secret "keys" not found')

    with (
        Pods(control_plane.client, namespace, failing_pod),
        pytest.raises(FailedError, match="not ready within") as failure,
    ):
        provider.create(urn(DEPLOYMENT, "web"), deployment(namespace), timeout=3)
    assert any("CreateContainerConfigError" in text for text in provider.log.statuses)
    assert ("CreateContainerConfigError" in provider.log.warnings) is warned
    assert "CreateContainerConfigError" in failure.value.reasons


def test_a_crashing_pod_is_reported_with_its_exit_code(
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
    start = time.monotonic()
    with pytest.raises(FailedError, match="not ready within 1 s"):
        provider.create(urn(DEPLOYMENT, "web"), news, timeout=0)
    assert time.monotonic() - start < 5


def test_a_cancelled_wait_ends_at_once_and_keeps_the_object(provider: Provider, namespace: str) -> None:
    threading.Timer(0.5, provider.cancel).start()
    start = time.monotonic()
    with pytest.raises(FailedError, match="interrupted while waiting") as failure:
        provider.create(urn(DEPLOYMENT, "web"), deployment(namespace), timeout=60)
    assert time.monotonic() - start < 3
    assert failure.value.state["metadata"]["name"] == "web"


def test_a_service_waits_for_endpoints(provider: Provider, control_plane: ControlPlane, namespace: str) -> None:
    news = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    token = "kubernetes:core/v1:Service"
    with pytest.raises(FailedError, match="not ready within 1 s") as failure:
        provider.create(
            urn(token, "lonely"), {**news, "metadata": {"name": "lonely", "namespace": namespace}}, timeout=1
        )
    assert "does not target any Pods" in failure.value.reasons
    with Pods(control_plane.client, namespace, ready_status):
        provider.create(urn(DEPLOYMENT, "web"), deployment(namespace))
        created = provider.create(urn(token, "web"), news)
        assert created.state["spec"]["clusterIP"].startswith("10.223.0.")
        assert provider.diff(created, news).changes == 1


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
    created = provider.create(urn("kubernetes:core/v1:PersistentVolumeClaim", "data"), claim, timeout=5)
    assert created.inputs["spec"]["resources"]["requests"]["storage"] == "1Gi"
    assert provider.diff(created, claim).changes == 1
