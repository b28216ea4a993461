"""Relations between AWS resources. Their ids are often unknown in a preview.

The engine records the resource from which an input comes, so the value need not be read. A plain text is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from policies.checks import MISSING, find
from policies.stack import Resource, Stack

StackCheck: TypeAlias = Callable[[Resource, Stack], Iterator[str]]

KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey", "aws:kms/alias:Alias")
"""Types of resources that a reference to a key may come from."""
SUBNET = "aws:ec2/subnet:Subnet"


def referrers(target: Resource, stack: Stack, types: tuple[str, ...], key: str, *, by: str = "") -> Sequence[Resource]:
    """Return resources of these types whose input comes from the target, or equals the target's property ``by``."""
    if linked := stack.referrers(target, types, key):
        return linked
    siblings = {resource.urn for resource in stack.of_type(target.type)} if by else set()
    # A reference to a sibling belongs to the sibling; reading its value would only raise for an unknown.
    candidates = [
        resource for resource in stack.of_type(*types) if by and siblings.isdisjoint(resource.references.get(key, ()))
    ]
    return [
        candidate
        for candidate in candidates
        if candidate.props.get(key) and candidate.props[key] == target.props.get(by)
    ]


def must_have(types: tuple[str, ...], key: str, noun: str, *, by: str) -> StackCheck:
    """Return a check that some resource of these types refers to the resource. ``noun`` names it in the message."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        if not referrers(resource, stack, types, key, by=by):
            yield f"{by}: no {noun} refers to the resource; got none; expected a {noun}"

    return check


def comes_from(resource: Resource, stack: Stack, key: str, types: tuple[str, ...]) -> bool:
    """True if the value of the input comes from a resource of these types."""
    origins = resource.references.get(key, frozenset())
    return any(candidate.urn in origins for candidate in stack.of_type(*types))


def must_span_zones(*inputs: str) -> StackCheck:
    """Return a check that these inputs together name at least two subnets."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        origins = {urn for name in inputs for urn in resource.references.get(name, ())}
        # The values of a list from a component are unknown before its subnets exist; their origins are known.
        if sum(candidate.urn in origins for candidate in stack.of_type(SUBNET)) < 2:
            subnet_count = sum(len(resource.inputs.get(name) or ()) for name in inputs)
            if subnet_count < 2:
                yield f"{inputs[0]}: the resource is in too few subnets; got {subnet_count}; expected at least 2"

    return check


def must_name_key(pattern: str) -> Callable[[Resource, Stack], Iterator[str]]:
    """Return a check that the path names a key of the account: a resource of the stack, an ARN or an alias.

    The check reads inputs, because AWS fills in its own key in outputs.
    """
    holder, _, name = pattern.rpartition(".")
    top = pattern.partition(".")[0].partition("[")[0]

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        is_plain = not comes_from(resource, stack, top, KEYS)
        for path, node in find(resource.inputs, holder) if holder else (("", resource.inputs),):
            key_path = f"{path}.{name}" if path else name
            # Keys of a mapping are always known; only reading an unknown value raises.
            if node is MISSING or name not in tuple(node):
                yield f"{key_path}: no key of the account is used; got nothing; expected its ARN or alias"
            elif is_plain:
                yield from _check_account_key(key_path, node[name])

    return check


def _check_account_key(path: str, key: Any) -> Iterator[str]:
    if not key:
        yield f"{path}: no key of the account is used; got nothing; expected its ARN or alias"
    elif "alias/aws/" in str(key):
        yield f"{path}: the key is managed by AWS; got {key}; expected a key of the account"


def by_type(checks: Mapping[str, StackCheck]) -> StackCheck:
    """Return a check that applies the one registered for the resource's type."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        yield from checks[resource.type](resource, stack)

    return check
