"""Cases: a rule with a compliant resource and one property that breaks it. The tests of a rule derive from it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policies.checks import steps_of
from policies.rule import AnyRule, Rule
from policies.stack import Resource, Stack
from tests.policies.analyzer import Analyzer, Declaration, Diagnostic

REMOVED = object()
"""The broken value that removes the property."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One rule under test."""

    rule: AnyRule
    compliant: Mapping[str, Any]
    """Properties of a compliant resource, if possible including the property of the rule."""
    path: str
    """Path of the broken property."""
    broken_value: Any
    """Value that breaks the rule; ``REMOVED`` removes the property."""
    absent_path: str | None = None
    """Path of the property that is removed in the test of absence; by default the broken one."""
    type: str = ""
    """Type of the resource; by default the first of the rule's types."""
    related: tuple[Declaration, ...] = ()
    """Other resources of the stack, all compliant, for a rule about a stack."""
    broken_related: str = ""
    """Name of the one of ``related`` with the broken property; by default the subject has it."""
    references: Mapping[str, Sequence[str]] | None = None
    """Names of the others from which the subject's inputs come."""

    def __str__(self) -> str:
        return f"{self.rule.id}@{self.path}"

    @cached_property
    def subject(self) -> Declaration:
        """The compliant resource."""
        return Declaration(type=self.type or self.rule.types[0], props=self.compliant, references=self.references or {})

    def stack(self) -> list[Declaration]:
        """Return the compliant stack."""
        return [self.subject, *self.related]

    def broken_stack(self, path: str = "", value: Any = None) -> list[Declaration]:
        """Return the stack with one broken property: the case's own, or the value at the path."""
        name = self.broken_related or self.subject.name
        target, new = (path, value) if path else (self.path, self.broken_value)
        return [
            _with(declaration, target, new) if declaration.name == name else declaration for declaration in self.stack()
        ]

    def diagnostics(self, stack: Sequence[Declaration], **arguments: Any) -> list[Diagnostic]:
        """Return the service's diagnostics of the subject in this stack, with only this rule loaded."""
        analyzer = Analyzer(self.rule, **arguments) if arguments else self._analyzer
        if isinstance(self.rule, Rule):
            return analyzer.resource(
                next(declaration for declaration in stack if declaration.name == self.subject.name)
            )
        return [diagnostic for diagnostic in analyzer.stack(*stack) if diagnostic.urn == self.subject.urn]

    @cached_property
    def _analyzer(self) -> Analyzer:
        return Analyzer(self.rule)


@dataclass(frozen=True, kw_only=True)
class Read:
    """One value that a rule read: the resource's name and the path."""

    name: str
    path: str


def reads(case: Case, declarations: Sequence[Declaration]) -> list[Read]:
    """Return every value that the rule reads of this stack, including objects, lists and absent keys."""
    reads_seen: dict[Read, None] = {}
    stack = [
        Resource(
            urn=declaration.urn,
            type=declaration.type,
            name=declaration.name,
            props=_Watched(declaration.props, declaration.name, "", reads_seen),
            inputs=_Watched(declaration.props, declaration.name, "", reads_seen),
            references={
                key: frozenset(origin.urn for origin in declarations if origin.name in names)
                for key, names in declaration.references.items()
            },
        )
        for declaration in declarations
    ]
    subject = next(resource for resource in stack if resource.name == case.subject.name)
    rule = case.rule
    list(rule.check(subject.props) if isinstance(rule, Rule) else rule.check(subject, Stack(stack)))
    return list(reads_seen)


def with_value(stack: Sequence[Declaration], read: Read, value: Any) -> list[Declaration]:
    """Return the stack with another value there; ``REMOVED`` removes it."""
    return [
        _with(declaration, read.path, value) if declaration.name == read.name else declaration for declaration in stack
    ]


def with_secret(stack: Sequence[Declaration], read: Read) -> list[Declaration]:
    """Return the stack with that value as a secret; unchanged where the value is absent."""
    node: Any = next(declaration.props for declaration in stack if declaration.name == read.name)
    for step in _keys(read.path):
        if isinstance(node, Mapping) and step not in node:
            return [*stack]
        node = node[step]
    return with_value(stack, read, secret(node))


def secret(value: Any) -> Mapping[str, Any]:
    """Return the wire form of a secret."""
    return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}


class _Watched(Mapping[str, Any]):
    """A mapping that records every read."""

    def __init__(self, target: Mapping[str, Any], name: str, path: str, reads_seen: dict[Read, None]) -> None:
        self._target, self._name, self._path, self._seen = target, name, path, reads_seen

    def __getitem__(self, key: str) -> Any:
        path = f"{self._path}.{_quoted(key)}" if self._path else _quoted(key)
        # An absent key counts as well, because the rule decides by its absence.
        self._seen[Read(name=self._name, path=path)] = None
        return _watched(self._target[key], self._name, path, self._seen)

    def __iter__(self) -> Iterator[str]:
        return iter(self._target)

    def __len__(self) -> int:
        return len(self._target)


class _WatchedList(Sequence[Any]):
    def __init__(self, target: Sequence[Any], name: str, path: str, reads_seen: dict[Read, None]) -> None:
        self._target, self._name, self._path, self._seen = target, name, path, reads_seen

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[index] for index in range(*key.indices(len(self)))]
        value, path = self._target[key], f"{self._path}[{key % len(self)}]"
        self._seen[Read(name=self._name, path=path)] = None
        return _watched(value, self._name, path, self._seen)

    def __len__(self) -> int:
        return len(self._target)


def _watched(value: Any, name: str, path: str, reads_seen: dict[Read, None]) -> Any:
    if isinstance(value, Mapping):
        return _Watched(value, name, path, reads_seen)
    if isinstance(value, list | tuple):
        return _WatchedList(value, name, path, reads_seen)
    return value


def _quoted(key: str) -> str:
    return key.replace(".", "\0")


def _keys(path: str) -> list[Any]:
    """Return the keys and indices of a path."""
    return [int(step[1:-1]) if step.startswith("[") else step.replace("\0", ".") for step in steps_of(path)]


def _with(declaration: Declaration, path: str, value: Any) -> Declaration:
    props: Any = copy.deepcopy(dict(declaration.props))
    *parents, key = _keys(path)
    node = props
    for step, following in pairwise([*parents, key]):
        node = node[step] if isinstance(step, int) else node.setdefault(step, [] if isinstance(following, int) else {})
    if value is REMOVED and isinstance(node, dict):
        node.pop(key, None)
    elif value is REMOVED:
        del node[key]
    elif isinstance(key, int) and key == len(node):
        node.append(value)
    else:
        node[key] = value
    return Declaration(type=declaration.type, name=declaration.name, props=props, references=declaration.references)
