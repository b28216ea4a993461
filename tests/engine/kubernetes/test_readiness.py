"""Readiness of objects, decided from their status and related objects."""

from __future__ import annotations

from typing import Any

import pytest

from pouw.engine.plugins.kubernetes.objects import Object
from pouw.engine.plugins.kubernetes.readiness.definitions import definition_status
from pouw.engine.plugins.kubernetes.readiness.pods import pod_status
from pouw.engine.plugins.kubernetes.readiness.services import service_status
from pouw.engine.plugins.kubernetes.readiness.status import Phase, Status, World, selector_text
from pouw.engine.plugins.kubernetes.readiness.storage import claim_status
from pouw.engine.plugins.kubernetes.readiness.workloads import (
    daemon_set_status,
    deployment_status,
    job_status,
    stateful_set_status,
)

READY, WAITING, FAILED = Phase.READY, Phase.WAITING, Phase.FAILURE


def obj(name: str = "x", *, uid: str = "u", spec: Any = None, owner: str = "", **status: Any) -> Object:
    metadata: Object = {"name": name, "uid": uid, "generation": 1}
    if owner:
        metadata["ownerReferences"] = [{"uid": owner}]
    return {"metadata": metadata, "spec": spec or {}, "status": {"observedGeneration": 1, **status}}


def condition(kind: str, status: str = "True", reason: str = "", message: str = "") -> Object:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def pod(owner: str = "u", *, name: str = "p", **container: Any) -> Object:
    return obj(name, uid=f"uid-{name}", owner=owner, phase="Pending", containerStatuses=[{"name": "c", **container}])


def text(status: Status) -> str:
    return "\n".join(status.reasons)


def event(uid: str, reason: str, message: str, **more: Any) -> Object:
    involved = {"uid": uid, "kind": "Pod", "name": "p"}
    return {"involvedObject": involved, "reason": reason, "message": message, **more}


COMPLETE = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "conditions": [condition("Available")]}


@pytest.mark.parametrize(
    ("changes", "phase", "line"),
    [
        ({}, READY, "complete"),
        ({"observedGeneration": 0}, WAITING, "controller to see"),
        ({"availableReplicas": 1}, WAITING, "[1/2] Waiting for app ReplicaSet to be available (1/2 Pods available)"),
        ({"replicas": 3}, WAITING, "old Pods to go (1 left)"),
        ({"conditions": [condition("Available", "False")]}, WAITING, "2/2"),
        (
            {"conditions": [condition("Progressing", "False", "ProgressDeadlineExceeded", "took too long")]},
            FAILED,
            "too long",
        ),
    ],
)
def test_a_deployment(changes: dict[str, Any], phase: Phase, line: str) -> None:
    status = deployment_status(obj(spec={"replicas": 2}, **{**COMPLETE, **changes}), {})
    assert status.phase is phase
    assert line in status.text


def test_a_deployment_reports_pods_of_its_newest_revision_only() -> None:
    def revision(owned_pod: Object, number: str) -> Object:
        owned_pod["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": number}
        return owned_pod

    web = revision(obj(spec={"replicas": 1}, updatedReplicas=0), "2")
    waiting = {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}
    world: World = {
        "ReplicaSet": [revision(obj("old", uid="1", owner="u"), "1"), revision(obj("new", uid="2", owner="u"), "2")],
        "Pod": [pod("1", name="old-pod", state=waiting), pod("2", name="new-pod", state=waiting)],
    }
    assert deployment_status(web, world).troubles == ("Pod new-pod: container c: ErrImagePull: no such image",)


def test_a_paused_deployment_is_as_far_as_it_gets() -> None:
    assert deployment_status(obj(spec={"paused": True}), {}).phase is READY


@pytest.mark.parametrize(
    ("spec", "status", "phase"),
    [
        ({"replicas": 2}, {"readyReplicas": 1}, WAITING),
        (
            {"replicas": 2},
            {"readyReplicas": 2, "updatedReplicas": 2, "currentRevision": "a", "updateRevision": "a"},
            READY,
        ),
        (
            {"replicas": 2},
            {"readyReplicas": 2, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"},
            WAITING,
        ),
        ({"replicas": 0}, {}, READY),
        ({"replicas": 2, "updateStrategy": {"type": "OnDelete"}}, {"readyReplicas": 2}, READY),
        (
            {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}},
            {"readyReplicas": 3, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"},
            READY,
        ),
    ],
)
def test_a_stateful_set(spec: Object, status: Object, phase: Phase) -> None:
    assert stateful_set_status(obj(spec=spec, **status), {}).phase is phase


def test_a_broken_pod_of_an_older_revision_is_named_with_what_to_do() -> None:
    unready_pod = pod(name="nodes-0")
    unready_pod["metadata"]["labels"] = {"controller-revision-hash": "a"}
    status = stateful_set_status(obj(spec={"replicas": 1}, updateRevision="b"), {"Pod": [unready_pod]})
    assert "nodes-0 is of an older revision and not ready" in text(status)
    assert "delete the Pod" in text(status)


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1}, WAITING),
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 1, "numberAvailable": 2}, WAITING),
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}, READY),
        ({"desiredNumberScheduled": 0}, READY),
    ],
)
def test_a_daemon_set(status: Object, phase: Phase) -> None:
    assert daemon_set_status(obj(**status), {}).phase is phase


@pytest.mark.parametrize(
    ("spec", "status", "phase", "line"),
    [
        ({}, {"active": 1}, WAITING, "Active: 1 | Succeeded: 0 | Failed: 0"),
        ({}, {"conditions": [condition("Complete")]}, READY, "completed"),
        (
            {},
            {"conditions": [condition("Failed", "True", "BackoffLimitExceeded", "too often")]},
            FAILED,
            "BackoffLimitExceeded",
        ),
        ({"suspend": True}, {}, READY, "suspended"),
    ],
)
def test_a_job(spec: Object, status: Object, phase: Phase, line: str) -> None:
    job_state = job_status(obj(spec=spec, **status), {})
    assert job_state.phase is phase
    assert line in job_state.text


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"state": {"waiting": {"reason": "ContainerCreating"}}}, ""),
        (
            {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "back-off"}}},
            "c: ImagePullBackOff: back-off",
        ),
        ({"state": {"terminated": {"exitCode": 3, "reason": "Error"}}}, "c: ended with exit code 3 (Error)"),
        (
            {
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
            },
            "c: ended with exit code 137 (OOMKilled)",
        ),
    ],
)
def test_a_container_that_does_not_run_says_why(container: Object, expected: str) -> None:
    status = pod_status(pod(**container), {})
    assert status.phase is WAITING
    assert expected in text(status)
    assert bool(expected) is bool(status.reasons)


def test_a_crash_asks_for_its_last_line_of_log() -> None:
    crashed_pod: dict[str, Any] = {"restartCount": 2, "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}}
    assert [crash.key for crash in pod_status(pod(**crashed_pod), {}).crashes] == ["p/c/2"]


def test_a_pod_that_fits_nowhere_says_why() -> None:
    nowhere = obj(
        conditions=[condition("PodScheduled", "False", "Unschedulable", "0/1 nodes are available: no memory")]
    )
    assert "Unschedulable: 0/1 nodes are available: no memory" in text(pod_status(nowhere, {}))


@pytest.mark.parametrize(("phase", "expected"), [("Succeeded", READY), ("Failed", FAILED), ("Running", WAITING)])
def test_a_pod(phase: str, expected: Phase) -> None:
    assert pod_status(obj(phase=phase), {}).phase is expected


def test_each_warning_about_the_object_is_reported_once() -> None:
    event_texts = [
        event(uid, "FailedMount", message) for uid, message in (("u", "first"), ("u", "second"), ("other", "third"))
    ]
    assert pod_status(obj("p"), {"Event": event_texts}).troubles == ("Pod p: FailedMount: second",)


def test_what_was_said_of_a_pod_before_its_container_ran_is_over() -> None:
    running = pod(state={"running": {"startedAt": "2026-01-01T00:00:05Z"}})
    early = event("uid-p", "FailedMount", "no such volume yet", lastTimestamp="2026-01-01T00:00:04Z")
    late = event("uid-p", "Unhealthy", "Liveness probe failed: 500", lastTimestamp="2026-01-01T00:00:09Z")
    assert pod_status(running, {"Event": [early, late]}).troubles == ("Pod p: Unhealthy: Liveness probe failed: 500",)


def test_a_write_that_met_another_is_tried_again_and_no_trouble() -> None:
    scheduled = condition(
        "PodScheduled", "False", "SchedulerError", "claims: the object has been modified; please try again"
    )
    assert pod_status(obj(conditions=[scheduled]), {}).reasons == ()
    met = event("u", "FailedUpdate", 'persistentvolumeclaims "data": the object has been modified; please try again')
    assert stateful_set_status(obj(spec={"replicas": 1}), {"Event": [met]}).troubles == ()


@pytest.mark.parametrize("probe", ["Startup", "Readiness"])
def test_probe_failures_are_reported_after_the_wait_times_out(probe: str) -> None:
    status = pod_status(pod(), {"Event": [event("uid-p", "Unhealthy", f"{probe} probe failed: refused")]})
    assert status.troubles == ()
    assert status.lacks == (f"Pod p: Unhealthy: {probe} probe failed: refused",)


RESOLVING = 'failed to resolve image "r/x:1": '


@pytest.mark.parametrize(
    ("reason", "message", "pulls", "phase"),
    [
        ("InvalidImageName", "couldn't parse image name", 0, FAILED),
        ("ErrImageNeverPull", "not present with pull policy of Never", 0, FAILED),
        ("ErrImagePull", RESOLVING + "r/x:1: not found", 1, FAILED),
        ("ImagePullBackOff", "Back-off pulling image: ErrImagePull: pull access denied", 1, FAILED),
        ("ErrImagePull", RESOLVING + "dial tcp 192.0.2.1:443: i/o timeout", 1, WAITING),
        ("ErrImagePull", RESOLVING + "dial tcp 192.0.2.1:443: i/o timeout", 3, FAILED),
        ("ContainerCreating", "", 0, WAITING),
    ],
)
def test_an_image_that_does_not_come_ends_the_wait(reason: str, message: str, pulls: int, phase: Phase) -> None:
    stuck = pod(owner="u", state={"waiting": {"reason": reason, "message": message}})
    world = {"Pod": [stuck], "Event": [event("uid-p", "Failed", f"Failed to pull image: {message}", count=pulls)]}
    status = stateful_set_status(obj(spec={"replicas": 1}), world)
    assert status.phase is phase
    assert (f"Pod p: container c: {reason}" in status.text) is (phase is FAILED)


def test_a_pod_of_an_older_image_does_not_end_the_wait_for_the_newer() -> None:
    stuck = pod(owner="u", state={"waiting": {"reason": "ErrImagePull", "message": "x:1: not found"}})
    stuck["spec"] = {"containers": [{"name": "c", "image": "x:1"}]}
    newer = {"replicas": 1, "template": {"spec": {"containers": [{"name": "c", "image": "x:2"}]}}}
    assert stateful_set_status(obj(spec=newer), {"Pod": [stuck]}).phase is WAITING


SERVING = {"EndpointSlice": [{"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}]}]}
SELECTING = {"selector": {"a": "b"}}


@pytest.mark.parametrize(
    ("spec", "world", "phase"),
    [
        (SELECTING, {}, WAITING),
        (SELECTING, SERVING, READY),
        (
            SELECTING,
            {"EndpointSlice": [{"endpoints": [{"addresses": ["a"], "conditions": {"ready": False}}]}]},
            WAITING,
        ),
        (SELECTING, {"EndpointSlice": [{"endpoints": None}]}, WAITING),
        ({**SELECTING, "type": "LoadBalancer"}, SERVING, WAITING),
        ({**SELECTING, "clusterIP": "None"}, {}, READY),
        ({"type": "ExternalName"}, {}, READY),
        ({}, {}, READY),
    ],
)
def test_a_service(spec: Object, world: World, phase: Phase) -> None:
    assert service_status(obj(spec=spec), world).phase is phase


def test_a_load_balancer_with_an_address_is_ready() -> None:
    service = obj(spec={**SELECTING, "type": "LoadBalancer"}, loadBalancer={"ingress": [{"ip": "1.2.3.4"}]})
    assert service_status(service, SERVING).phase is READY


LATE: Object = {"metadata": {"name": "late"}, "volumeBindingMode": "WaitForFirstConsumer"}
DEFAULT: Object = {
    **LATE,
    "metadata": {"name": "d", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
}


@pytest.mark.parametrize(
    ("spec", "phase", "classes", "expected"),
    [
        ({}, "Bound", [], READY),
        ({}, "Lost", [], FAILED),
        ({"storageClassName": "late"}, "Pending", [LATE], READY),
        ({"storageClassName": "late"}, "Pending", [], WAITING),
        ({}, "Pending", [DEFAULT], READY),
        ({}, "Pending", [{"metadata": {"name": "now"}, "volumeBindingMode": "Immediate"}], WAITING),
    ],
)
def test_a_claim(spec: Object, phase: str, classes: list[Object], expected: Phase) -> None:
    assert claim_status(obj(spec=spec, phase=phase), {"StorageClass": classes}).phase is expected


def test_a_definition() -> None:
    assert definition_status(obj(), {}).phase is WAITING
    assert definition_status(obj(conditions=[condition("Established")]), {}).phase is READY
    assert definition_status(obj(conditions=[condition("NamesAccepted", "False", message="taken")]), {}).phase is FAILED


def test_a_selector_is_written_as_a_query() -> None:
    selector = {
        "matchLabels": {"a": "b"},
        "matchExpressions": [
            {"key": "c", "operator": "In", "values": ["d", "e"]},
            {"key": "f", "operator": "DoesNotExist"},
        ],
    }
    assert selector_text(selector) == "a=b,c in (d,e),!f"
