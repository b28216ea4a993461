"""What a gate came to. Plain data, without an engine: printed, kept as evidence, mapped to controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from infra.faults import Fault


class Kind(StrEnum):
    """What is wrong with a rule on a resource."""

    VIOLATION = "violation"
    UNEVALUATED = "unevaluated"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule on one resource that did not simply pass."""

    kind: Kind
    rule: str
    urn: str
    path: str
    message: str
    severity: str
    mandatory: bool
    """Whether it refuses the deployment, unless waived."""
    remedy: str = ""
    ticket: str = ""
    """The ticket of the waiver that covers it; empty if none does."""

    @property
    def waived(self) -> bool:
        """Whether a valid waiver covers it."""
        return bool(self.ticket)

    @property
    def blocks(self) -> bool:
        """Whether it makes the gate red."""
        return self.mandatory and not self.waived

    def __str__(self) -> str:
        where = self.urn.rsplit("::", 1)[-1]
        said = f"{self.path}: {self.message}" if self.path else self.message
        return f"{self.rule} [{self.severity}] on {where}: {said}"


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """What a rule added to a resource before it was judged, or why it added nothing."""

    rule: str
    urn: str
    paths: Sequence[str] = ()
    failure: str = ""

    def __str__(self) -> str:
        return f"{self.rule} on {self.urn.rsplit('::', 1)[-1]}: {self.failure or ', '.join(self.paths)}"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The gate's answer for one run of one stack."""

    stack: str
    environment: str
    findings: Sequence[Finding] = ()
    passed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """URNs of the resources that a rule ran on to its end and found nothing, by rule."""
    waiver_faults: Sequence[Fault] = ()
    """Waivers that are expired, too wide or unused."""
    gaps: Sequence[str] = ()
    """Why the gate cannot vouch for the run at all: the pack did not run, or its record is not whole."""
    remedies: Sequence[Remedy] = ()
    """What rules added, where the stack lets them, and where they failed to."""
    advisory: bool = False
    """Whether this environment lets everything pass but a gap."""

    @property
    def red(self) -> bool:
        """Whether the run must not go on."""
        faults = bool(self.waiver_faults) and not self.advisory
        return bool(self.gaps) or faults or any(one.blocks for one in self.findings)

    def of(self, kind: Kind, *, waived: bool = False) -> list[Finding]:
        """The findings of a kind, those that are waived apart."""
        return [one for one in self.findings if one.kind is kind and one.waived is waived]

    @property
    def waived(self) -> list[Finding]:
        """What valid waivers cover."""
        return [one for one in self.findings if one.waived]

    @property
    def remedied(self) -> list[Remedy]:
        """What rules added."""
        return [one for one in self.remedies if not one.failure]

    def summary(self) -> str:
        """One line with every count."""
        checks = sum(len(urns) for urns in self.passed.values())
        advice = [one for one in self.findings if not one.mandatory and not one.waived]
        violations, unevaluated = (
            sum(one.mandatory for one in self.of(kind)) for kind in (Kind.VIOLATION, Kind.UNEVALUATED)
        )
        told = f"{checks} checks of {len(self.passed)} rules passed, {violations} violations, "
        told += f"{unevaluated} not evaluated, {len(advice)} advice, {len(self.waived)} waived"
        told += f", {len(self.remedied)} remedied" if self.remedied else ""
        wrong = len(self.waiver_faults) + len(self.gaps)
        return told + (f", {wrong} faults of the gate" if wrong else "")
