"""What is known of an object that is being waited for. Everything here is pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pouw.engine.plugins.kubernetes.objects import Gvk, Object, at

World = Mapping[str, Sequence[Object]]
"""Related objects by kind, as far as they are known."""


class Phase(Enum):
    """How a wait stands."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Crash:
    """A container that ended badly: ``text`` says how, and its last line of log more than any status does."""

    pod: str
    container: str
    restarts: int
    text: str

    @property
    def key(self) -> str:
        """The same for the same crash."""
        return f"{self.pod}/{self.container}/{self.restarts}"


@dataclass(frozen=True, kw_only=True)
class Status:
    """One look: the phase, one line of progress, and what stands in the way.

    ``crashes`` are worth a warning at once, ``troubles`` once they last: most pass by themselves. ``lacks`` is what is
    merely not there yet, and worth saying when the wait was in vain.
    """

    phase: Phase
    text: str = ""
    troubles: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    crashes: tuple[Crash, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """All that keeps the object from being ready."""
        return (*self.troubles, *(crash.text for crash in self.crashes), *self.lacks)


def ready(text: str = "") -> Status:
    """Nothing to wait for any more."""
    return Status(phase=Phase.READY, text=text)


def waiting(
    text: str, troubles: Sequence[str] = (), crashes: Sequence[Crash] = (), *, lacks: Sequence[str] = ()
) -> Status:
    """Not yet."""
    return Status(phase=Phase.WAITING, text=text, troubles=tuple(troubles), crashes=tuple(crashes), lacks=tuple(lacks))


def failed(text: str, troubles: Sequence[str] = (), crashes: Sequence[Crash] = ()) -> Status:
    """Never, without somebody's help."""
    return Status(phase=Phase.FAILED, text=text, troubles=tuple(troubles), crashes=tuple(crashes))


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Related objects to follow, in the namespace of the object (cluster-wide kinds: everywhere)."""

    gvk: Gvk
    labels: str = ""
    fields: str = ""


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """How one kind is waited for. ``status`` judges the object and its relatives, ``related`` says who they are."""

    status: Callable[[Object, World], Status]
    related: Callable[[Object], Sequence[Collection]] = field(default=lambda _obj: ())
    seconds: float = 600


def condition(obj: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """One of the object's conditions; empty where it has none of that type."""
    for entry in at(obj, "status", "conditions") or []:
        if entry.get("type") == kind:
            found: Mapping[str, Any] = entry
            return found
    return {}


def is_true(obj: Mapping[str, Any], kind: str) -> bool:
    """Whether a condition says ``True``."""
    return condition(obj, kind).get("status") == "True"


def observed(obj: Mapping[str, Any]) -> bool:
    """Whether the controller has seen the object as it is now."""
    seen = at(obj, "status", "observedGeneration")
    return isinstance(seen, int) and seen >= int(at(obj, "metadata", "generation") or 0)


def count(obj: Mapping[str, Any], *path: str) -> int:
    """A number that may be missing, which means 0."""
    value = at(obj, *path)
    return value if isinstance(value, int) else 0


def selector_text(selector: Mapping[str, Any]) -> str:
    """A label selector as a query; empty selects everything."""
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
    """Those that one of the owners controls."""
    uids = {at(owner, "metadata", "uid") for owner in owners}
    return [
        one
        for one in objects
        if any(reference.get("uid") in uids for reference in at(one, "metadata", "ownerReferences") or [])
    ]
