"""The status of an object that a resource waits for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pouw.engine.plugins.kubernetes.objects import Gvk, Object, value_at

World = Mapping[str, Sequence[Object]]
"""Related objects by kind, as far as they are known."""


class Phase(Enum):
    """Phase of a wait."""

    READY = "ready"
    WAITING = "waiting"
    FAILURE = "failed"


@dataclass(frozen=True, kw_only=True)
class Crash:
    """A container that ended with an error. ``text`` describes the end; the last line of its log says more."""

    pod: str
    container: str
    restarts: int
    text: str

    @property
    def key(self) -> str:
        """Identity of the crash."""
        return f"{self.pod}/{self.container}/{self.restarts}"


@dataclass(frozen=True, kw_only=True)
class Status:
    """One observation: the phase, one line of progress, and the obstacles.

    ``crashes`` are warned about at once, ``troubles`` once they last, because most are temporary. ``lacks`` holds what
    does not exist yet, and is reported after a wait that timed out.
    """

    phase: Phase
    text: str = ""
    troubles: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    crashes: tuple[Crash, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason why the object is not ready."""
        return (*self.troubles, *(crash.text for crash in self.crashes), *self.lacks)


def ready(text: str = "") -> Status:
    """Return the status of an object that is ready."""
    return Status(phase=Phase.READY, text=text)


def waiting(
    text: str, troubles: Sequence[str] = (), crashes: Sequence[Crash] = (), *, lacks: Sequence[str] = ()
) -> Status:
    """Return the status of an object that may become ready."""
    return Status(phase=Phase.WAITING, text=text, troubles=tuple(troubles), crashes=tuple(crashes), lacks=tuple(lacks))


def failed_status(text: str, troubles: Sequence[str] = (), crashes: Sequence[Crash] = ()) -> Status:
    """Return the status of an object that cannot become ready without a change."""
    return Status(phase=Phase.FAILURE, text=text, troubles=tuple(troubles), crashes=tuple(crashes))


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Related objects to follow, in the namespace of the object (cluster-wide kinds: everywhere)."""

    gvk: Gvk
    labels: str = ""
    fields: str = ""


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """The readiness of one kind, decided by ``status`` from the object and the objects that ``related`` names."""

    status: Callable[[Object, World], Status]
    related: Callable[[Object], Sequence[Collection]] = field(default=lambda _obj: ())
    seconds: float = 600


def condition(obj: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return one of the object's conditions; empty if it has none of that type."""
    for entry in value_at(obj, "status", "conditions") or []:
        if entry.get("type") == kind:
            match: Mapping[str, Any] = entry
            return match
    return {}


def is_true(obj: Mapping[str, Any], kind: str) -> bool:
    """True if a condition has the status ``True``."""
    return condition(obj, kind).get("status") == "True"


def observed(obj: Mapping[str, Any]) -> bool:
    """True if the controller has seen the newest generation of the object."""
    generation = value_at(obj, "status", "observedGeneration")
    return isinstance(generation, int) and generation >= int(value_at(obj, "metadata", "generation") or 0)


def count(obj: Mapping[str, Any], *path: str) -> int:
    """Return a number of the object; 0 if it is missing."""
    value = value_at(obj, *path)
    return value if isinstance(value, int) else 0


def selector_text(selector: Mapping[str, Any]) -> str:
    """Return a label selector as a query. An empty one selects everything."""
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for entry in selector.get("matchExpressions") or []:
        key, values = entry["key"], ",".join(entry.get("values") or [])
        terms.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[entry["operator"]]
        )
    return ",".join(terms)


def owned(objects: Sequence[Object], owners: Sequence[Mapping[str, Any]]) -> list[Object]:
    """Return the objects that one of the owners controls."""
    uids = {value_at(owner, "metadata", "uid") for owner in owners}
    return [
        candidate
        for candidate in objects
        if any(reference.get("uid") in uids for reference in value_at(candidate, "metadata", "ownerReferences") or [])
    ]
