"""Results of rules on resources."""

from __future__ import annotations

from dataclasses import dataclass

from policies.rule import AnyRule


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One violation of a rule by a resource."""

    path: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of one rule on one resource. The rule passed only if it completed without a violation."""

    rule: AnyRule
    violations: tuple[Violation, ...] = ()
    unevaluated: str = ""
    """The reason why the rule did not complete; empty if it did. Earlier violations still count."""

    @property
    def passed(self) -> bool:
        """True if the resource is known to comply."""
        return not self.violations and not self.unevaluated
