"""A result in words. People read them where an engine prints them; the gate reads their first line back, exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass

from policies.result import Result

NOT_EVALUATED = "not evaluated, "
UNKNOWN = " is not known before the deployment"
"""How the reason ends where a value was missing that time will tell."""
_FIRST = re.compile(r"^(?P<rule>[a-z0-9-]+) \[(?P<severity>[a-z]+)\] (?P<path>\S*?): (?P<text>.*)$", re.MULTILINE)


def messages(result: Result) -> list[str]:
    """What a result says to people, one text a violation. Its first line is ``rule [severity] path: message``."""
    rule = result.rule
    said = [f"{rule.id} [{rule.severity}] {found.path}: {found.message}" for found in result.violations]
    if result.unevaluated:
        said.append(f"{rule.id} [{rule.severity}] : {NOT_EVALUATED}{result.unevaluated}")
    return [f"{line}\n{rule.remedy}\n{rule.reference}" for line in said]


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """The first line of a message, taken apart."""

    rule: str
    severity: str
    path: str
    text: str

    @property
    def evaluated(self) -> bool:
        """Whether it is a violation, and not a rule that could not be evaluated."""
        return not (self.path == "" and self.text.startswith(NOT_EVALUATED))


def read(message: str) -> Sentence | None:
    """The sentence in what an engine hands on, which puts the policy's description before it; none if there is none."""
    found = _FIRST.search(message)
    return Sentence(**found.groupdict()) if found else None
