"""Tags, or labels, that identify the owner of a resource on any cloud: for costs, incidents and leftovers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

from policies.checks import MISSING, Check, find
from policies.rule import Addition, FixContext, Props

TAGS: Final = ("project", "environment", "site", "managed-by")
WHY: Final = "A resource without an owner is billed and stays exposed, because no team dares to delete it."


def must_have_owner_tags(tags_path: str = "tags") -> Check:
    """Return a check that each of ``TAGS`` exists and is not empty."""

    def check(props: Props) -> Iterator[str]:
        for _, node in find(props, tags_path):
            tags = {} if node is MISSING else node
            if missing := [name for name in TAGS if not tags.get(name)]:
                yield f"{tags_path}: the owner is unknown; got no {', '.join(missing)}; expected {', '.join(TAGS)}"

    return check


def add_owner_tags(
    tags_path: str = "tags", *, excluded: Collection[str] = ()
) -> Callable[[Props, FixContext], Iterator[Addition]]:
    """Return a fix that adds the tags that are certain. Resources of the excluded types would be replaced by it."""

    def fix(props: Props, context: FixContext) -> Iterator[Addition]:
        tags = props.get(tags_path) or {}
        for name in () if context.type in excluded else TAGS:
            if name not in tags and name in context.tags:
                yield f"{tags_path}.{name}", context.tags[name]

    return fix
