"""Messages of results. An engine prints them for users; the gate parses their first line exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass

from policies.result import Result

NOT_EVALUATED = "not evaluated, "
UNKNOWN = " is not known before the deployment"
"""End of the reason where a rule read a value that only the deployment determines."""
_FIRST_LINE = re.compile(r"^(?P<rule>[a-z0-9-]+) \[(?P<severity>[a-z]+)\] (?P<path>\S*?): (?P<text>.*)$", re.MULTILINE)


def messages(result: Result) -> list[str]:
    """Return one message per violation. Its first line is ``rule [severity] path: message``."""
    rule = result.rule
    lines = [f"{rule.id} [{rule.severity}] {violation.path}: {violation.message}" for violation in result.violations]
    if result.unevaluated:
        lines.append(f"{rule.id} [{rule.severity}] : {NOT_EVALUATED}{result.unevaluated}")
    return [f"{line}\n{rule.remedy}\n{rule.reference}" for line in lines]


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """The parsed first line of a message."""

    rule: str
    severity: str
    path: str
    text: str

    @property
    def evaluated(self) -> bool:
        """True for a violation, False for a rule that could not be evaluated."""
        return not (self.path == "" and self.text.startswith(NOT_EVALUATED))


def read(message: str) -> Sentence | None:
    """Return the sentence in an engine's message, which begins with the policy's description; None without one."""
    match = _FIRST_LINE.search(message)
    return Sentence(**match.groupdict()) if match else None
