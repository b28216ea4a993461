"""Reasons why pods are not ready, one sentence each, and the readiness of a Pod resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pouw.engine.plugins.kubernetes.objects import Gvk, Object, name_of, value_at
from pouw.engine.plugins.kubernetes.readiness.status import (
    Awaited,
    Collection,
    Crash,
    Status,
    World,
    condition,
    failed_status,
    is_true,
    ready,
    waiting,
)

POD: Final = Gvk(group="", version="v1", kind="Pod")
EVENT: Final = Gvk(group="", version="v1", kind="Event")
WARNINGS: Final = Collection(gvk=EVENT, fields="type=Warning")
_PASSING: Final = frozenset({"ContainerCreating", "PodInitializing"})
_REPEATED_BY_STATUS: Final = frozenset({"BackOff", "Failed", "FailedScheduling"})
"""Event reasons that the pod's status explains better."""
_TRIED_AGAIN: Final = "the object has been modified"
"""Message of a write conflict between two controllers. The second one repeats its write."""
_EARLY_PROBES: Final = ("Startup probe", "Readiness probe")
"""Probes that fail until a container is up, by design."""
_NEVER: Final = frozenset({"InvalidImageName", "ErrImageNeverPull"})
_PULLING: Final = frozenset({"ErrImagePull", "ImagePullBackOff"})
_NOT_THERE: Final = ("not found", "not exist", "manifest unknown", "no such image", "denied", "unauthorized")
"""Words of registries about an image that does not exist or needs credentials."""
_PULLS: Final = 3
"""Number of pulls after which another failure counts as final. The kubelet makes them in about 40 s."""
_LONGEST_MESSAGE: Final = 300


def is_ready(pod: Mapping[str, Any]) -> bool:
    """True if the pod takes traffic."""
    return is_true(pod, "Ready")


def troubles(pods: Sequence[Object]) -> list[str]:
    """Return the reasons why pods are not ready; empty while they only start."""
    return [f"Pod {name_of(pod)}: {reason}" for pod in pods if not is_ready(pod) for reason in _reasons(pod)]


def crashes(pods: Sequence[Object]) -> list[Crash]:
    """Return the containers that ended with an error and left a log."""
    problems = []
    for pod in pods:
        for status in _containers(pod):
            termination = _termination(status)
            if termination is not None and termination.get("exitCode") and not is_ready(pod):
                text = f"Pod {name_of(pod)}: container {status['name']}: ended with exit code {termination['exitCode']}"
                details = [
                    f" ({termination.get('reason')})",
                    f": {_short(termination['message'])}" if termination.get("message") else "",
                ]
                restarts = int(status.get("restartCount") or 0)
                description = "".join([text, *details])
                problems.append(Crash(pod=name_of(pod), container=status["name"], restarts=restarts, text=description))
    return problems


def event_troubles(world: World, subjects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the newest warning of each reason about these objects, such as a volume that does not mount.

    Warnings from before the start of a pod's containers, and repeated writes, are left out.
    """
    newest = {
        (str(event["involvedObject"].get("uid")), str(event.get("reason"))): event
        for subject, event in _warnings(world, subjects)
        if event.get("reason") not in _REPEATED_BY_STATUS
        and not _is_early_probe(event)
        and _TRIED_AGAIN not in str(event.get("message"))
        and not _is_over(event, subject)
    }
    return [_describe(event) for event in newest.values()]


def unanswered_probes(world: World, subjects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the failures of probes whose containers are not up yet."""
    return list(dict.fromkeys(_describe(event) for _, event in _warnings(world, subjects) if _is_early_probe(event)))


def hopeless(world: World, pods: Sequence[Object], spec: Mapping[str, Any]) -> list[str]:
    """Return the images of ``spec`` that cannot be pulled without a change. Pods of an older spec do not count."""
    return [
        f"Pod {name_of(pod)}: container {status.get('name')}: {value_at(status, 'state', 'waiting', 'reason')}: "
        f"{_short(value_at(status, 'state', 'waiting', 'message'))}".removesuffix(": ")
        for pod in pods
        for status in _containers(pod)
        if _image(value_at(pod, "spec") or {}, status) == _image(spec, status) and _will_not_come(world, pod, status)
    ]


def _image(spec: Mapping[str, Any], status: Mapping[str, Any]) -> object:
    containers = [*(value_at(spec, "initContainers") or []), *(value_at(spec, "containers") or [])]
    return next(
        (container.get("image") for container in containers if container.get("name") == status.get("name")), None
    )


def _will_not_come(world: World, pod: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    stopped = value_at(status, "state", "waiting") or {}
    reason, message = stopped.get("reason"), str(stopped.get("message"))
    if reason in _NEVER:
        return True
    if reason not in _PULLING:
        return False
    failed_pulls = [
        event
        for _, event in _warnings(world, [pod])
        if event.get("reason") == "Failed" and "Failed to pull image" in str(event.get("message"))
    ]
    tries = sum(int(event.get("count") or 1) for event in failed_pulls)
    return tries >= _PULLS or any(word in message for word in _NOT_THERE)


def _warnings(world: World, subjects: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Object]]:
    by_uid = {value_at(subject, "metadata", "uid"): subject for subject in subjects}
    for event in world.get("Event") or ():
        subject = by_uid.get((event.get("involvedObject") or {}).get("uid"))
        if subject is not None:
            yield subject, event


def _is_early_probe(event: Mapping[str, Any]) -> bool:
    return event.get("reason") == "Unhealthy" and str(event.get("message")).startswith(_EARLY_PROBES)


def _is_over(event: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    """True if a container of the pod has started since. Both times have the API's format, in seconds."""
    timestamp = str(event.get("lastTimestamp") or event.get("eventTime") or "")[:19]
    start_times = [
        str(value_at(container, "state", "running", "startedAt") or "")[:19] for container in _containers(subject)
    ]
    return bool(timestamp) and any(timestamp <= start for start in start_times if start)


def _describe(event: Mapping[str, Any]) -> str:
    subject = event.get("involvedObject") or {}
    return f"{subject.get('kind')} {subject.get('name')}: {event.get('reason')}: {_short(event.get('message'))}"


def _reasons(pod: Mapping[str, Any]) -> Iterator[str]:
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and _TRIED_AGAIN not in str(scheduled.get("message")):
        yield f"{scheduled.get('reason')}: {_short(scheduled.get('message'))}"
    if value_at(pod, "status", "phase") == "Failed" and value_at(pod, "status", "reason"):
        yield f"{value_at(pod, 'status', 'reason')}: {_short(value_at(pod, 'status', 'message'))}"
    for status in _containers(pod):
        container = f"container {status.get('name')}"
        stopped = value_at(status, "state", "waiting") or {}
        if stopped.get("reason") and stopped["reason"] not in _PASSING:
            yield f"{container}: {stopped['reason']}: {_short(stopped.get('message'))}".removesuffix(": ")


def _termination(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    problems = value_at(status, "state", "terminated") or value_at(status, "lastState", "terminated")
    return problems if isinstance(problems, Mapping) else None


def _containers(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from value_at(pod, "status", "initContainerStatuses") or []
    yield from value_at(pod, "status", "containerStatuses") or []


def _short(message: object) -> str:
    text = " ".join(str(message or "").split())
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"


def on_the_way(
    text: str,
    pods: Sequence[Object],
    world: World,
    *,
    spec: Mapping[str, Any],
    owners: Sequence[Object] = (),
    lacks: Sequence[str] = (),
) -> Status:
    """Return the status of a wait for pods of ``spec``: failed if they cannot become ready without a change."""
    subjects = [*owners, *pods]
    problems = [*troubles(pods), *event_troubles(world, subjects)]
    if never := hopeless(world, pods, spec):
        return failed_status(f"an image does not come: {never[0]}", problems, crashes(pods))
    return waiting(text, problems, crashes(pods), lacks=[*lacks, *unanswered_probes(world, subjects)])


def pod_status(pod: Object, world: World) -> Status:
    """Return the status of a pod: ready, or run to its end."""
    phase = value_at(pod, "status", "phase")
    if is_ready(pod) or phase == "Succeeded":
        return ready()
    if phase == "Failed":
        problems = [*troubles([pod]), *event_troubles(world, [pod])]
        return failed_status(f"Pod {name_of(pod)} failed", problems, crashes([pod]))
    return on_the_way("Waiting for the Pod to be ready", [pod], world, spec=value_at(pod, "spec") or {})


AWAITED: Final = Awaited(status=pod_status, related=lambda _pod: [WARNINGS], seconds=300)
