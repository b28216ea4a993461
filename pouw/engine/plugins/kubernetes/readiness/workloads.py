"""Deployments, StatefulSets and DaemonSets: ready when every pod of the newest revision is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pouw.engine.plugins.kubernetes.objects import Gvk, Object, annotation, name_of, value_at
from pouw.engine.plugins.kubernetes.readiness import pods as pod_parts
from pouw.engine.plugins.kubernetes.readiness.pods import POD, WARNINGS, crashes, event_troubles, on_the_way, troubles
from pouw.engine.plugins.kubernetes.readiness.status import (
    Awaited,
    Collection,
    Status,
    World,
    condition,
    count,
    failed_status,
    is_true,
    observed,
    owned,
    ready,
    selector_text,
    waiting,
)

_REPLICA_SET: Final = Gvk(group="apps", version="v1", kind="ReplicaSet")
_REVISION: Final = "deployment.kubernetes.io/revision"


def _own_pods(obj: Object) -> list[Collection]:
    labels = selector_text(value_at(obj, "spec", "selector") or {})
    return [Collection(gvk=POD, labels=labels), WARNINGS]


def _replica_sets_and_pods(obj: Object) -> list[Collection]:
    labels = selector_text(value_at(obj, "spec", "selector") or {})
    return [Collection(gvk=_REPLICA_SET, labels=labels), *_own_pods(obj)]


def _desired_replicas(obj: Object) -> int:
    desired = value_at(obj, "spec", "replicas")
    return desired if isinstance(desired, int) else 1


def deployment_status(deployment: Object, world: World) -> Status:
    """Return the status of a Deployment as ``kubectl rollout status`` does, with the troubles of its pods."""
    if not observed(deployment):
        return waiting("Waiting for the controller to see the Deployment")
    if value_at(deployment, "spec", "paused"):
        return ready("the Deployment is paused")
    desired = _desired_replicas(deployment)
    updated, available = (
        count(deployment, "status", "updatedReplicas"),
        count(deployment, "status", "availableReplicas"),
    )
    replicas = count(deployment, "status", "replicas")
    sets = [
        replica_set
        for replica_set in owned(world.get("ReplicaSet") or (), [deployment])
        if annotation(replica_set, _REVISION) == annotation(deployment, _REVISION)
    ]
    current = owned(world.get("Pod") or (), sets)
    owners = [deployment, *sets]
    replica_failure = condition(deployment, "ReplicaFailure")
    refusal = (
        [f"{replica_failure.get('reason')}: {replica_failure.get('message')}"]
        if replica_failure.get("status") == "True"
        else []
    )
    progressing = condition(deployment, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        problems = [*refusal, *troubles(current), *event_troubles(world, [*owners, *current])]
        return failed_status(str(progressing.get("message")), problems, crashes(current))
    if updated >= desired and replicas <= updated and available >= updated and is_true(deployment, "Available"):
        return ready("Deployment initialization complete")
    if updated >= desired and replicas > updated:
        text = f"[2/2] Waiting for old Pods to go ({replicas - updated} left)"
    else:
        text = f"[1/2] Waiting for app ReplicaSet to be available ({min(available, desired)}/{desired} Pods available)"
    status = on_the_way(text, current, world, spec=_pod_spec(deployment), owners=owners)
    return replace(status, troubles=(*refusal, *status.troubles))


def stateful_set_status(stateful_set: Object, world: World) -> Status:
    """Return the status of a StatefulSet: every pod from the partition on is of the newest revision and ready."""
    if not observed(stateful_set):
        return waiting("Waiting for the controller to see the StatefulSet")
    desired = _desired_replicas(stateful_set)
    pods = owned(world.get("Pod") or (), [stateful_set])
    spec = _pod_spec(stateful_set)
    ready_count = count(stateful_set, "status", "readyReplicas")
    if ready_count < desired:
        text = f"[1/2] Waiting for StatefulSet to create Pods ({ready_count}/{desired} Pods ready)"
        lacks = _left_behind(stateful_set, pods)
        return on_the_way(text, pods, world, spec=spec, owners=[stateful_set], lacks=lacks)
    strategy = value_at(stateful_set, "spec", "updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return ready("StatefulSet initialization complete")
    partition = count(strategy, "rollingUpdate", "partition")
    updated = count(stateful_set, "status", "updatedReplicas")
    is_current = value_at(stateful_set, "status", "currentRevision") == value_at(
        stateful_set, "status", "updateRevision"
    )
    if (partition and updated >= desired - partition) or (not partition and is_current and updated >= desired):
        return ready("StatefulSet initialization complete")
    text = f"[2/2] Waiting for StatefulSet update to roll out ({updated}/{desired - partition} Pods updated)"
    return on_the_way(text, pods, world, spec=spec, owners=[stateful_set])


def _left_behind(stateful_set: Object, pods: list[Object]) -> list[str]:
    """Report pods that block the update: the controller does not replace an unready pod of an older revision."""
    newest = value_at(stateful_set, "status", "updateRevision")
    return [
        f"Pod {name_of(pod)} is of an older revision and not ready: the controller waits for it; "
        "delete the Pod to let the update continue"
        for pod in pods
        if not pod_parts.is_ready(pod)
        and value_at(pod, "metadata", "labels", "controller-revision-hash") not in (newest, None)
    ]


def daemon_set_status(daemon_set: Object, world: World) -> Status:
    """Return the status of a DaemonSet: every desired node has an available pod of the newest revision."""
    if not observed(daemon_set):
        return waiting("Waiting for the controller to see the DaemonSet")
    desired = count(daemon_set, "status", "desiredNumberScheduled")
    updated = count(daemon_set, "status", "updatedNumberScheduled")
    available = count(daemon_set, "status", "numberAvailable")
    if value_at(daemon_set, "spec", "updateStrategy", "type") == "OnDelete":
        updated = desired
    if updated >= desired and available >= desired:
        return ready("DaemonSet initialization complete")
    pods = owned(world.get("Pod") or (), [daemon_set])
    text = f"Waiting for DaemonSet Pods ({min(updated, available)}/{desired} Pods available)"
    return on_the_way(text, pods, world, spec=_pod_spec(daemon_set), owners=[daemon_set])


def job_status(job: Object, world: World) -> Status:
    """Return the status of a Job: complete or suspended."""
    pods = owned(world.get("Pod") or (), [job])
    failure = condition(job, "Failed")
    if failure.get("status") == "True":
        problems = [*troubles([pod for pod in pods if not _succeeded(pod)]), *event_troubles(world, [job, *pods])]
        text = f"Job {name_of(job)} failed: {failure.get('reason')}: {failure.get('message')}"
        return failed_status(text, problems, crashes(pods))
    if is_true(job, "Complete"):
        return ready("Job completed")
    if value_at(job, "spec", "suspend"):
        return ready("the Job is suspended")
    numbers = {name: count(job, "status", name) for name in ("active", "succeeded", "failed")}
    text = f"Active: {numbers['active']} | Succeeded: {numbers['succeeded']} | Failed: {numbers['failed']}"
    unfinished = [pod for pod in pods if not _succeeded(pod)]
    return on_the_way(text, unfinished, world, spec=_pod_spec(job), owners=[job])


def _pod_spec(obj: Object) -> Mapping[str, Any]:
    return value_at(obj, "spec", "template", "spec") or {}


def _succeeded(pod: Object) -> bool:
    return pod_parts.is_ready(pod) or value_at(pod, "status", "phase") == "Succeeded"


DEPLOYMENT: Final = Awaited(status=deployment_status, related=_replica_sets_and_pods)
STATEFUL_SET: Final = Awaited(status=stateful_set_status, related=_own_pods)
DAEMON_SET: Final = Awaited(status=daemon_set_status, related=_own_pods)
JOB: Final = Awaited(status=job_status, related=_own_pods)
