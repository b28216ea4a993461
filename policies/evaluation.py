"""Evaluation of one rule on one resource. Only this module turns an unknown value or a crash into a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pulumi_policy.proxy import UnknownValueError

from policies.messages import UNKNOWN
from policies.result import Result, Violation
from policies.rule import AnyRule, parse_violation


def evaluate(rule: AnyRule, check: Callable[[], Iterator[str]]) -> Result:
    """Run a rule to its end, to the first unknown value that it reads, or to its crash."""
    violations: list[Violation] = []
    unevaluated = ""
    try:
        for message in check():
            path, text = parse_violation(message)
            violations.append(Violation(path=path, message=text))
    except UnknownValueError as error:
        unevaluated = f"{'.'.join(error.props)}{UNKNOWN}"
    except Exception as error:  # noqa: BLE001 - a rule that crashes, for whatever reason, counts as not evaluated
        unevaluated = f"the rule failed: {type(error).__name__}: {error}"
    return Result(rule=rule, violations=tuple(violations), unevaluated=unevaluated)
