"""What Azure resources are to each other: one thing is often spread over several, and an id is not known in a preview.

Where an input comes from another resource, the engine knows from which, and the value need not be read. Where it is
plain text, a name or an id, it is about the resource whose name it holds: ids on Azure are made of names.
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
_KEEPS: Final = re.compile("backup|evidence|audit")


def _things(stack: Stack) -> frozenset[str]:
    """URNs of what an id can be about; a group is only where things are."""
    return frozenset(one.urn for one in stack.resources if one.type.startswith("azure-native:") and one.type != GROUP)


def about(target: Resource, stack: Stack, types: tuple[str, ...], given: str, *, by: str) -> Sequence[Resource]:
    """Resources of these types whose input at ``given`` comes from ``target``, or names it as its ``by`` does."""
    top = given.partition(".")[0]
    if linked := stack.pointing_at(target, types, top):
        return linked
    # What comes from another resource is about that one; reading it would only show that it is not known yet.
    things = stack.derive(_things)
    plain = [one for one in stack.of(*types) if things.isdisjoint(one.refers.get(top, ()))]
    return [one for one in plain if _names(one.props, given, target.props.get(by))]


def _names(props: Props, given: str, name: object) -> bool:
    wanted = str(name).lower()
    texts = (text for _, text in find(props, given) if text is not MISSING)
    return any(wanted in str(text).lower().split("/") for text in texts)


def comes_from(resource: Resource, stack: Stack, given: str, types: tuple[str, ...]) -> bool:
    """Whether the value of the input comes from a resource of these types."""
    origins = resource.refers.get(given, frozenset())
    return any(one.urn in origins for one in stack.of(*types))


def must_have(
    types: tuple[str, ...], given: str, words: str, *, by: str, holds: Callable[[Props], bool] = lambda _: True
) -> StackCheck:
    """A resource of these types for which ``holds`` is about this one; ``words`` say for people what is missing."""

    def check(resource: Resource, stack: Stack) -> Iterator[str]:
        if not exists(about(resource, stack, types, given, by=by), lambda one: holds(one.props)):
            yield f"{by}: {words}"

    return check


def where(applies: Callable[[Resource, Stack], bool], check: StackCheck) -> StackCheck:
    """The check, of those resources to which it applies."""

    def checked(resource: Resource, stack: Stack) -> Iterator[str]:
        if applies(resource, stack):
            yield from check(resource, stack)

    return checked


def keeps(by: str) -> Callable[[Resource, Stack], bool]:
    """Whether the name says that the content has to outlive a mistake or an intruder."""

    def named(resource: Resource, _: Stack) -> bool:
        return bool(_KEEPS.search(resource.name.lower()) or _KEEPS.search(resource.props.get(by) or ""))

    return named
