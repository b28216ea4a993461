"""The pack's record of a run, parsed at the door into frozen types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Breach:
    """One thing that a rule found."""

    rule: str
    path: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What a rule added to a resource, or why it did not."""

    rule: str
    paths: Sequence[str]
    failure: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """What the pack did about one resource."""

    phase: str
    """``resource``: seen alone, its inputs; ``stack``: among all others, its outputs; ``remedy``: what was added."""
    urn: str
    type: str
    passed: Sequence[str]
    breaches: Sequence[Breach]
    unevaluated: Mapping[str, str]
    """Why, by rule."""
    fixes: Sequence[Fix] = field(default_factory=tuple)

    @property
    def rules(self) -> frozenset[str]:
        """Every rule that was run, to its end or not."""
        return frozenset((*self.passed, *(one.rule for one in self.breaches), *self.unevaluated))


class RecordError(Exception):
    """The record is missing, or not whole."""


def read(path: Path) -> list[Line]:
    """All lines of a record.

    Raises:
        RecordError: there is none, or its last line was cut short, or a line is none of the pack's.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise RecordError("the pack left no record: it did not load, or it never ran") from None
    if content and not content.endswith(b"\n"):
        raise RecordError("the pack's record is cut short")
    try:
        return [_line(json.loads(text)) for text in content.splitlines()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"the pack's record has a line that is not the pack's: {error}") from error


def _line(content: Mapping[str, Any]) -> Line:
    return Line(
        phase=content["phase"],
        urn=content["urn"],
        type=content["type"],
        passed=tuple(content["passed"]),
        breaches=tuple(Breach(**one) for one in content["violated"]),
        unevaluated={one["rule"]: one["reason"] for one in content["unevaluated"]},
        fixes=tuple(Fix(**one) for one in content.get("fixes", ())),
    )
