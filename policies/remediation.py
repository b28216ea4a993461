"""Fixes: properties that rules add to a resource that violates them, where a run allows it. A fix only adds.

A fix yields additions and does not change the properties. This module changes them in their wire form, so secrets
stay secret and unknown values stay unread. A resource stays unchanged where a fix crashes or reads an unknown value,
where it would change a declared property, and where the violation would remain.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pulumi_policy.deserialize import (
    SPECIAL_SECRET_SIG,
    SPECIAL_SIG_KEY,
    deserialize_properties,
    serialize_properties,
)
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from policies.checks import steps_of
from policies.evaluation import evaluate
from policies.messages import UNKNOWN
from policies.rule import FixContext, Props, Rule

_DEFAULTS = "__defaults"
"""Key under which a provider lists the undeclared properties of an object that it filled in."""


class UnsafeFixError(Exception):
    """Raised for a fix that must not be applied."""


@dataclass(frozen=True, kw_only=True)
class AppliedFix:
    """The effect of a rule's fix on a resource."""

    rule: str
    paths: tuple[str, ...] = ()
    """Paths of the added properties."""
    failure: str = ""
    """The reason why the fix was not applied; empty if it was."""


@dataclass(frozen=True, kw_only=True)
class RemediatedResource:
    """A resource after the fixes of its rules."""

    props: Mapping[str, Any]
    """All properties, in their wire form."""
    fixes: tuple[AppliedFix, ...]
    """Fixes that added a property, or failed."""


def remediate(props: Props, rules: Iterable[Rule], context: FixContext) -> RemediatedResource:
    """Return the resource with the additions of its rules. Each fix sees the additions of earlier ones."""
    wire: Mapping[str, Any] = serialize_properties(props)
    fixes: list[AppliedFix] = []
    for rule in () if _carries_files(wire) else rules:
        result = evaluate(rule, partial(rule.check, _checked_form(wire)))
        if rule.fix is None or result.passed or result.unevaluated:
            continue
        try:
            additions = dict(rule.fix(_checked_form(wire), context))
            candidate = _with(wire, additions)
            failure = _failure(rule, candidate)
        except UnknownValueError as error:
            failure = f"{'.'.join(error.props)}{UNKNOWN}"
        except UnsafeFixError as error:
            failure = str(error)
        except Exception as error:  # noqa: BLE001 - after any crash of a fix, the resource stays unchanged
            failure = f"the fix failed: {type(error).__name__}: {error}"
        if failure:
            fixes.append(AppliedFix(rule=rule.id, failure=failure))
        elif additions:
            wire = candidate
            fixes.append(AppliedFix(rule=rule.id, paths=tuple(additions)))
    return RemediatedResource(props=wire, fixes=tuple(fixes))


def _failure(rule: Rule, candidate: Mapping[str, Any]) -> str:
    passed = evaluate(rule, partial(rule.check, _checked_form(candidate))).passed
    return "" if passed else "the violation remains after the additions"


def _checked_form(wire: Mapping[str, Any]) -> Props:
    """Return the properties in the form that checks read."""
    props: Props = unknown_checking_proxy(deserialize_properties(dict(wire)))
    return props


def _carries_files(node: Any) -> bool:
    """True if the node contains a file or an archive. The SDK does not preserve the hash of either."""
    if isinstance(node, Mapping):
        if node.get(SPECIAL_SIG_KEY, SPECIAL_SECRET_SIG) != SPECIAL_SECRET_SIG:
            return True
        return any(map(_carries_files, node.values()))
    return isinstance(node, list) and any(map(_carries_files, node))


def _with(wire: Mapping[str, Any], additions: Mapping[str, Any]) -> Mapping[str, Any]:
    candidate = copy.deepcopy(dict(wire))
    for path, value in additions.items():
        if not isinstance(value, str | bool | int | float):
            raise UnsafeFixError(
                f"{path}: the addition is not a single value; got {type(value).__name__}; expected a scalar"
            )
        _add(candidate, path, value)
    return candidate


def _add(node: Any, path: str, value: Any) -> None:
    *parents, last = steps_of(path)
    for step in parents:
        if step.startswith("["):
            node = node[int(step[1:-1])]
        else:
            if node.get(step) is None:
                node[step] = {}
            node = node[step]
        if isinstance(node, Mapping) and SPECIAL_SIG_KEY in node:
            raise UnsafeFixError(f"{path}: {step} is a secret; a fix only adds plain properties")
    filled_in = node.get(_DEFAULTS) or []
    if node.get(last) is not None and last not in filled_in:
        raise UnsafeFixError(f"{path}: is already declared; a fix only adds properties")
    node[last] = value
    if last in filled_in:
        filled_in.remove(last)
