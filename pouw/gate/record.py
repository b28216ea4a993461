"""The pack's record of a run, parsed into frozen types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Breach:
    """One violation that a rule reported."""

    rule: str
    path: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Fix:
    """The properties that a rule added to a resource, or the reason why it added none."""

    rule: str
    paths: Sequence[str]
    failure: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """The pack's results for one resource in one phase."""

    phase: str
    """``resource`` checks inputs; ``stack`` checks outputs among all resources; ``remedy`` adds properties."""
    urn: str
    type: str
    passed: Sequence[str]
    breaches: Sequence[Breach]
    unevaluated: Mapping[str, str]
    """The reason by rule id."""
    fixes: Sequence[Fix] = field(default_factory=tuple)

    @property
    def rules(self) -> frozenset[str]:
        """Ids of all rules that ran, completely or not."""
        return frozenset((*self.passed, *(breach.rule for breach in self.breaches), *self.unevaluated))


class RecordError(Exception):
    """The record is missing or incomplete."""


def read(path: Path) -> list[Line]:
    """Return all lines of a record.

    Raises:
        RecordError: the record is missing, its last line is cut off, or a line does not have the pack's format.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise RecordError("the pack wrote no record: it did not load, or the engine did not run it") from None
    if content and not content.endswith(b"\n"):
        raise RecordError("the last line of the pack's record is cut off")
    try:
        return [_line(json.loads(text)) for text in content.splitlines()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"the pack's record has a malformed line: {error}") from error


def _line(content: Mapping[str, Any]) -> Line:
    return Line(
        phase=content["phase"],
        urn=content["urn"],
        type=content["type"],
        passed=tuple(content["passed"]),
        breaches=tuple(Breach(**breach) for breach in content["violated"]),
        unevaluated={entry["rule"]: entry["reason"] for entry in content["unevaluated"]},
        fixes=tuple(Fix(**fix) for fix in content.get("fixes", ())),
    )
