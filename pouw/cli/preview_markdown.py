"""Many previews as Markdown, for the summary of a CI run or a comment on a pull request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pouw import templates
from pouw.cli import preview_table
from pouw.cost import bill
from pouw.engine.outcome import Outcome, ResourceChange
from pouw.gate import verdict_output
from pouw.run.result import Result

_TEMPLATES = Path(__file__).with_name("templates")
_MOST_NAMES = 6
"""Names shown per group: a first deployment creates hundreds, and a comment holds 65,536 characters."""
_ORDER = ("delete", "replace", "update", "create")
"""Operations in the order of their risk."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Resources of one type with the same operation."""

    operation: str
    type: str
    count: int
    names: str


def render(results: Sequence[Result]) -> str:
    """Return the whole text. Names and messages cannot act as markup in it."""
    environment = templates.environment(_TEMPLATES)
    environment.filters |= {
        "bill": bill.change,
        "groups": groups,
        "notes": _notes,
        "policy": preview_table.policy,
    }
    return environment.get_template("previews.md").render(
        results=results,
        failures=sum(not result.ok for result in results),
        dates=sorted({result.bill.prices_of for result in results if result.bill}),
    )


def groups(outcome: Outcome) -> list[Group]:
    """Return the changes grouped by operation and type. An update or replacement names its properties."""
    by_key: defaultdict[tuple[str, str], list[ResourceChange]] = defaultdict(list)
    for change in outcome.resources:
        by_key[change.operation, change.type].append(change)
    ordered = sorted(by_key.items(), key=lambda entry: (_rank(entry[0][0]), entry[0]))
    return [
        Group(operation=operation, type=token, count=len(changes), names=", ".join(_names(changes)))
        for (operation, token), changes in ordered
    ]


def _rank(operation: str) -> int:
    return _ORDER.index(operation) if operation in _ORDER else len(_ORDER)


def _names(changes: Sequence[ResourceChange]) -> Iterator[str]:
    for change in changes[:_MOST_NAMES]:
        yield change.name + (f" ({', '.join(change.properties[:_MOST_NAMES])})" if change.properties else "")
    if len(changes) > _MOST_NAMES:
        yield f"and {len(changes) - _MOST_NAMES} more"


def _notes(result: Result) -> Iterator[str]:
    """Yield warnings, the lines of the verdict, and the bill."""
    yield from (f"warning: {warning}" for warning in result.outcome.warnings)
    yield from (f"policy: {line}" for line in verdict_output.lines(result.verdict))
    yield from bill.lines(result.bill) if result.bill else ()
