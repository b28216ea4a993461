"""``pouw rehearsal``: the simulated cloud of a stack, and changes to it that the engine does not know."""

from __future__ import annotations

import json
import os

import click

from pouw.errors import ExitCode
from pouw.home import Home
from pouw.run.rehearsal import BANNER, Rehearsal, read_value

_stack_argument = click.argument("stack")


def _rehearsal(stack: str) -> Rehearsal:
    return Rehearsal.of(stack, Home.from_environment(os.environ))


@click.group(epilog="Examples:  pouw rehearsal show staging  |  pouw rehearsal vanish staging network")
def rehearsal() -> None:
    """Show the simulated cloud of a rehearsal, and change it without the engine.

    `pouw up STACK --rehearse` creates its resources. `pouw refresh STACK --rehearse` then finds the changes made here.
    """


@rehearsal.command(epilog="Examples:  pouw rehearsal show staging  |  pouw rehearsal show staging --json")
@_stack_argument
@click.option("--json", "as_json", is_flag=True, help="Print the documented JSON document. Default: lines of text.")
def show(stack: str, as_json: bool) -> int:
    """List the resources in STACK's simulated cloud."""
    records = _rehearsal(stack).cloud.records()
    if as_json:
        resources = [{"type": record.token, "id": record.id, "urn": record.urn} for record in records]
        click.echo(json.dumps({"rehearsal": True, "schema": 1, "stack": stack, "resources": resources}, indent=2))
        return ExitCode.OK
    click.echo(BANNER)
    for record in records:
        click.echo(f"  {record.token:50} {record.urn.rpartition('::')[2]:30} {record.id}")
    click.echo(f"{len(records)} resources")
    return ExitCode.OK


@rehearsal.command(epilog="""Examples:  pouw rehearsal drift staging network tags.owner '"network-team"'""")
@_stack_argument
@click.argument("resource")
@click.argument("path")
@click.argument("value")
def drift(stack: str, resource: str, path: str, value: str) -> int:
    """Set the property at PATH of RESOURCE to VALUE, as a user of a cloud's console does.

    VALUE is JSON or plain text; null removes the property.
    """
    record = _rehearsal(stack).drift(resource, path, read_value(value))
    click.echo(f"{BANNER}\n{record.token} {record.id}: {path} is changed")
    return ExitCode.OK


@rehearsal.command(epilog="Examples:  pouw rehearsal vanish staging network")
@_stack_argument
@click.argument("resource")
def vanish(stack: str, resource: str) -> int:
    """Delete RESOURCE, as a user of a cloud's console does."""
    record = _rehearsal(stack).vanish(resource)
    click.echo(f"{BANNER}\n{record.token} {record.id} is deleted")
    return ExitCode.OK


@rehearsal.command(epilog="Examples:  pouw rehearsal discard production")
@_stack_argument
def discard(stack: str) -> int:
    """Remove STACK's rehearsal without the engine, with its protected resources."""
    _rehearsal(stack).discard()
    click.echo(f"the rehearsal of {stack} is removed")
    return ExitCode.OK
