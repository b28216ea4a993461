"""Rules: frozen values over a pure function of a resource's properties."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from policies.stack import Resource, Stack

Props: TypeAlias = Mapping[str, Any]
"""Properties of a resource. Reading an unknown one during a preview raises; no rule may catch the exception."""

CLOUDS = ("aws", "azure", "gcp", "kubernetes", "docker", "pouw")
Addition: TypeAlias = tuple[str, str | bool | float]
"""A path such as ``tags.site`` or ``spec.containers[0].tty``, and the value to add there."""

VERBS = ("require", "deny", "limit", "match", "pin")
_PART = "[a-z0-9]+"
_ID = re.compile(rf"^({'|'.join(CLOUDS)})-{_PART}-{_PART}-({'|'.join(VERBS)})(-{_PART})+$")
_MESSAGE = re.compile(r"^(?P<path>\S*?): (?P<text>.+)$", re.DOTALL)


class Severity(StrEnum):
    """The severity of a violation."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(StrEnum):
    """The effect of a violation."""

    MANDATORY = "mandatory"
    """The gate denies the deployment."""
    ADVISORY = "advisory"
    """The gate reports the violation."""
    DISABLED = "disabled"
    """The rule does not run."""


class Absence(StrEnum):
    """The judgement of a resource without the property of the rule. Each rule decides it explicitly."""

    DENY = "deny"
    """A missing property is a violation: the provider's default is unsafe or not guaranteed."""
    ALLOW = "allow"
    """A missing property complies: the provider's default is what the rule requires."""


@dataclass(frozen=True, kw_only=True)
class _RuleBase:
    id: str
    """``<cloud>-<service>-<resource>-<verb>-…`` with a verb of ``VERBS``."""
    types: tuple[str, ...]
    """Type tokens of the judged resources."""
    severity: Severity
    level: Level = Level.MANDATORY
    absent: Absence
    production_only: bool = False
    """True if the rule runs in production only, because its requirement would be wrong elsewhere. It also runs in a
    stack that gives it a level. ``why`` states the difference between production and other environments."""
    why: str
    """The risk: one or two sentences of at most 25 words."""
    remedy: str
    """The change that removes the violation. It begins with a verb and names the property."""
    reference: str
    """URL of the documentation of the requirement."""

    def __post_init__(self) -> None:
        if not _ID.match(self.id):
            raise ValueError(
                f"id: is malformed; got {self.id}; expected <cloud>-<service>-<resource>-<verb>-…, verbs {VERBS}"
            )
        if not self.types or not (self.why and self.remedy and self.reference.startswith("https://")):
            raise ValueError(f"{self.id}: is incomplete; expected types, why, remedy and an https reference")

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, kw_only=True)
class FixContext:
    """Facts that a fix may use besides the resource's properties."""

    type: str
    """The resource's type token."""
    tags: Mapping[str, str]
    """Tags of every resource of the stack, as far as they are certain."""


@dataclass(frozen=True, kw_only=True)
class Rule(_RuleBase):
    """A rule about the inputs of one resource."""

    check: Callable[[Props], Iterator[str]]
    """A pure function. It yields ``path: what is wrong; got X; expected Y`` per violation, as in
    ``spec.containers[0].image: …``."""
    fix: Callable[[Props, FixContext], Iterator[Addition]] | None = None
    """A pure function. It yields additions to a resource that violates the rule, and nothing where they are unsafe."""


@dataclass(frozen=True, kw_only=True)
class StackRule(_RuleBase):
    """A rule about one resource in the context of its stack. It runs once per resource of its types, on outputs."""

    check: Callable[[Resource, Stack], Iterator[str]]
    """A pure function. It yields violations of the resource, in the form of ``Rule.check``."""


AnyRule: TypeAlias = Rule | StackRule


def add_value(path: str, value: str | bool | float) -> Callable[[Props, FixContext], Iterator[Addition]]:
    """Return a fix that adds one value where it is missing."""

    def fix(props: Props, context: FixContext) -> Iterator[Addition]:
        del props, context
        yield path, value

    return fix


def parse_violation(message: str) -> tuple[str, str]:
    """Return the path and the text of a rule's violation.

    Raises:
        ValueError: It is not ``path: text``.
    """
    if not (match := _MESSAGE.match(message)):
        raise ValueError(f"a rule yielded a malformed violation; got {message!r}; expected 'path: what is wrong'")
    return match["path"], match["text"]
