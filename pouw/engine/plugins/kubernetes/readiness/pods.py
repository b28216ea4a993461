"""Why pods are not ready, in a sentence each; and the wait for a Pod of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pouw.engine.plugins.kubernetes.objects import Gvk, Object, at, name_of
from pouw.engine.plugins.kubernetes.readiness.status import (
    Awaited,
    Collection,
    Crash,
    Status,
    World,
    condition,
    failed,
    is_true,
    ready,
    waiting,
)

POD: Final = Gvk(group="", version="v1", kind="Pod")
EVENT: Final = Gvk(group="", version="v1", kind="Event")
WARNINGS: Final = Collection(gvk=EVENT, fields="type=Warning")
_PASSING: Final = frozenset({"ContainerCreating", "PodInitializing"})
_SAID_BY_STATUS: Final = frozenset({"BackOff", "Failed", "FailedScheduling"})
"""Event reasons that repeat what the pod's own status says better."""
_TRIED_AGAIN: Final = "the object has been modified"
"""Two controllers wrote at once: the one that came second looks again, and nothing is lost."""
_EARLY_PROBES: Final = ("Startup probe", "Readiness probe")
"""Fail until a container is up, which is what they are for."""
_NEVER: Final = frozenset({"InvalidImageName", "ErrImageNeverPull"})
_PULLING: Final = frozenset({"ErrImagePull", "ImagePullBackOff"})
_NOT_THERE: Final = ("not found", "not exist", "manifest unknown", "no such image", "denied", "unauthorized")
"""What registries say of an image that they do not have, or give to nobody without credentials."""
_PULLS: Final = 3
"""Tries after which a pull that fails for another reason counts as failed: the kubelet makes them in some 40 s."""
_LONGEST_MESSAGE: Final = 300


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether the pod takes traffic."""
    return is_true(pod, "Ready")


def troubles(pods: Sequence[Object]) -> list[str]:
    """What keeps pods from being ready. Empty while they are merely on their way."""
    return [f"Pod {name_of(pod)}: {reason}" for pod in pods if not is_ready(pod) for reason in _reasons(pod)]


def crashes(pods: Sequence[Object]) -> list[Crash]:
    """Containers that ended with an error and left a log."""
    found = []
    for pod in pods:
        for status in _containers(pod):
            ended = _ended(status)
            if ended is not None and ended.get("exitCode") and not is_ready(pod):
                text = f"Pod {name_of(pod)}: container {status['name']}: ended with exit code {ended['exitCode']}"
                said = [f" ({ended.get('reason')})", f": {_short(ended['message'])}" if ended.get("message") else ""]
                restarts = int(status.get("restartCount") or 0)
                whole = "".join([text, *said])
                found.append(Crash(pod=name_of(pod), container=status["name"], restarts=restarts, text=whole))
    return found


def event_troubles(world: World, about: Sequence[Mapping[str, Any]]) -> list[str]:
    """The newest warning of each sort about these objects: volumes that do not mount, pods that may not be created.

    Not what is over: what was said of a pod before its containers ran, and writes that are tried again.
    """
    newest = {
        (str(event["involvedObject"].get("uid")), str(event.get("reason"))): event
        for one, event in _warnings(world, about)
        if event.get("reason") not in _SAID_BY_STATUS
        and not _is_early_probe(event)
        and _TRIED_AGAIN not in str(event.get("message"))
        and not _is_over(event, one)
    }
    return [_told(event) for event in newest.values()]


def unanswered_probes(world: World, about: Sequence[Mapping[str, Any]]) -> list[str]:
    """What probes say of containers that are not up yet."""
    return list(dict.fromkeys(_told(event) for _, event in _warnings(world, about) if _is_early_probe(event)))


def hopeless(world: World, pods: Sequence[Object], spec: Mapping[str, Any]) -> list[str]:
    """Images of ``spec`` that will not come without somebody's help. Pods may be of an older one: those are not it."""
    return [
        f"Pod {name_of(pod)}: container {status.get('name')}: {at(status, 'state', 'waiting', 'reason')}: "
        f"{_short(at(status, 'state', 'waiting', 'message'))}".removesuffix(": ")
        for pod in pods
        for status in _containers(pod)
        if _image(at(pod, "spec") or {}, status) == _image(spec, status) and _will_not_come(world, pod, status)
    ]


def _image(spec: Mapping[str, Any], status: Mapping[str, Any]) -> object:
    containers = [*(at(spec, "initContainers") or []), *(at(spec, "containers") or [])]
    return next((one.get("image") for one in containers if one.get("name") == status.get("name")), None)


def _will_not_come(world: World, pod: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    stopped = at(status, "state", "waiting") or {}
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


def _warnings(world: World, about: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Object]]:
    subjects = {at(one, "metadata", "uid"): one for one in about}
    for event in world.get("Event") or ():
        subject = subjects.get((event.get("involvedObject") or {}).get("uid"))
        if subject is not None:
            yield subject, event


def _is_early_probe(event: Mapping[str, Any]) -> bool:
    return event.get("reason") == "Unhealthy" and str(event.get("message")).startswith(_EARLY_PROBES)


def _is_over(event: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    """Whether a container of the pod has started since. Both times are of the API's one format, in seconds."""
    said = str(event.get("lastTimestamp") or event.get("eventTime") or "")[:19]
    started = [str(at(one, "state", "running", "startedAt") or "")[:19] for one in _containers(subject)]
    return bool(said) and any(said <= one for one in started if one)


def _told(event: Mapping[str, Any]) -> str:
    subject = event.get("involvedObject") or {}
    return f"{subject.get('kind')} {subject.get('name')}: {event.get('reason')}: {_short(event.get('message'))}"


def _reasons(pod: Mapping[str, Any]) -> Iterator[str]:
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and _TRIED_AGAIN not in str(scheduled.get("message")):
        yield f"{scheduled.get('reason')}: {_short(scheduled.get('message'))}"
    if at(pod, "status", "phase") == "Failed" and at(pod, "status", "reason"):
        yield f"{at(pod, 'status', 'reason')}: {_short(at(pod, 'status', 'message'))}"
    for status in _containers(pod):
        where = f"container {status.get('name')}"
        stopped = at(status, "state", "waiting") or {}
        if stopped.get("reason") and stopped["reason"] not in _PASSING:
            yield f"{where}: {stopped['reason']}: {_short(stopped.get('message'))}".removesuffix(": ")


def _ended(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = at(status, "state", "terminated") or at(status, "lastState", "terminated")
    return found if isinstance(found, Mapping) else None


def _containers(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from at(pod, "status", "initContainerStatuses") or []
    yield from at(pod, "status", "containerStatuses") or []


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
    """Waiting for pods of ``spec``, with all that stands in their way; failed where no waiting helps."""
    about = [*owners, *pods]
    found = [*troubles(pods), *event_troubles(world, about)]
    if never := hopeless(world, pods, spec):
        return failed(f"an image does not come: {never[0]}", found, crashes(pods))
    return waiting(text, found, crashes(pods), lacks=[*lacks, *unanswered_probes(world, about)])


def pod_status(pod: Object, world: World) -> Status:
    """Ready, or run to its end."""
    phase = at(pod, "status", "phase")
    if is_ready(pod) or phase == "Succeeded":
        return ready()
    if phase == "Failed":
        found = [*troubles([pod]), *event_troubles(world, [pod])]
        return failed(f"Pod {name_of(pod)} failed", found, crashes([pod]))
    return on_the_way("Waiting for the Pod to be ready", [pod], world, spec=at(pod, "spec") or {})


AWAITED: Final = Awaited(status=pod_status, related=lambda _pod: [WARNINGS], seconds=300)
