"""A case is a rule with a resource that complies and one thing that breaks it. From it the tests of a rule are made."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policies.checks import steps_of
from policies.rule import AnyRule, Rule
from policies.stack import Resource, Stack
from tests.policies.analyzer import Analyzer, Given, Said

REMOVED = object()
"""The value of a break that takes the property away."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One rule under test."""

    rule: AnyRule
    compliant: Mapping[str, Any]
    """Properties of a resource that complies; it has the property that the rule is about, where that can be."""
    at: str
    """Path of the one property that is broken."""
    broken: Any
    """What it is broken with; ``REMOVED`` takes it away."""
    absent_at: str | None = None
    """What is taken away for the test of absence; the broken property unless given."""
    type: str = ""
    """Type of the resource; the first of the rule's unless given."""
    others: tuple[Given, ...] = ()
    """The rest of the stack, for a rule about a resource among others; all of it complies."""
    broken_other: str = ""
    """Name of the one of ``others`` that ``at`` and ``broken`` are about; the subject itself unless given."""
    references: Mapping[str, Sequence[str]] | None = None
    """For the subject's inputs, names of the others that their values come from."""

    def __str__(self) -> str:
        return f"{self.rule.id}@{self.at}"

    @property
    def subject(self) -> Given:
        """The resource that complies."""
        return Given(type=self.type or self.rule.types[0], props=self.compliant, references=self.references or {})

    def stack(self) -> list[Given]:
        """Everything, and it complies."""
        return [self.subject, *self.others]

    def broken_stack(self, path: str = "", value: Any = None) -> list[Given]:
        """Everything with one thing broken: what the case says, unless told."""
        changed = self.broken_other or self.subject.name
        at, new = (path, value) if path else (self.at, self.broken)
        return [_with(one, at, new) if one.name == changed else one for one in self.stack()]

    def said(self, stack: Sequence[Given], **told: Any) -> list[Said]:
        """What the service says of the subject in this stack, with only this rule loaded."""
        analyzer = Analyzer(self.rule, **told)
        if isinstance(self.rule, Rule):
            return analyzer.resource(next(one for one in stack if one.name == self.subject.name))
        return [one for one in analyzer.stack(*stack) if one.urn == self.subject.urn]


@dataclass(frozen=True, kw_only=True)
class Read:
    """One value that a rule read: of which resource, and where."""

    name: str
    path: str


def reads(case: Case, given: Sequence[Given]) -> list[Read]:
    """Every value that the rule reads of this stack, objects and lists too, and what it looks for in vain."""
    seen: dict[Read, None] = {}
    stack = [
        Resource(
            urn=one.urn,
            type=one.type,
            name=one.name,
            props=_Watched(one.props, one.name, "", seen),
            inputs=_Watched(one.props, one.name, "", seen),
            references={
                key: frozenset(other.urn for other in given if other.name in names)
                for key, names in one.references.items()
            },
        )
        for one in given
    ]
    subject = next(one for one in stack if one.name == case.subject.name)
    rule = case.rule
    list(rule.check(subject.props) if isinstance(rule, Rule) else rule.check(subject, Stack(stack)))
    return list(seen)


def with_value(stack: Sequence[Given], read: Read, value: Any) -> list[Given]:
    """The stack with another value there; ``REMOVED`` takes it away."""
    return [_with(one, read.path, value) if one.name == read.name else one for one in stack]


def with_secret(stack: Sequence[Given], read: Read) -> list[Given]:
    """The stack with that value a secret; as it is where there is no value."""
    node: Any = next(one.props for one in stack if one.name == read.name)
    for step in _keys(read.path):
        if isinstance(node, Mapping) and step not in node:
            return [*stack]
        node = node[step]
    return with_value(stack, read, secret(node))


def secret(value: Any) -> Mapping[str, Any]:
    """The form of a secret on the wire."""
    return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}


class _Watched(Mapping[str, Any]):
    """A mapping that notes what is read of it."""

    def __init__(self, target: Mapping[str, Any], name: str, at: str, seen: dict[Read, None]) -> None:
        self._target, self._name, self._at, self._seen = target, name, at, seen

    def __getitem__(self, key: str) -> Any:
        path = f"{self._at}.{_quoted(key)}" if self._at else _quoted(key)
        # Also where there is nothing: a rule that asks for a key decides by it.
        self._seen[Read(name=self._name, path=path)] = None
        return _watched(self._target[key], self._name, path, self._seen)

    def __iter__(self) -> Iterator[str]:
        return iter(self._target)

    def __len__(self) -> int:
        return len(self._target)


class _WatchedList(Sequence[Any]):
    def __init__(self, target: Sequence[Any], name: str, at: str, seen: dict[Read, None]) -> None:
        self._target, self._name, self._at, self._seen = target, name, at, seen

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[index] for index in range(*key.indices(len(self)))]
        value, path = self._target[key], f"{self._at}[{key % len(self)}]"
        self._seen[Read(name=self._name, path=path)] = None
        return _watched(value, self._name, path, self._seen)

    def __len__(self) -> int:
        return len(self._target)


def _watched(value: Any, name: str, path: str, seen: dict[Read, None]) -> Any:
    if isinstance(value, Mapping):
        return _Watched(value, name, path, seen)
    if isinstance(value, list | tuple):
        return _WatchedList(value, name, path, seen)
    return value


def _quoted(key: str) -> str:
    return key.replace(".", "\0")


def _keys(path: str) -> list[Any]:
    """Names, and numbers of items."""
    return [int(step[1:-1]) if step.startswith("[") else step.replace("\0", ".") for step in steps_of(path)]


def _with(given: Given, path: str, value: Any) -> Given:
    props: Any = copy.deepcopy(dict(given.props))
    *way, key = _keys(path)
    node = props
    for step, following in pairwise([*way, key]):
        node = node[step] if isinstance(step, int) else node.setdefault(step, [] if isinstance(following, int) else {})
    if value is REMOVED and isinstance(node, dict):
        node.pop(key, None)
    elif value is REMOVED:
        del node[key]
    elif isinstance(key, int) and key == len(node):
        node.append(value)
    else:
        node[key] = value
    return Given(type=given.type, name=given.name, props=props, references=given.references)
