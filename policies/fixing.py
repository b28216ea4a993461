"""What rules add to a resource that breaks them, where a run allows it. Only what is missing is ever added.

A fix says what to add, and does not touch the properties. They are changed here, in the form that they have on the
wire: so secrets stay secrets, and values that are not known yet stay so, unread. A resource is left as it is where a
fix crashes or meets an unknown value, where it would change what is declared, and where the rule would still be broken.
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
from policies.rule import Props, Rule, Surroundings
from policies.wording import UNKNOWN

_DEFAULTS = "__defaults"
"""Where a provider names the properties of an object that nobody declared, and that it filled in."""


class UnsafeFixError(Exception):
    """A fix that must not be applied."""


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What a rule's fix did to a resource."""

    rule: str
    paths: tuple[str, ...] = ()
    """Where something was added."""
    failure: str = ""
    """Why the resource was left as it was; empty if it was not."""


@dataclass(frozen=True, kw_only=True)
class Remedied:
    """A resource after its rules' fixes."""

    props: Mapping[str, Any]
    """All properties, in their wire form."""
    fixes: tuple[Fixed, ...]
    """Fixes that did something, or failed."""


def remedied(props: Props, rules: Iterable[Rule], around: Surroundings) -> Remedied:
    """The resource with what its rules add. Each fix sees what those before it added."""
    wire: Mapping[str, Any] = serialize_properties(props)
    fixes: list[Fixed] = []
    for rule in () if _carries_files(wire) else rules:
        found = evaluate(rule, partial(rule.check, _seen(wire)))
        if rule.fix is None or found.passed or found.unevaluated:
            continue
        try:
            added = dict(rule.fix(_seen(wire), around))
            candidate = _with(wire, added)
            failure = _failure(rule, candidate)
        except UnknownValueError as error:
            failure = f"{'.'.join(error.props)}{UNKNOWN}"
        except UnsafeFixError as error:
            failure = str(error)
        except Exception as error:  # noqa: BLE001 - whatever a fix dies of, the resource stays as it is, and it is told
            failure = f"the fix failed: {type(error).__name__}: {error}"
        if failure:
            fixes.append(Fixed(rule=rule.id, failure=failure))
        elif added:
            wire = candidate
            fixes.append(Fixed(rule=rule.id, paths=tuple(added)))
    return Remedied(props=wire, fixes=tuple(fixes))


def _failure(rule: Rule, candidate: Mapping[str, Any]) -> str:
    passed = evaluate(rule, partial(rule.check, _seen(candidate))).passed
    return "" if passed else "what can be added is not enough"


def _seen(wire: Mapping[str, Any]) -> Props:
    """The properties as checks see them."""
    seen: Props = unknown_checking_proxy(deserialize_properties(dict(wire)))
    return seen


def _carries_files(node: Any) -> bool:
    """Whether a file or an archive is inside, whose hash does not survive the way through the SDK."""
    if isinstance(node, Mapping):
        if node.get(SPECIAL_SIG_KEY, SPECIAL_SECRET_SIG) != SPECIAL_SECRET_SIG:
            return True
        return any(map(_carries_files, node.values()))
    return isinstance(node, list) and any(map(_carries_files, node))


def _with(wire: Mapping[str, Any], added: Mapping[str, Any]) -> Mapping[str, Any]:
    changed = copy.deepcopy(dict(wire))
    for path, value in added.items():
        if not isinstance(value, str | bool | int | float):
            raise UnsafeFixError(f"{path}: a fix adds single values, and not {type(value).__name__}")
        _add(changed, path, value)
    return changed


def _add(node: Any, path: str, value: Any) -> None:
    *way, last = steps_of(path)
    for step in way:
        if step.startswith("["):
            node = node[int(step[1:-1])]
        else:
            if node.get(step) is None:
                node[step] = {}
            node = node[step]
        if isinstance(node, Mapping) and SPECIAL_SIG_KEY in node:
            raise UnsafeFixError(f"{path}: {step} is a secret")
    filled_in = node.get(_DEFAULTS) or []
    if node.get(last) is not None and last not in filled_in:
        raise UnsafeFixError(f"{path}: is declared, and a fix only adds")
    node[last] = value
    if last in filled_in:
        filled_in.remove(last)
