"""What Google Cloud resources are to each other, where a value is not known in a preview but where it comes from is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from policies.checks import find
from policies.stack import Resource, Stack

StackCheck: TypeAlias = Callable[[Resource, Stack], Iterator[str]]

KEYS = ("gcp:kms/cryptoKey:CryptoKey", "gcp:kms/cryptoKeyVersion:CryptoKeyVersion")
ACCOUNTS = ("gcp:serviceaccount/account:Account", "gcp:projects/serviceIdentity:ServiceIdentity")
"""What a value that names somebody may come from, so that it is neither everybody nor an account that Google made."""
_DEFAULT_ACCOUNTS = ("-compute@developer.gserviceaccount.com", "@appspot.gserviceaccount.com")


def comes_from(resource: Resource, stack: Stack, path: str, types: tuple[str, ...]) -> bool:
    """Whether the input that the path begins with takes something from a resource of these types."""
    origins = resource.refers.get(_top(path), frozenset())
    return not origins.isdisjoint({one.urn for one in stack.of(*types)})


def about(target: Resource, stack: Stack, types: tuple[str, ...], path: str) -> Iterator[Resource]:
    """Resources of these types that name ``target`` at the path: by reference, or by a text that ends in its name."""
    top = _top(path)
    for one in stack.of(*types):
        if origins := one.refers.get(top):
            if target.urn in origins:
                yield one
        elif any(str(text).rpartition("/")[2] == target.inputs.get("name") for _, text in find(one.inputs, path)):
            yield one


def holders(resource: Resource, path: str) -> Iterator[tuple[str, object, str]]:
    """For each place that the path names: the place, what holds it, and its name there. Reads nothing at the place."""
    way, _, name = path.rpartition(".")
    for at, node in find(resource.inputs, way) if way else (("", resource.inputs),):
        yield (f"{at}.{name}" if at else name), node, name


def must_name(path: str, types: tuple[str, ...], words: str) -> StackCheck:
    """Something is named at the path: a resource of these types, or any by its name. ``words`` say what is wrong."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        known = not comes_from(resource, stack, path, types)
        for at, node, name in holders(resource, path):
            # The names of a mapping are always known; only reading an unknown value of it raises.
            if not isinstance(node, Mapping) or name not in tuple(node) or (known and not node[name]):
                yield f"{at}: {words}"

    return check


def must_name_key(path: str) -> StackCheck:
    """A key of the project's own is named at the path."""
    return must_name(path, KEYS, "names no key")


def must_name_account(path: str, *, unless_missing: str = "") -> StackCheck:
    """An account of its own is named at the path. Nothing needs one where ``unless_missing`` is not there."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        if unless_missing and unless_missing not in tuple(resource.inputs):
            return
        known = not comes_from(resource, stack, path, ACCOUNTS)
        for at, node, name in holders(resource, path):
            if not isinstance(node, Mapping) or name not in tuple(node):
                yield f"{at}: is missing, and Google's default account acts"
            elif known and _is_default(node[name]):
                yield f"{at}: names an account that Google made for the project"

    return check


def _is_default(account: object) -> bool:
    return account in (None, "", "default") or str(account).endswith(_DEFAULT_ACCOUNTS)


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def by_type(checks: Mapping[str, StackCheck]) -> StackCheck:
    """The check that goes with the resource's type."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        yield from checks[resource.type](resource, stack)

    return check
