"""Many previews on one screen: a table, a line a stack, and below it what is wrong with which."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pouw.cost import bill
from pouw.engine.outcome import Outcome
from pouw.gate import verdict_output
from pouw.gate.verdict import Kind

_COLUMNS = ("create", "update", "replace", "delete")
_WIDTH = 120
"""Columns of the output when it is no terminal."""


def show(outcomes: Sequence[Outcome], seconds: float, console: Console | None = None) -> None:
    """Print it; ``seconds`` is what all of them took together."""
    console = console or Console(width=None if Console().is_terminal else _WIDTH, highlight=False)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("stack")
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    table.add_column("policy")
    table.add_column("cost a month", justify="right")
    table.add_column("seconds", justify="right")
    for one in outcomes:
        table.add_row(*_row(one))
    console.print(table)
    for one in outcomes:
        _show_faults(one, console)
    red = sum(not one.ok for one in outcomes)
    told = f"{len(outcomes)} previews in {seconds:.1f} s: " + (f"{red} failed" if red else "all green")
    console.print(Text(told, style="red" if red else "green"))
    if dates := {one.cost.prices_of for one in outcomes if one.cost}:
        console.print(Text(f"prices of {', '.join(sorted(dates))}; autoscaled pools at their minimum", style="dim"))


def _row(outcome: Outcome) -> list[Text]:
    name = outcome.stack + (" (example)" if outcome.example else "")
    changes = outcome.changes
    counts = [str(getattr(changes, column)) if outcome.steps else "" for column in _COLUMNS]
    return [
        Text(name, style="" if outcome.ok else "red"),
        *(Text(count) for count in counts),
        Text(policy(outcome)),
        Text(bill.change(outcome.cost) if outcome.cost else ""),
        Text(f"{outcome.seconds:.1f}" if outcome.seconds else "not begun"),
    ]


def policy(outcome: Outcome) -> str:
    """The verdict in a few words."""
    verdict = outcome.verdict
    if verdict is None:
        return "not asked"
    found = verdict.of(Kind.VIOLATION)
    violations = sum(one.blocks for one in found)
    counts = {
        "violations": violations,
        "advice": len(found) - violations,
        "not evaluated": len(verdict.of(Kind.UNEVALUATED)),
        "waived": len(verdict.waived),
        "remedied": len(verdict.remedied),
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return ("red: " if verdict.red else "") + (told or ("faults of the gate" if verdict.red else "passed"))


def _show_faults(outcome: Outcome, console: Console) -> None:
    lines = [str(one) for one in outcome.faults]
    if outcome.verdict is not None and outcome.verdict.red:
        lines += [f"policy: {line}" for line in verdict_output.lines(outcome.verdict)]
    elif outcome.verdict is not None:
        lines += [f"policy: {line}" for line in verdict_output.remedies(outcome.verdict)]
    if lines:
        console.print(Text(f"\n{outcome.stack}:", style="bold"))
    for line in lines:
        console.print(Text("  " + line.replace("\n", "\n    ")), soft_wrap=True)
