"""What a rule is: a frozen value over a pure function of a resource's properties."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from policies.stack import Resource, Stack

Props: TypeAlias = Mapping[str, Any]
"""Properties of a resource. Reading one that is unknown during a preview raises; no rule may catch that."""

CLOUDS = ("aws", "azure", "gcp", "kubernetes", "docker", "pouw")
Addition: TypeAlias = tuple[str, str | bool | float]
"""A path, as in ``tags.site`` or ``spec.containers[0].tty``, and the value that is missing there."""

VERBS = ("require", "deny", "limit", "match", "pin")
_PART = "[a-z0-9]+"
_ID = re.compile(rf"^({'|'.join(CLOUDS)})-{_PART}-{_PART}-({'|'.join(VERBS)})(-{_PART})+$")
_MESSAGE = re.compile(r"^(?P<path>\S*?): (?P<text>.+)$", re.DOTALL)


class Severity(StrEnum):
    """How bad a violation is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(StrEnum):
    """What a violation does."""

    MANDATORY = "mandatory"
    """Refuses the deployment."""
    ADVISORY = "advisory"
    """Is told."""
    DISABLED = "disabled"
    """The rule does not run."""


class Absence(StrEnum):
    """What a rule says of a resource without the property that the rule is about. Decided on purpose in each rule."""

    DENY = "deny"
    """Missing is a violation: the provider's default is unsafe, or not ours to trust."""
    ALLOW = "allow"
    """Missing is fine: the provider's default is what the rule wants."""


@dataclass(frozen=True, kw_only=True)
class _Described:
    id: str
    """``<cloud>-<service>-<resource>-<verb>-…``; the verbs are those of ``VERBS``."""
    types: tuple[str, ...]
    """Type tokens of the resources that it is about."""
    severity: Severity
    level: Level = Level.MANDATORY
    absent: Absence
    production_only: bool = False
    """Whether it is asked of production alone, because elsewhere it would be wrong: it does not run there, unless the
    stack gives it a level. ``why`` says what only production has to lose."""
    why: str
    """What goes wrong without it: one sentence."""
    remedy: str
    """What to change: one sentence."""
    reference: str
    """Where the requirement is written down."""

    def __post_init__(self) -> None:
        if not _ID.match(self.id):
            raise ValueError(f"{self.id}: a rule's id is <cloud>-<service>-<resource>-<verb>-…, with {CLOUDS}, {VERBS}")
        if not self.types or not (self.why and self.remedy and self.reference.startswith("https://")):
            raise ValueError(f"{self.id}: names no type, or lacks why, remedy or an https reference")

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a fix may know besides the resource's properties."""

    type: str
    """The resource's type token."""
    tags: Mapping[str, str]
    """The tags that every resource of the stack has, as far as they are certain."""


@dataclass(frozen=True, kw_only=True)
class Rule(_Described):
    """A rule about one resource, seen alone: its inputs."""

    check: Callable[[Props], Iterator[str]]
    """Pure. Yields ``path: what is wrong`` for each violation, the path as in ``spec.containers[0].image``."""
    fix: Callable[[Props, Surroundings], Iterator[Addition]] | None = None
    """Pure. Yields what to add to a resource that breaks the rule; nothing where that is not safe."""


@dataclass(frozen=True, kw_only=True)
class StackRule(_Described):
    """A rule about one resource among all others. It runs once for each resource of its types, on outputs."""

    check: Callable[[Resource, Stack], Iterator[str]]
    """Pure. Yields as a ``Rule`` does; the violation is the resource's."""


AnyRule: TypeAlias = Rule | StackRule


def adding(path: str, value: str | bool | float) -> Callable[[Props, Surroundings], Iterator[Addition]]:
    """A fix that adds one value, wherever it is missing."""

    def fix(props: Props, around: Surroundings) -> Iterator[Addition]:
        del props, around
        yield path, value

    return fix


def split(message: str) -> tuple[str, str]:
    """The path and the text of what a rule yielded.

    Raises:
        ValueError: it is not ``path: text``.
    """
    if not (found := _MESSAGE.match(message)):
        raise ValueError(f"a rule yielded {message!r}, and not 'path: what is wrong'")
    return found["path"], found["text"]
