"""``pouw up``, ``preview``, ``down`` and ``refresh``: the engine with progress, a verdict and addresses."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import TextIO

import click

from pouw.cost import bill
from pouw.engine.operation import Operation
from pouw.errors import ExitCode
from pouw.gate import verdict_output
from pouw.home import Home
from pouw.network.agreement import Agreement
from pouw.network.endpoints import Endpoints
from pouw.progress import make_progress
from pouw.run import bring_up, document, previews, stacks, teardown
from pouw.run.result import Result, combined_exit_code

_stack_argument = click.argument("stack", default="local")
_rehearse_option = click.option(
    "--rehearse",
    is_flag=True,
    help="Use a simulated cloud: no account, no credentials, nothing real. Default: the real cloud.",
)
_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the documented JSON document. Default: a table of changes."
)


@click.command(epilog="Examples:  pouw up  |  pouw up --dry-run  |  pouw up staging --rehearse")
@_stack_argument
@click.option(
    "--dry-run", is_flag=True, help="Show the changes and make none, as `pouw preview` does. Default: make them."
)
@_rehearse_option
@_json_option
def up(stack: str, dry_run: bool, rehearse: bool, as_json: bool) -> int:
    """Bring STACK up (default: local), and wait until its nodes agree on a new block.

    The command is safe to repeat: it keeps what runs, and continues a run that was killed.
    """
    home = Home.from_environment(os.environ)
    if rehearse:
        return _rehearse(Operation.PREVIEW if dry_run else Operation.UP, stack, home, as_json=as_json)
    progress = make_progress()
    if dry_run:
        return _report([previews.preview(stack, progress, home=home)], as_json=as_json)
    result = bring_up.up(stack, progress, home=home)
    code = _report([result], as_json=as_json)
    if result.agreement is not None and result.endpoints is not None and not as_json:
        _print_network(result.agreement, result.endpoints)
    return code


@click.command(epilog="Examples:  pouw preview  |  pouw preview staging production  |  pouw preview --all --json")
@click.argument("stack", nargs=-1)
@click.option(
    "--all",
    "all_stacks",
    is_flag=True,
    help="Preview every stack that has a file, and every example in docs/examples. Default: the stacks named.",
)
@click.option(
    "--markdown",
    type=click.File("a", lazy=False),
    help="Append a summary in Markdown to this file. Default: no summary.",
)
@_rehearse_option
@_json_option
def preview(stack: Sequence[str], all_stacks: bool, markdown: TextIO | None, rehearse: bool, as_json: bool) -> int:
    """Show the changes that `up` would make in each STACK (default: local). It starts and changes nothing.

    Several previews run side by side. A failure of one does not stop the others.
    """
    home = Home.from_environment(os.environ)
    if all_stacks and stack:
        raise click.UsageError("name stacks or use --all, not both")
    if rehearse:
        if all_stacks or len(stack) > 1 or markdown is not None:
            raise click.UsageError("--rehearse takes one stack, and neither --all nor --markdown")
        return _rehearse(Operation.PREVIEW, stack[0] if stack else "local", home, as_json=as_json)
    start = time.monotonic()
    targets = previews.all_targets() if all_stacks else previews.targets(stack or ["local"])
    results = previews.run(targets, make_progress(), home=home)
    if markdown is not None:
        from pouw.cli import preview_markdown

        markdown.write(preview_markdown.render(results))
    if as_json or len(results) == 1:
        return _report(results, as_json=as_json)
    from pouw.cli import preview_table

    preview_table.show(results, time.monotonic() - start)
    return combined_exit_code(results)


@click.command(epilog="Examples:  pouw down  |  pouw down staging --yes  |  pouw down production --unprotect")
@_stack_argument
@click.option(
    "--keep-cluster",
    is_flag=True,
    help="Destroy the stack's resources and keep the embedded cluster. Default: remove both.",
)
@click.option("--yes", is_flag=True, help="Skip the confirmation. Default: ask, unless the stack is local.")
@click.option(
    "--unprotect",
    is_flag=True,
    help="Destroy protected resources too, such as production's data. Default: refuse, and destroy nothing.",
)
@_rehearse_option
def down(stack: str, keep_cluster: bool, yes: bool, unprotect: bool, rehearse: bool) -> int:
    """Destroy STACK (default: local), with everything that it holds.

    The local stack is removed with its cluster: processes, mounts, interfaces, packet rules and state.
    """
    home = Home.from_environment(os.environ)
    if rehearse:
        return _rehearse(Operation.DESTROY, stack, home, as_json=False, unprotect=unprotect)
    settings = stacks.settings(stack)
    if settings.environment != "local" and not yes:
        click.confirm(f"Destroy every resource of {stack}?", abort=True)
    result = teardown.down(stack, make_progress(), home=home, keep_cluster=keep_cluster, unprotect=unprotect)
    if result is None:
        click.echo(f"{stack} is removed, with its cluster")
        return ExitCode.OK
    return _report([result], as_json=False)


@click.command(epilog="Examples:  pouw refresh  |  pouw refresh staging --json")
@_stack_argument
@_rehearse_option
@_json_option
def refresh(stack: str, rehearse: bool, as_json: bool) -> int:
    """Update the state of STACK (default: local) from its real resources. It changes no resource."""
    home = Home.from_environment(os.environ)
    if rehearse:
        return _rehearse(Operation.REFRESH, stack, home, as_json=as_json)
    return _report([teardown.refresh(stack, make_progress(), home=home)], as_json=as_json)


def _rehearse(operation: Operation, stack: str, home: Home, *, as_json: bool, unprotect: bool = False) -> int:
    """Run an operation in a simulated cloud; the banner is printed before, and marks every output."""
    from pouw.run import rehearsal

    click.echo(rehearsal.BANNER, err=True)
    result = rehearsal.rehearse(operation, stack, make_progress(), home=home, unprotect=unprotect)
    if not as_json:
        click.echo(rehearsal.BANNER)
    return _report([result], as_json=as_json, rehearsal=True)


def _report(results: Sequence[Result], *, as_json: bool, rehearsal: bool = False) -> int:
    """Print results, and return their exit code."""
    if as_json:
        click.echo(json.dumps(document.render(results, rehearsal=rehearsal), indent=2))
    else:
        for result in results:
            _print_result(result)
    return combined_exit_code(results)


_SIGNS = {"create": "+", "update": "~", "delete": "-", "replace": "±"}
_MOST_PROPERTIES = 6


def _print_result(result: Result) -> None:
    outcome = result.outcome
    for change in outcome.resources:
        properties = f"  ({', '.join(change.properties[:_MOST_PROPERTIES])})" if change.properties else ""
        sign = _SIGNS.get(change.operation, "±")
        click.echo(f"  {sign} {change.operation:8} {change.type:45} {change.name}{properties}")
    for warning in outcome.warnings:
        click.echo(f"warning: {warning}", err=True)
    for fault in result.faults:
        click.echo(f"error: {fault}", err=True)
    for line in verdict_output.lines(result.verdict):
        click.echo(f"policy: {line}", err=True)
    click.echo(_summary(result))
    if result.bill is not None:
        for line in bill.lines(result.bill):
            click.echo(line)


def _summary(result: Result) -> str:
    changes = result.outcome.changes
    counts = {
        "create": changes.create,
        "update": changes.update,
        "replace": changes.replace,
        "delete": changes.delete,
    }
    if result.operation is Operation.PREVIEW:
        texts = [f"{count} to {verb}" for verb, count in counts.items()]
    else:
        texts = [f"{count} {verb}d" for verb, count in counts.items()]
    state = "ok" if result.ok else "failed"
    return (
        f"{result.operation} {result.stack}: {state}; {', '.join(texts)}, {changes.unchanged} unchanged; "
        f"{result.outcome.seconds:.1f} s"
    )


def _print_network(agreement: Agreement, endpoints: Endpoints) -> None:
    click.echo(f"\n{agreement.nodes} nodes agree on block {agreement.height} {agreement.hash[:18]}\n")
    for label, address in (("RPC", endpoints.rpc), ("WebSocket", endpoints.ws), ("Metrics", endpoints.metrics)):
        if address:
            click.echo(f"  {label:10} {address}")
    click.echo("\nnext:  pouw status  |  pouw task submit digits  |  pouw doctor  |  pouw down")
