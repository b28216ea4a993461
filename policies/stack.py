"""The resources of a stack as stack rules see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of the stack."""

    urn: str
    type: str
    name: str
    props: Mapping[str, Any]
    """Outputs; the declared input for an output that is unknown before the deployment."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """Declared inputs, for a rule that distinguishes a declared value from a default of the cloud."""
    parent: str = ""
    """URN of the parent; empty without one."""
    references: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """URNs of the resources from which each input's value comes. They are known even if the value is not."""


class Stack:
    """The resources by type, and values that rules derive from them once."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = tuple(resources)
        self._derived: dict[object, object] = {}

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[Resource]]:
        by_type: defaultdict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            by_type[resource.type].append(resource)
        return by_type

    def of_type(self, *types: str) -> Sequence[Resource]:
        """Return the resources of these types."""
        return [resource for token in types for resource in self._by_type.get(token, ())]

    def referrers(self, target: Resource, types: tuple[str, ...], *inputs: str) -> Sequence[Resource]:
        """Return the resources of these types with one of the ``inputs`` from ``target``."""
        return [
            resource
            for resource in self.of_type(*types)
            if any(target.urn in resource.references.get(name, ()) for name in inputs)
        ]

    def derive(self, function: Callable[[Stack], T]) -> T:
        """Return the function's result for this stack, computed once. An exception is raised on every call."""
        if function not in self._derived:
            self._derived[function] = function(self)
        return cast("T", self._derived[function])
