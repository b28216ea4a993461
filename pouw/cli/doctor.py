"""``pouw doctor``: the engine, plugins and cluster that pouw uses on this machine, and what is missing."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from pouw.errors import ExitCode
from pouw.home import Home
from pouw.progress import make_progress


@click.command(epilog="Examples:  pouw doctor  |  pouw doctor --json")
@click.option("--json", "as_json", is_flag=True, help="Print the documented JSON document. Default: lines of text.")
def doctor(as_json: bool) -> int:
    """Show the engine, plugins, cluster and versions in use, and everything that is missing with its remedy.

    The command changes nothing. The exit code is 0 if nothing is missing.
    """
    document = examine()
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        _show(document)
    return ExitCode.FAILED if document["problems"] else ExitCode.OK


def examine() -> dict[str, Any]:
    """Return the document; see docs/reference/json.md."""
    from pouw import cluster
    from pouw.engine import diagnosis

    home = Home.from_environment(os.environ)
    layout = cluster.Layout.of_home(home)
    engine = diagnosis.diagnose(make_progress(), home=home).to_json()
    running = cluster.status(layout).to_json()
    problems = [*engine["problems"], *cluster.problems(layout)]
    return {
        "schema": 1,
        "engine": engine["engine"],
        "plugins": engine["plugins"],
        "cluster": running,
        "problems": problems,
    }


def _show(document: dict[str, Any]) -> None:
    engine = document["engine"]
    click.echo(f"engine    {engine['kind']} {engine['version']}  {engine['path']}")
    if engine["kind"] == "built":
        click.echo(f"          SDK patches {'on' if engine['sdk_patches'] else 'off'}")
    for plugin in document["plugins"]:
        click.echo(f"plugin    {plugin['name']} {plugin['version']}  {plugin['kind']}")
    running = document["cluster"]
    click.echo(f"cluster   {running['state']}")
    for component in running.get("components", []):
        state = "healthy" if component["healthy"] else "not healthy"
        click.echo(f"          {component['name']:26} {state}, {component['restarts']} restarts")
    for problem in document["problems"]:
        click.echo(f"problem   {problem['what']}\n          {problem['remedy']}")
    if not document["problems"]:
        click.echo("nothing is missing")
