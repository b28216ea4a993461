"""Waivers: accepted exceptions from rules, with owner, reason and end. Read from ``policies/waivers.yaml``."""

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
"""The longest remaining time of a waiver: an exception that is not reviewed within a year is permanent."""
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=20)]


class Waiver(BaseModel):
    """One accepted exception."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: _Text
    """The rule's id."""
    resource: _Text
    """A pattern for ``type::name``, with ``*`` and ``?``."""
    stacks: tuple[_Text, ...] = Field(min_length=1)
    """Names of the stacks in which it applies."""
    owner: _Text
    """The person or team that is responsible, with an address."""
    reason: _Reason
    """The reason for accepting the risk."""
    ticket: _Text
    """The ticket that holds the decision."""
    expires: date
    """The last day on which it applies."""
    matches: Annotated[int, Field(ge=1, le=50)] = 1
    """The largest number of resources that it may cover."""

    def covers(self, rule: str, urn: str) -> bool:
        """True if it names this rule and its pattern matches this resource."""
        return rule == self.rule and fnmatchcase(subject_of(urn), self.resource)

    def days_left(self, today: date) -> int:
        """Return the days until it ends; negative after its end."""
        return (self.expires - today).days

    def __str__(self) -> str:
        return f"{self.rule} on {self.resource}"


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    waivers: tuple[Waiver, ...]


class WaiverError(PouwError):
    """The file of waivers cannot be used."""

    code = ExitCode.POLICY


def load(rules: Mapping[str, AnyRule], path: Path = FILE) -> Sequence[Waiver]:
    """Return all waivers.

    Raises:
        WaiverError: the file is missing or malformed, a waiver lacks a field, or it names an unknown rule.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        # The model checks the types, because its faults name the entry.
        waivers = _File.model_validate(content).waivers
    except (OSError, yaml.YAMLError) as error:
        raise WaiverError(Fault(path=path.name, message="cannot be read", got=str(error))) from error
    except pydantic.ValidationError as error:
        raise WaiverError(*_schema_faults(path, error)) from error
    if unknown := [waiver.rule for waiver in waivers if waiver.rule not in rules]:
        raise WaiverError(
            *(
                Fault(
                    path=path.name,
                    message="waives a rule that does not exist",
                    got=rule,
                    expected=f"one of {choices(sorted(rules), rule)}",
                )
                for rule in unknown
            )
        )
    return waivers


def of_stack(waivers: Sequence[Waiver], stack: str) -> Sequence[Waiver]:
    """Return the waivers that name the stack."""
    return [waiver for waiver in waivers if stack in waiver.stacks]


def in_force(waivers: Sequence[Waiver], today: date) -> Sequence[Waiver]:
    """Return the waivers that have not expired."""
    return [waiver for waiver in waivers if waiver.days_left(today) >= 0]


def pack_entries(waivers: Sequence[Waiver]) -> list[Mapping[str, Any]]:
    """Return the waivers in the form of the pack's configuration."""
    return [{"rule": waiver.rule, "resource": waiver.resource} for waiver in waivers]


def apply(
    findings: Sequence[Finding], waivers: Sequence[Waiver], today: date, *, all_needed: bool
) -> tuple[Sequence[Finding], Sequence[Fault]]:
    """Return the findings, marked with the ticket of a valid waiver, and the faults of the waivers.

    A waiver that is expired or too wide covers nothing. With ``all_needed``, an unused waiver is a fault. That holds
    for a preview only: later, a value that was unknown may have become known.
    """
    faults: list[Fault] = []
    valid: list[Waiver] = []
    for waiver in waivers:
        covered = {finding.urn for finding in findings if waiver.covers(finding.rule, finding.urn)}
        if not covered and not all_needed and 0 <= waiver.days_left(today) <= MAX_DAYS:
            continue
        if fault := _fault(waiver, len(covered), today):
            faults.append(fault)
        else:
            valid.append(waiver)
    return [_with_ticket(finding, valid) for finding in findings], faults


def _with_ticket(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    ticket = next((waiver.ticket for waiver in waivers if waiver.covers(finding.rule, finding.urn)), "")
    return replace(finding, ticket=ticket)


def _fault(waiver: Waiver, covered: int, today: date) -> Fault | None:
    days = waiver.days_left(today)
    path = f"waiver {waiver}"
    if days < 0:
        return Fault(
            path=path,
            message="has expired",
            got=str(waiver.expires),
            remedy=f"correct the resource, or ask {waiver.owner}",
        )
    if days > MAX_DAYS:
        return Fault(path=path, message="runs too long", got=f"{days} days", expected=f"at most {MAX_DAYS}")
    if covered > waiver.matches:
        expected = f"at most {waiver.matches}"
        remedy = "narrow the pattern, or declare the number"
        return Fault(path=path, message="is too wide", got=f"{covered} resources", expected=expected, remedy=remedy)
    if covered == 0:
        return Fault(path=path, message="is not needed", got="no resource that breaks the rule", remedy="remove it")
    return None


def _schema_faults(path: Path, error: pydantic.ValidationError) -> Iterator[Fault]:
    for entry in error.errors(include_url=False):
        location = ".".join(map(str, entry["loc"]))
        missing = entry["type"] == "missing"
        yield Fault(
            path=f"{path.name}: {location}",
            message="is missing" if missing else "is not allowed",
            got="" if missing else repr(entry["input"])[:80],
            expected="a value" if missing else entry["msg"],
            remedy="give every waiver an owner, a reason, a ticket and an end" if missing else "",
        )
