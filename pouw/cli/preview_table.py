"""Many previews on one screen: a table with one line per stack, and the faults of each stack below it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pouw.cost import bill
from pouw.gate import verdict_output
from pouw.gate.verdict import Kind
from pouw.run.result import Result

_COLUMNS = ("create", "update", "replace", "delete")
_WIDTH = 120
"""Columns of the output when it is not a terminal."""


def show(results: Sequence[Result], seconds: float, console: Console | None = None) -> None:
    """Print the table; ``seconds`` is the duration of all previews together."""
    console = console or Console(width=None if Console().is_terminal else _WIDTH, highlight=False)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("stack")
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    table.add_column("policy")
    table.add_column("monthly cost", justify="right")
    table.add_column("seconds", justify="right")
    for result in results:
        table.add_row(*_row(result))
    console.print(table)
    for result in results:
        _show_faults(result, console)
    failures = sum(not result.ok for result in results)
    summary = f"{len(results)} previews in {seconds:.1f} s: " + (f"{failures} failed" if failures else "all green")
    console.print(Text(summary, style="red" if failures else "green"))
    if dates := {result.bill.prices_of for result in results if result.bill}:
        console.print(Text(f"prices of {', '.join(sorted(dates))}; autoscaled pools at their minimum", style="dim"))


def _row(result: Result) -> list[Text]:
    outcome = result.outcome
    name = result.stack + (" (example)" if result.is_example else "")
    counts = [str(getattr(outcome.changes, column)) if outcome.steps else "" for column in _COLUMNS]
    return [
        Text(name, style="" if result.ok else "red"),
        *(Text(count) for count in counts),
        Text(policy(result)),
        Text(bill.change(result.bill) if result.bill else ""),
        Text(f"{outcome.seconds:.1f}" if outcome.seconds else "not started"),
    ]


def policy(result: Result) -> str:
    """Return the verdict in a few words."""
    verdict = result.verdict
    if verdict is None:
        return "not checked"
    violations = verdict.of(Kind.VIOLATION)
    blocking = sum(finding.blocks for finding in violations)
    counts = {
        "violations": blocking,
        "advice": len(violations) - blocking,
        "not evaluated": len(verdict.of(Kind.UNEVALUATED)),
        "waived": len(verdict.waived),
        "remedied": len(verdict.remedied),
    }
    texts = ", ".join(f"{count} {label}" for label, count in counts.items() if count)
    return ("red: " if verdict.red else "") + (texts or ("faults of the gate" if verdict.red else "passed"))


def _show_faults(result: Result, console: Console) -> None:
    lines = [str(fault) for fault in result.faults]
    if result.verdict is not None:
        output = verdict_output.lines if result.verdict.red else verdict_output.remedies
        lines += [f"policy: {line}" for line in output(result.verdict)]
    if lines:
        console.print(Text(f"\n{result.stack}:", style="bold"))
    for line in lines:
        console.print(Text("  " + line.replace("\n", "\n    ")), soft_wrap=True)
