"""Relations between Google Cloud resources. A value may be unknown in a preview, but its origin is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from policies.checks import find
from policies.stack import Resource, Stack

StackCheck: TypeAlias = Callable[[Resource, Stack], Iterator[str]]

KEYS = ("gcp:kms/cryptoKey:CryptoKey", "gcp:kms/cryptoKeyVersion:CryptoKeyVersion")
ACCOUNTS = ("gcp:serviceaccount/account:Account", "gcp:projects/serviceIdentity:ServiceIdentity")
"""Types of accounts that a stack creates. Such an account is neither public nor a default account of Google."""
_DEFAULT_ACCOUNTS = ("-compute@developer.gserviceaccount.com", "@appspot.gserviceaccount.com")


def comes_from(resource: Resource, stack: Stack, path: str, types: tuple[str, ...]) -> bool:
    """True if the first property of the path has a value from a resource of these types."""
    origins = resource.references.get(_top(path), frozenset())
    return not origins.isdisjoint({candidate.urn for candidate in stack.of_type(*types)})


def referrers(target: Resource, stack: Stack, types: tuple[str, ...], path: str) -> Iterator[Resource]:
    """Yield resources of these types that refer to the target at the path, by reference or by its name."""
    top = _top(path)
    for candidate in stack.of_type(*types):
        if origins := candidate.references.get(top):
            if target.urn in origins:
                yield candidate
        elif any(str(text).rpartition("/")[2] == target.inputs.get("name") for _, text in find(candidate.inputs, path)):
            yield candidate


def holders(resource: Resource, pattern: str) -> Iterator[tuple[str, object, str]]:
    """Yield each place of the path: its path, the object that contains it, and its key. The value is not read."""
    parent_path, _, name = pattern.rpartition(".")
    for path, node in find(resource.inputs, parent_path) if parent_path else (("", resource.inputs),):
        yield (f"{path}.{name}" if path else name), node, name


def must_name(pattern: str, types: tuple[str, ...], problem: str) -> StackCheck:
    """Return a check that the path refers to a resource of these types, or to one by name.

    ``problem`` is the message of a violation.
    """

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        is_plain = not comes_from(resource, stack, pattern, types)
        for path, node, name in holders(resource, pattern):
            # Keys of a mapping are always known; only reading an unknown value raises.
            if not isinstance(node, Mapping) or name not in tuple(node) or (is_plain and not node[name]):
                yield f"{path}: {problem}"

    return check


def must_name_key(path: str) -> StackCheck:
    """Return a check that the path names a key of the project."""
    return must_name(path, KEYS, "no key of the project is used; got nothing; expected its name")


def must_name_account(pattern: str, *, unless_missing: str = "") -> StackCheck:
    """Return a check that the path names a dedicated account. A resource without ``unless_missing`` needs none."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        if unless_missing and unless_missing not in tuple(resource.inputs):
            return
        is_plain = not comes_from(resource, stack, pattern, ACCOUNTS)
        for path, node, name in holders(resource, pattern):
            if not isinstance(node, Mapping) or name not in tuple(node):
                yield f"{path}: no dedicated account is used; got nothing; expected an account of the project"
            elif is_plain and _is_default(node[name]):
                yield f"{path}: Google's default account is used; got {node[name]}; expected a dedicated account"

    return check


def _is_default(account: object) -> bool:
    return account in (None, "", "default") or str(account).endswith(_DEFAULT_ACCOUNTS)


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def by_type(checks: Mapping[str, StackCheck]) -> StackCheck:
    """Return a check that applies the one registered for the resource's type."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        yield from checks[resource.type](resource, stack)

    return check
