"""Whose a resource is, on any cloud: the tags, or labels, by which costs, incidents and leftovers find somebody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

from policies.checks import MISSING, Check, find
from policies.rule import Addition, Props, Surroundings

TAGS: Final = ("project", "environment", "site", "managed-by")
WHY: Final = "What nobody's name is on is paid for, and left open, because nobody dares to delete it."


def must_name_owner(place: str = "tags") -> Check:
    """Each of ``TAGS`` is there, and says something."""

    def check(props: Props) -> Iterator[str]:
        for _, node in find(props, place):
            tags = {} if node is MISSING else node
            if missing := [name for name in TAGS if not tags.get(name)]:
                yield f"{place}: lacks {', '.join(missing)}"

    return check


def naming_owner(
    place: str = "tags", *, but: Collection[str] = ()
) -> Callable[[Props, Surroundings], Iterator[Addition]]:
    """A fix that adds the tags that are certain; not to a resource of the types that other tags would make anew."""

    def fix(props: Props, around: Surroundings) -> Iterator[Addition]:
        tags = props.get(place) or {}
        for name in () if around.type in but else TAGS:
            if name not in tags and name in around.tags:
                yield f"{place}.{name}", around.tags[name]

    return fix
