"""``pouw rehearsal``: look into a stack's simulated cloud, and interfere with it."""

from __future__ import annotations

import json

import click

from pouw.errors import ExitCode
from pouw.run.rehearsal import BANNER, Rehearsal, read_value


@click.group(epilog="Examples:  pouw rehearsal show staging  |  pouw rehearsal vanish staging network")
def rehearsal() -> None:
    """Look into the simulated cloud of a rehearsal, and change it behind the engine's back.

    `pouw up STACK --rehearse` fills it; `pouw refresh STACK --rehearse` then finds what was changed here.
    """


@rehearsal.command(epilog="Examples:  pouw rehearsal show staging  |  pouw rehearsal show staging --json")
@click.argument("stack")
@click.option("--json", "as_json", is_flag=True, help="Print the documented JSON document.")
def show(stack: str, as_json: bool) -> int:
    """List what STACK's simulated cloud holds."""
    records = Rehearsal.of(stack).cloud.records()
    if as_json:
        resources = [{"type": one.token, "id": one.id, "urn": one.urn} for one in records]
        click.echo(json.dumps({"rehearsal": True, "schema": 1, "stack": stack, "resources": resources}, indent=2))
        return ExitCode.OK
    click.echo(BANNER)
    for one in records:
        click.echo(f"  {one.token:50} {one.urn.rpartition('::')[2]:30} {one.id}")
    click.echo(f"{len(records)} resources")
    return ExitCode.OK


@rehearsal.command(epilog="""Examples:  pouw rehearsal drift staging network tags.owner '"somebody"'""")
@click.argument("stack")
@click.argument("resource")
@click.argument("path")
@click.argument("value")
def drift(stack: str, resource: str, path: str, value: str) -> int:
    """Set the property at PATH of RESOURCE to VALUE (JSON or a text; null takes it away), as by hand at a console."""
    changed = Rehearsal.of(stack).drift(resource, path, read_value(value))
    click.echo(f"{BANNER}\n{changed.token} {changed.id}: {path} is changed")
    return ExitCode.OK


@rehearsal.command(epilog="Examples:  pouw rehearsal vanish staging network")
@click.argument("stack")
@click.argument("resource")
def vanish(stack: str, resource: str) -> int:
    """Delete RESOURCE, as by hand at a console."""
    gone = Rehearsal.of(stack).vanish(resource)
    click.echo(f"{BANNER}\n{gone.token} {gone.id} is gone")
    return ExitCode.OK


@rehearsal.command(epilog="Examples:  pouw rehearsal discard production")
@click.argument("stack")
def discard(stack: str) -> int:
    """Forget all of STACK's rehearsal, what is protected in it included."""
    Rehearsal.of(stack).discard()
    click.echo(f"the rehearsal of {stack} is gone")
    return ExitCode.OK
