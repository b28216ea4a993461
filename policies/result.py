"""What a rule says of a resource."""

from __future__ import annotations

from dataclasses import dataclass

from policies.rule import AnyRule


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One thing that a resource breaks."""

    path: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a rule says of a resource. It passed only if it ran to its end and found nothing."""

    rule: AnyRule
    violations: tuple[Violation, ...] = ()
    unevaluated: str = ""
    """Why the rule did not run to its end; empty if it did. What it found before that still counts."""

    @property
    def passed(self) -> bool:
        """Whether the resource is known to comply."""
        return not self.violations and not self.unevaluated
