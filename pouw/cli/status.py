"""``pouw status``: the state of a stack's sites and nodes, on one screen."""

from __future__ import annotations

import json
import os

import click

from infra.settings.stack import Settings
from pouw.errors import ExitCode
from pouw.home import Home
from pouw.network import observation
from pouw.network.endpoints import Endpoints, of_site
from pouw.network.nodes import Connections
from pouw.network.observation import NodeView, SiteView
from pouw.network.sites import ensure_kubeconfigs
from pouw.run import stacks

SCHEMA = 2
_NUMBERS = frozenset({"height", "peers"})


@click.command(epilog="Examples:  pouw status  |  pouw status staging --json")
@click.argument("stack", default="local")
@click.option("--json", "as_json", is_flag=True, help="Print the documented JSON document. Default: a table per site.")
def status(stack: str, as_json: bool) -> int:
    """Show the sites, slots, nodes, heights, peers and versions of STACK (default: local).

    The exit code is 0 if every node answers and is ready, and 1 otherwise.
    """
    settings = stacks.settings(stack)
    home = Home.from_environment(os.environ)
    ensure_kubeconfigs(stack, settings, home, read_outputs=lambda: stacks.outputs(stack, home))
    with Connections(settings, home) as connections:
        sites = observation.observe(settings, connections)
        endpoints = _endpoints(settings, sites, connections)
    if as_json:
        click.echo(json.dumps(to_json(stack, sites, endpoints), indent=2))
    else:
        _show(stack, sites, endpoints)
    views = observation.nodes(sites)
    is_complete = len(views) >= settings.nodes.total * len(sites)
    return ExitCode.OK if is_complete and all(node.ready and node.answering for node in views) else ExitCode.FAILED


def _endpoints(settings: Settings, sites: list[SiteView], connections: Connections) -> Endpoints:
    """Return the addresses of the first active site that answers."""
    answering = {view.name for view in sites if not view.trouble}
    for site in settings.sites:
        if site.name in answering and site.role == "active":
            return of_site(site, connections)
    return Endpoints()


def to_json(stack: str, sites: list[SiteView], endpoints: Endpoints) -> dict[str, object]:
    """Return the status document; see docs/reference/json.md."""
    views = [node for node in observation.nodes(sites) if node.answering]
    heads = {node.height: node.head for node in views}
    return {
        "schema": SCHEMA,
        "stack": stack,
        "height": max((node.height for node in views), default=None),
        "agreed": bool(views) and all(heads[node.height] == node.head for node in views),
        "endpoints": endpoints.to_json(),
        "sites": [_site_json(site) for site in sites],
    }


def _site_json(site: SiteView) -> dict[str, object]:
    slots = sorted({node.slot for node in site.nodes})
    return {
        "name": site.name,
        "cloud": site.cloud,
        "role": site.role,
        "trouble": site.trouble,
        "slots": [
            {
                "name": slot,
                "active": slot == site.active_slot,
                "nodes": [_node_json(node) for node in site.nodes if node.slot == slot],
            }
            for slot in slots
        ],
    }


def _node_json(node: NodeView) -> dict[str, object]:
    return {
        "name": node.name,
        "role": node.role,
        "ready": node.ready,
        "height": node.height if node.answering else None,
        "head": node.head or None,
        "peers": node.peers,
        "version": node.version or None,
        "trouble": node.trouble,
    }


def _show(stack: str, sites: list[SiteView], endpoints: Endpoints) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    for site in sites:
        if site.trouble:
            console.print(f"[red]{escape(site.name)}[/] ({site.cloud}): {escape(site.trouble)}", highlight=False)
            continue
        table = Table(title=f"{stack}: {site.name} ({site.cloud}, {site.role})", title_justify="left", box=None)
        for column in ("node", "role", "slot", "state", "height", "head", "peers", "version"):
            table.add_column(column, justify="right" if column in _NUMBERS else "left")
        for node in site.nodes:
            state = "[green]ready[/]" if node.ready else f"[red]{escape(node.trouble) or 'not ready'}[/]"
            facts = (str(node.height), node.head[:14], str(node.peers), node.version) if node.answering else ("-",) * 4
            table.add_row(node.name, node.role, node.slot, state, *facts)
        console.print(table)
    for name, address in endpoints.to_json().items():
        if address:
            console.print(f"{name:8} {address}", highlight=False)
