"""Relations between Azure resources. Their ids are often unknown in a preview.

The engine records the resource from which an input comes, so the value need not be read. A plain text, a name or an id,
refers to the resource whose name it contains, because Azure ids consist of names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from policies.checks import MISSING, exists, find
from policies.rule import Props
from policies.stack import Resource, Stack

StackCheck: TypeAlias = Callable[[Resource, Stack], Iterator[str]]

GROUP: Final = "azure-native:resources:ResourceGroup"
DIAGNOSTICS: Final = "azure-native:monitor:DiagnosticSetting"
LOCKS: Final = ("azure-native:authorization:ManagementLockByScope",)
_DURABLE_NAME: Final = re.compile("backup|evidence|audit")


def _identifiable(stack: Stack) -> frozenset[str]:
    """Return the URNs of resources that an id can refer to. A resource group is only their container."""
    return frozenset(
        resource.urn
        for resource in stack.resources
        if resource.type.startswith("azure-native:") and resource.type != GROUP
    )


def referrers(target: Resource, stack: Stack, types: tuple[str, ...], path: str, *, by: str) -> Sequence[Resource]:
    """Return resources of these types whose input comes from the target, or contains the target's property ``by``."""
    top = path.partition(".")[0]
    if linked := stack.referrers(target, types, top):
        return linked
    # A reference to another resource belongs to it; reading its value would only raise for an unknown.
    identifiable = stack.derive(_identifiable)
    candidates = [
        resource for resource in stack.of_type(*types) if identifiable.isdisjoint(resource.references.get(top, ()))
    ]
    return [candidate for candidate in candidates if _names(candidate.props, path, target.props.get(by))]


def _names(props: Props, path: str, name: object) -> bool:
    target_name = str(name).lower()
    texts = (text for _, text in find(props, path) if text is not MISSING)
    return any(target_name in str(text).lower().split("/") for text in texts)


def comes_from(resource: Resource, stack: Stack, key: str, types: tuple[str, ...]) -> bool:
    """True if the value of the input comes from a resource of these types."""
    origins = resource.references.get(key, frozenset())
    return any(candidate.urn in origins for candidate in stack.of_type(*types))


def must_have(
    types: tuple[str, ...], path: str, problem: str, *, by: str, holds: Callable[[Props], bool] = lambda _: True
) -> StackCheck:
    """Return a check that a resource of these types, for which ``holds`` is true, refers to the judged one.

    ``problem`` is the message of a violation.
    """

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        if not exists(referrers(resource, stack, types, path, by=by), lambda resource: holds(resource.props)):
            yield f"{by}: {problem}"

    return check


def only_if(applies: Callable[[Resource, Stack], bool], check: StackCheck) -> StackCheck:
    """Return the check for resources to which it applies."""

    def check_applicable(resource: Resource, stack: Stack) -> Iterator[str]:
        if applies(resource, stack):
            yield from check(resource, stack)

    return check_applicable


def is_durable(by: str) -> Callable[[Resource, Stack], bool]:
    """Return a predicate: True if the name marks content that must survive mistakes and intruders."""

    def has_durable_name(resource: Resource, _: Stack) -> bool:
        return bool(_DURABLE_NAME.search(resource.name.lower()) or _DURABLE_NAME.search(resource.props.get(by) or ""))

    return has_durable_name
