"""What AWS resources are to each other: one thing is often spread over several, and an id is not known in a preview.

Where an input comes from another resource, the engine knows from which, and the value need not be read. Where it is
plain text it is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from policies.checks import MISSING, find
from policies.stack import Resource, Stack

StackCheck: TypeAlias = Callable[[Resource, Stack], Iterator[str]]

KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey", "aws:kms/alias:Alias")
"""What a value that names a key may come from."""
SUBNET = "aws:ec2/subnet:Subnet"


def about(target: Resource, stack: Stack, types: tuple[str, ...], given: str, *, by: str = "") -> Sequence[Resource]:
    """Resources of these types whose input ``given`` comes from ``target``, or is the same text as its ``by``."""
    if linked := stack.pointing_at(target, types, given):
        return linked
    siblings = {one.urn for one in stack.of(target.type)} if by else set()
    # One that comes from a sibling is the sibling's; reading it would only show that it is not known yet.
    plain = [one for one in stack.of(*types) if by and siblings.isdisjoint(one.refers.get(given, ()))]
    return [one for one in plain if one.props.get(given) and one.props[given] == target.props.get(by)]


def must_have(types: tuple[str, ...], given: str, words: str, *, by: str) -> StackCheck:
    """One of these types is about the resource; ``words`` say for people what is missing."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        if not about(resource, stack, types, given, by=by):
            yield f"{by}: no {words} is about it"

    return check


def comes_from(resource: Resource, stack: Stack, given: str, types: tuple[str, ...]) -> bool:
    """Whether the value of the input comes from a resource of these types."""
    origins = resource.refers.get(given, frozenset())
    return any(one.urn in origins for one in stack.of(*types))


def must_span_zones(*inputs: str) -> StackCheck:
    """At least two subnets are named by these inputs together."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        origins = {urn for name in inputs for urn in resource.refers.get(name, ())}
        # A list that a network component hands on is not known before the subnets are; where it comes from is.
        if sum(one.urn in origins for one in stack.of(SUBNET)) < 2:
            named = sum(len(resource.inputs.get(name) or ()) for name in inputs)
            if named < 2:
                yield f"{inputs[0]}: names {named} subnets, and must name at least 2"

    return check


def must_name_key(path: str) -> Callable[[Resource, Stack], Iterator[str]]:
    """A key that is the account's own is declared at the path: one of the stack, or by its ARN or alias.

    Outputs say nothing here: where no key was declared, AWS fills in its own.
    """
    holder, _, name = path.rpartition(".")
    top = path.partition(".")[0].partition("[")[0]

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        known = not comes_from(resource, stack, top, KEYS)
        for at, node in find(resource.inputs, holder) if holder else (("", resource.inputs),):
            here = f"{at}.{name}" if at else name
            # The names of a mapping are always known; only reading an unknown value of it raises.
            if node is MISSING or name not in tuple(node):
                yield f"{here}: names no key"
            elif known:
                yield from _not_own(here, node[name])

    return check


def _not_own(at: str, key: Any) -> Iterator[str]:
    if not key:
        yield f"{at}: names no key"
    elif "alias/aws/" in str(key):
        yield f"{at}: names a key that AWS manages"


def by_type(checks: Mapping[str, StackCheck]) -> StackCheck:
    """The check that goes with the resource's type."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        yield from checks[resource.type](resource, stack)

    return check
