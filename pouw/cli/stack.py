"""``pouw up``, ``preview``, ``down`` and ``refresh``: the engine with progress, a verdict and addresses."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, TextIO

import click

from pouw.cost import bill
from pouw.engine.operation import Operation
from pouw.engine.outcome import Outcome
from pouw.errors import ExitCode
from pouw.gate import verdict_output
from pouw.network.endpoints import Endpoints
from pouw.progress import make_progress
from pouw.run import bring_up, stacks

_stack_argument = click.argument("stack", default="local")
_rehearse_option = click.option(
    "--rehearse", is_flag=True, help="In a simulated cloud: no account, no credentials, nothing real."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print the documented JSON document.")


@click.command(epilog="Examples:  pouw up  |  pouw up --dry-run  |  pouw up staging --rehearse")
@_stack_argument
@click.option("--dry-run", is_flag=True, help="Only show what would change; the same as `pouw preview`.")
@_rehearse_option
@_json_option
def up(stack: str, dry_run: bool, rehearse: bool, as_json: bool) -> int:
    """Bring STACK up (default: local) and wait until its nodes agree on a block earned after the start.

    Safe to run again: what is there stays, what was left half-done by a killed run is continued.
    """
    if rehearse:
        return _rehearse(Operation.PREVIEW if dry_run else Operation.UP, stack, as_json=as_json)
    progress = make_progress()
    if dry_run:
        return _report([bring_up.preview(stack, progress)], as_json=as_json)
    result = bring_up.up(stack, progress)
    if result.agreement is None:
        return _report([result.outcome], as_json=as_json)
    if as_json:
        agreed = {"height": result.agreement.height, "hash": result.agreement.hash, "nodes": result.agreement.nodes}
        document = {**_document([result.outcome]), "agreed": agreed, "endpoints": result.endpoints.to_json()}
        click.echo(json.dumps(document, indent=2))
    else:
        _print_outcome(result.outcome)
        click.echo(
            f"\n{result.agreement.nodes} nodes agree on block {result.agreement.height} {result.agreement.hash[:18]}\n"
        )
        _print_addresses(result.endpoints)
    return ExitCode.OK


@click.command(epilog="Examples:  pouw preview  |  pouw preview staging production  |  pouw preview --all --json")
@click.argument("stack", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every stack that has a file, and every example in docs/examples.")
@click.option("--markdown", type=click.File("a", lazy=False), help="Also add a summary in Markdown to this file.")
@_rehearse_option
@_json_option
def preview(stack: Sequence[str], every: bool, markdown: TextIO | None, rehearse: bool, as_json: bool) -> int:
    """Show what `up` would change in each STACK (default: local). Starts nothing, changes nothing.

    Several run side by side to their ends, whatever becomes of the others.
    """
    from pouw.run import previews

    if every and stack:
        raise click.UsageError("name stacks, or give --all, not both")
    if rehearse:
        if every or len(stack) > 1 or markdown is not None:
            raise click.UsageError("one stack is rehearsed at a time, and has no summary in Markdown")
        return _rehearse(Operation.PREVIEW, stack[0] if stack else "local", as_json=as_json)
    started = time.monotonic()
    found = previews.run(previews.every() if every else previews.named(stack or ["local"]), make_progress())
    if markdown is not None:
        from pouw.cli import preview_markdown

        markdown.write(preview_markdown.render(found))
    if as_json or len(found) == 1:
        return _report(found, as_json=as_json)
    from pouw.cli import preview_table

    preview_table.show(found, time.monotonic() - started)
    return _exit_code(found)


@click.command(epilog="Examples:  pouw down  |  pouw down staging --yes  |  pouw down production --unprotect")
@_stack_argument
@click.option("--keep-cluster", is_flag=True, help="Only the stack's resources; the embedded cluster stays.")
@click.option("--yes", is_flag=True, help="Do not ask before destroying a stack that is not local.")
@click.option("--unprotect", is_flag=True, help="Also what is protected from deletion, as production's data is.")
@_rehearse_option
def down(stack: str, keep_cluster: bool, yes: bool, unprotect: bool, rehearse: bool) -> int:
    """Take STACK away (default: local), with everything that it holds.

    The local stack goes with its cluster: processes, mounts, interfaces, rules and state.
    """
    if rehearse:
        return _rehearse(Operation.DESTROY, stack, as_json=False, unprotect=unprotect)
    settings = stacks.settings(stack)
    if settings.environment != "local" and not yes:
        click.confirm(f"Destroy every resource of {stack}?", abort=True)
    outcome = bring_up.down(stack, make_progress(), keep_cluster=keep_cluster, unprotect=unprotect)
    if outcome is None:
        click.echo(f"{stack} is gone, with its cluster")
        return ExitCode.OK
    return _report([outcome], as_json=False)


@click.command(epilog="Examples:  pouw refresh  |  pouw refresh staging --json")
@_stack_argument
@_rehearse_option
@_json_option
def refresh(stack: str, rehearse: bool, as_json: bool) -> int:
    """Read the real state of STACK's resources back into its state (default: local)."""
    if rehearse:
        return _rehearse(Operation.REFRESH, stack, as_json=as_json)
    return _report([bring_up.run_plain(Operation.REFRESH, stack, make_progress())], as_json=as_json)


def _rehearse(chosen: Operation, stack: str, *, as_json: bool, unprotect: bool = False) -> int:
    """The same in a simulated cloud, said before and in every document."""
    from pouw.run import rehearsal

    click.echo(rehearsal.BANNER, err=True)
    outcome = rehearsal.rehearse(chosen, stack, make_progress(), unprotect=unprotect)
    if as_json:
        click.echo(json.dumps({"rehearsal": True, **_document([outcome])}, indent=2))
    else:
        click.echo(rehearsal.BANNER)
        _print_outcome(outcome)
    return outcome.exit_code


def _print_addresses(where: Endpoints) -> None:
    for label, address in (("RPC", where.rpc), ("WebSocket", where.ws), ("Metrics", where.metrics)):
        if address:
            click.echo(f"  {label:10} {address}")
    click.echo("\nnext:  pouw status  |  pouw task submit digits  |  pouw doctor  |  pouw down")


def _report(outcomes: Sequence[Outcome], *, as_json: bool) -> int:
    """Print outcomes; the first failure's exit code."""
    if as_json:
        click.echo(json.dumps(_document(outcomes), indent=2))
    else:
        for outcome in outcomes:
            _print_outcome(outcome)
    return _exit_code(outcomes)


def _exit_code(outcomes: Sequence[Outcome]) -> int:
    """The first failure's, unless somebody stopped it all."""
    codes = [outcome.exit_code for outcome in outcomes if not outcome.ok]
    return ExitCode.INTERRUPTED if ExitCode.INTERRUPTED in codes else next(iter(codes), ExitCode.OK)


def _document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {"schema": 1, "ok": all(one.ok for one in outcomes), "stacks": [_stack_json(one) for one in outcomes]}


def _stack_json(outcome: Outcome) -> dict[str, Any]:
    changes = outcome.changes
    return {
        "name": outcome.stack,
        "example": outcome.example,
        "ok": outcome.ok,
        "seconds": round(outcome.seconds, 2),
        "create": changes.create,
        "update": changes.update,
        "replace": changes.replace,
        "delete": changes.delete,
        "same": changes.same,
        "changes": [
            {"operation": one.operation, "type": one.type, "name": one.name, "properties": list(one.properties)}
            for one in outcome.resources
        ],
        "faults": [
            {"resource": one.resource, "path": one.path, "got": one.got, "expected": one.expected,
             "reason": one.reason, "message": one.message}
            for one in outcome.faults
        ],
        "policy": verdict_output.as_json(outcome.verdict),
        "cost": bill.as_json(outcome.cost),
    }  # fmt: skip


_SIGNS = {"create": "+", "update": "~", "delete": "-", "replace": "±"}


def _print_outcome(outcome: Outcome) -> None:
    for one in outcome.resources:
        details = f"  ({', '.join(one.properties[:6])})" if one.properties else ""
        click.echo(f"  {_SIGNS.get(one.operation, '±')} {one.operation:8} {one.type:45} {one.name}{details}")
    for warning in outcome.warnings:
        click.echo(f"warning: {warning}", err=True)
    for fault in outcome.faults:
        click.echo(f"error: {fault}", err=True)
    for line in verdict_output.lines(outcome.verdict):
        click.echo(f"policy: {line}", err=True)
    changes = outcome.changes
    verdict = "ok" if outcome.ok else "failed"
    click.echo(
        f"{outcome.operation} {outcome.stack}: {verdict}; {changes.create} to create, {changes.update} to update, "
        f"{changes.replace} to replace, {changes.delete} to delete, {changes.same} unchanged; {outcome.seconds:.1f} s"
        if outcome.operation == "preview"
        else f"{outcome.operation} {outcome.stack}: {verdict}; {changes.create} created, {changes.update} updated, "
        f"{changes.replace} replaced, {changes.delete} deleted, {changes.same} unchanged; {outcome.seconds:.1f} s"
    )
    if outcome.cost is not None:
        for line in bill.lines(outcome.cost):
            click.echo(line)
