"""Exceptions from rules: who took the risk, why, on what, and until when. Read from ``policies/waivers.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from infra.faults import Fault, choices
from policies.pack_config import subject_of
from policies.rule import AnyRule
from pouw.errors import ExitCode, PouwError
from pouw.gate.verdict import Finding
from pouw.paths import REPOSITORY

FILE = REPOSITORY / "policies" / "waivers.yaml"
MAX_DAYS = 366
"""The longest that a waiver may run from the day it is read: what nobody looks at for a year is no exception."""
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=20)]


class Waiver(BaseModel):
    """One exception."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: _Text
    """Id of the rule."""
    resource: _Text
    """Pattern of ``type::name``, with ``*`` and ``?``."""
    stacks: tuple[_Text, ...] = Field(min_length=1)
    """Stacks that it holds for."""
    owner: _Text
    """Who answers for it: a person or a team with an address."""
    reason: _Reason
    """Why the risk is taken."""
    ticket: _Text
    """Where it was decided."""
    expires: date
    """The last day that it holds."""
    matches: Annotated[int, Field(ge=1, le=50)] = 1
    """How many resources it may cover, at most."""

    def covers(self, rule: str, urn: str) -> bool:
        """Whether it is about this rule on this resource."""
        return rule == self.rule and fnmatchcase(subject_of(urn), self.resource)

    def days_left(self, today: date) -> int:
        """Days until it ends; negative when it has."""
        return (self.expires - today).days

    def __str__(self) -> str:
        return f"{self.rule} on {self.resource}"


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    waivers: tuple[Waiver, ...]


class WaiverError(PouwError):
    """The waivers' file cannot be used."""

    code = ExitCode.POLICY


def load(rules: Mapping[str, AnyRule], path: Path = FILE) -> Sequence[Waiver]:
    """All waivers.

    Raises:
        WaiverError: the file is missing or malformed, a waiver has no owner, reason, ticket or end, or names no rule.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        # YAML knows dates and lists; strictness is the model's, and its faults name the entry.
        waivers = _File.model_validate(content).waivers
    except (OSError, yaml.YAMLError) as error:
        raise WaiverError(Fault(path=path.name, message="cannot be read", got=str(error))) from error
    except pydantic.ValidationError as error:
        raise WaiverError(*_schema_faults(path, error)) from error
    if unknown := [one for one in waivers if one.rule not in rules]:
        raise WaiverError(
            *(
                Fault(
                    path=path.name,
                    message="waives a rule that does not exist",
                    got=one.rule,
                    expected=f"one of {choices(sorted(rules), one.rule)}",
                )
                for one in unknown
            )
        )
    return waivers


def of_stack(waivers: Sequence[Waiver], stack: str) -> Sequence[Waiver]:
    """The waivers that name the stack."""
    return [one for one in waivers if stack in one.stacks]


def in_force(waivers: Sequence[Waiver], today: date) -> Sequence[Waiver]:
    """Those that have not expired."""
    return [one for one in waivers if one.days_left(today) >= 0]


def as_told(waivers: Sequence[Waiver]) -> list[Mapping[str, Any]]:
    """What the pack has to know of them."""
    return [{"rule": one.rule, "resource": one.resource} for one in waivers]


def apply(
    findings: Sequence[Finding], waivers: Sequence[Waiver], today: date, *, all_needed: bool
) -> tuple[Sequence[Finding], Sequence[Fault]]:
    """The findings, marked where a good waiver covers them, and what is wrong with the waivers.

    An expired waiver and one that covers more resources than it declares cover nothing. ``all_needed``: a waiver that
    covers nothing is a fault; on a preview it is, while later a value may have become known.
    """
    faults: list[Fault] = []
    good: list[Waiver] = []
    for waiver in waivers:
        covered = {one.urn for one in findings if waiver.covers(one.rule, one.urn)}
        if not covered and not all_needed and 0 <= waiver.days_left(today) <= MAX_DAYS:
            continue
        if fault := _fault(waiver, len(covered), today):
            faults.append(fault)
        else:
            good.append(waiver)
    return [_marked(one, good) for one in findings], faults


def _marked(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    ticket = next((one.ticket for one in waivers if one.covers(finding.rule, finding.urn)), "")
    return replace(finding, ticket=ticket)


def _fault(waiver: Waiver, covered: int, today: date) -> Fault | None:
    left = waiver.days_left(today)
    path = f"waiver {waiver}"
    if left < 0:
        return Fault(
            path=path,
            message="has expired",
            got=str(waiver.expires),
            remedy=f"correct the resource, or ask {waiver.owner}",
        )
    if left > MAX_DAYS:
        return Fault(path=path, message="runs too long", got=f"{left} days", expected=f"at most {MAX_DAYS}")
    if covered > waiver.matches:
        expected = f"at most {waiver.matches}"
        remedy = "narrow the pattern, or declare the number"
        return Fault(path=path, message="is too wide", got=f"{covered} resources", expected=expected, remedy=remedy)
    if covered == 0:
        return Fault(path=path, message="is not needed", got="no resource that breaks the rule", remedy="remove it")
    return None


def _schema_faults(path: Path, error: pydantic.ValidationError) -> Iterator[Fault]:
    for entry in error.errors(include_url=False):
        where = ".".join(map(str, entry["loc"]))
        missing = entry["type"] == "missing"
        yield Fault(
            path=f"{path.name}: {where}",
            message="is missing" if missing else "is not allowed",
            got="" if missing else repr(entry["input"])[:80],
            expected="a value" if missing else entry["msg"],
            remedy="a waiver without owner, reason, ticket and end is none" if missing else "",
        )
