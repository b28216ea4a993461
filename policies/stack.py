"""All resources of a stack as stack rules see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource among others."""

    urn: str
    type: str
    name: str
    props: Mapping[str, Any]
    """What it is: its outputs, and where one is not known before the deployment, what was declared."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """What was declared. For a rule that must tell what nobody asked for from what the cloud decides."""
    parent: str = ""
    """URN; empty where it has none."""
    refers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each input, the URNs of the resources that its value comes from: known also where the value is not."""


class Stack:
    """The resources by type, and what rules derive from them once."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = tuple(resources)
        self._derived: dict[object, object] = {}

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[Resource]]:
        found: defaultdict[str, list[Resource]] = defaultdict(list)
        for one in self.resources:
            found[one.type].append(one)
        return found

    def of(self, *types: str) -> Sequence[Resource]:
        """The resources of these types."""
        return [one for name in types for one in self._by_type.get(name, ())]

    def pointing_at(self, target: Resource, types: tuple[str, ...], *inputs: str) -> Sequence[Resource]:
        """Resources of these types one of whose ``inputs`` comes from ``target``."""
        return [one for one in self.of(*types) if any(target.urn in one.refers.get(name, ()) for name in inputs)]

    def derive(self, function: Callable[[Stack], T]) -> T:
        """What the function makes of this stack, made once. What it raises, an unknown too, it raises again."""
        if function not in self._derived:
            self._derived[function] = function(self)
        return cast("T", self._derived[function])
