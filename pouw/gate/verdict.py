"""The verdict on one run: plain data that is printed, recorded as evidence and mapped to controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from infra.faults import Fault


class Kind(StrEnum):
    """The kinds of findings."""

    VIOLATION = "violation"
    UNEVALUATED = "unevaluated"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that did not pass on one resource."""

    kind: Kind
    rule: str
    urn: str
    path: str
    message: str
    severity: str
    mandatory: bool
    """True if it refuses the deployment, unless a waiver covers it."""
    remedy: str = ""
    ticket: str = ""
    """The ticket of the waiver that covers it; empty without a waiver."""

    @property
    def waived(self) -> bool:
        """True if a valid waiver covers it."""
        return bool(self.ticket)

    @property
    def blocks(self) -> bool:
        """True if it makes the verdict red."""
        return self.mandatory and not self.waived

    def __str__(self) -> str:
        resource = self.urn.rsplit("::", 1)[-1]
        message = f"{self.path}: {self.message}" if self.path else self.message
        return f"{self.rule} [{self.severity}] on {resource}: {message}"


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """The properties that a rule added to a resource before the checks, or the reason why it added none."""

    rule: str
    urn: str
    paths: Sequence[str] = ()
    failure: str = ""

    def __str__(self) -> str:
        return f"{self.rule} on {self.urn.rsplit('::', 1)[-1]}: {self.failure or ', '.join(self.paths)}"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The compliance verdict on one run of one stack."""

    stack: str
    environment: str
    findings: Sequence[Finding] = ()
    passed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """URNs of the resources on which a rule passed, by rule id."""
    waiver_faults: Sequence[Fault] = ()
    """Waivers that are expired, too wide or unused."""
    gaps: Sequence[str] = ()
    """Reasons why the run was not checked completely: the pack did not run, or its record is incomplete."""
    remedies: Sequence[Remedy] = ()
    """Properties that rules added, where the stack allows it, and failures to add them."""
    advisory: bool = False
    """True if this environment refuses only a run with a gap."""

    @property
    def red(self) -> bool:
        """True if the run must not continue."""
        waiver_faults = bool(self.waiver_faults) and not self.advisory
        return bool(self.gaps) or waiver_faults or any(finding.blocks for finding in self.findings)

    def of(self, kind: Kind, *, waived: bool = False) -> list[Finding]:
        """Return the findings of a kind that are waived, or that are not."""
        return [finding for finding in self.findings if finding.kind is kind and finding.waived is waived]

    @property
    def waived(self) -> list[Finding]:
        """Findings that valid waivers cover."""
        return [finding for finding in self.findings if finding.waived]

    @property
    def remedied(self) -> list[Remedy]:
        """Remedies that added a property."""
        return [remedy for remedy in self.remedies if not remedy.failure]

    def summary(self) -> str:
        """Return one line with every count."""
        checks = sum(len(urns) for urns in self.passed.values())
        advice = [finding for finding in self.findings if not finding.mandatory and not finding.waived]
        violations, unevaluated = (
            sum(finding.mandatory for finding in self.of(kind)) for kind in (Kind.VIOLATION, Kind.UNEVALUATED)
        )
        text = f"{checks} checks of {len(self.passed)} rules passed, {violations} violations, "
        text += f"{unevaluated} not evaluated, {len(advice)} advice, {len(self.waived)} waived"
        text += f", {len(self.remedied)} remedied" if self.remedied else ""
        gate_faults = len(self.waiver_faults) + len(self.gaps)
        return text + (f", {gate_faults} faults of the gate" if gate_faults else "")
