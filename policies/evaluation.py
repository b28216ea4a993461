"""One rule on one resource: what came of it. Only here is an unknown value or a crash turned into a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pulumi_policy.proxy import UnknownValueError

from policies.rule import AnyRule, split
from policies.wording import UNKNOWN


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


def evaluate(rule: AnyRule, check: Callable[[], Iterator[str]]) -> Result:
    """Run a rule to its end, to the first unknown value that it reads, or to its crash."""
    found: list[Violation] = []
    unevaluated = ""
    try:
        for message in check():
            path, text = split(message)
            found.append(Violation(path=path, message=text))
    except UnknownValueError as error:
        unevaluated = f"{'.'.join(error.props)}{UNKNOWN}"
    except Exception as error:  # noqa: BLE001 - whatever a rule dies of, it must count as a rule that did not run
        unevaluated = f"the rule failed: {type(error).__name__}: {error}"
    return Result(rule=rule, violations=tuple(found), unevaluated=unevaluated)
