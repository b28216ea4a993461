"""One rule on one resource: what came of it. Only here is an unknown value or a crash turned into a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pulumi_policy.proxy import UnknownValueError

from policies.result import Result, Violation
from policies.rule import AnyRule, split
from policies.wording import UNKNOWN


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
