"""Why pods are not ready, in a sentence each; and the wait for a Pod of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pouw.engine.plugins.kubernetes.await_.status import (
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
from pouw.engine.plugins.kubernetes.objects import Gvk, Object, at, name_of

POD: Final = Gvk(group="", version="v1", kind="Pod")
EVENT: Final = Gvk(group="", version="v1", kind="Event")
WARNINGS: Final = Collection(gvk=EVENT, fields="type=Warning")
_PASSING: Final = frozenset({"ContainerCreating", "PodInitializing"})
_SAID_BY_STATUS: Final = frozenset({"BackOff", "Failed", "FailedScheduling"})
"""Event reasons that repeat what the pod's own status says better."""
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
                restarts = int(status.get("restartCount") or 0)
                found.append(Crash(pod=name_of(pod), container=status["name"], restarts=restarts))
    return found


def event_troubles(world: World, about: Sequence[Mapping[str, Any]]) -> list[str]:
    """The newest warning of each sort about these objects: volumes that do not mount, pods that may not be created."""
    uids = {at(one, "metadata", "uid") for one in about}
    newest: dict[tuple[str, str], str] = {}
    for event in world.get("Event") or ():
        subject = event.get("involvedObject") or {}
        reason = str(event.get("reason"))
        if subject.get("uid") in uids and reason not in _SAID_BY_STATUS:
            text = f"{subject.get('kind')} {subject.get('name')}: {reason}: {_short(event.get('message'))}"
            newest[(str(subject.get("uid")), reason)] = text
    return list(newest.values())


def _reasons(pod: Mapping[str, Any]) -> Iterator[str]:
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        yield f"{scheduled.get('reason')}: {_short(scheduled.get('message'))}"
    if at(pod, "status", "phase") == "Failed" and at(pod, "status", "reason"):
        yield f"{at(pod, 'status', 'reason')}: {_short(at(pod, 'status', 'message'))}"
    for status in _containers(pod):
        where = f"container {status.get('name')}"
        stopped = at(status, "state", "waiting") or {}
        ended = _ended(status)
        if stopped.get("reason") and stopped["reason"] not in _PASSING:
            yield f"{where}: {stopped['reason']}: {_short(stopped.get('message'))}".removesuffix(": ")
        if ended is not None and ended.get("exitCode"):
            said = _short(ended.get("message"))
            yield f"{where}: ended with exit code {ended['exitCode']} ({ended.get('reason')})" + (
                f": {said}" if said else ""
            )


def _ended(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = at(status, "state", "terminated") or at(status, "lastState", "terminated")
    return found if isinstance(found, Mapping) else None


def _containers(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from at(pod, "status", "initContainerStatuses") or []
    yield from at(pod, "status", "containerStatuses") or []


def _short(message: object) -> str:
    text = " ".join(str(message or "").split())
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"


def pod_status(pod: Object, world: World) -> Status:
    """Ready, or run to its end."""
    phase = at(pod, "status", "phase")
    if is_ready(pod) or phase == "Succeeded":
        return ready()
    found = [*troubles([pod]), *event_troubles(world, [pod])]
    if phase == "Failed":
        return failed(f"Pod {name_of(pod)} failed", found, crashes([pod]))
    return waiting("Waiting for the Pod to be ready", found, crashes([pod]))


AWAITED: Final = Awaited(status=pod_status, related=lambda _pod: [WARNINGS], seconds=300)
