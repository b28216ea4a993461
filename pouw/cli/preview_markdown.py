"""Many previews as Markdown, for the summary of a CI run or a comment on a pull request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pouw.cli import preview_table
from pouw.cost import bill
from pouw.engine.outcome import Outcome, ResourceChange
from pouw.gate import verdict_output
from pouw.markdown import templates

_TEMPLATES = Path(__file__).with_name("templates")
_NAMES = 6
"""Names that are told of one group: a first deployment touches hundreds, and a comment holds 65,536 characters."""
_ORDER = ("delete", "replace", "update", "create")
"""What may hurt comes first."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Resources of one type to which the same happens."""

    operation: str
    type: str
    count: int
    names: str


def render(outcomes: Sequence[Outcome]) -> str:
    """The whole text. What others wrote (names, messages) is no markup in it."""
    environment = templates(_TEMPLATES)
    environment.filters |= {
        "bill": bill.change,
        "groups": groups,
        "policy": preview_table.policy,
        "said": _said,
    }
    return environment.get_template("previews.md").render(
        outcomes=outcomes,
        red=sum(not one.ok for one in outcomes),
        dates=sorted({one.cost.prices_of for one in outcomes if one.cost}),
    )


def groups(outcome: Outcome) -> list[Group]:
    """What happens to which resources, a line for each type; what is updated or replaced, with why."""
    found: defaultdict[tuple[str, str], list[ResourceChange]] = defaultdict(list)
    for one in outcome.resources:
        found[one.operation, one.type].append(one)
    ordered = sorted(found.items(), key=lambda item: (_place(item[0][0]), item[0]))
    return [
        Group(operation=operation, type=token, count=len(changes), names=", ".join(_names(changes)))
        for (operation, token), changes in ordered
    ]


def _place(operation: str) -> int:
    return _ORDER.index(operation) if operation in _ORDER else len(_ORDER)


def _names(changes: Sequence[ResourceChange]) -> Iterator[str]:
    for one in changes[:_NAMES]:
        yield one.name + (f" ({', '.join(one.properties[:_NAMES])})" if one.properties else "")
    if len(changes) > _NAMES:
        yield f"and {len(changes) - _NAMES} more"


def _said(outcome: Outcome) -> Iterator[str]:
    """Warnings, what the gate says, and the bill."""
    yield from (f"warning: {one}" for one in outcome.warnings)
    yield from (f"policy: {line}" for line in verdict_output.lines(outcome.verdict))
    yield from bill.lines(outcome.cost) if outcome.cost else ()
