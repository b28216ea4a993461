"""``pouw cluster``: the embedded Kubernetes."""

from __future__ import annotations

import json
import time

import click

from pouw import cluster as embedded
from pouw.cluster.condition import ClusterStatus, State
from pouw.errors import ExitCode
from pouw.progress import make_progress

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(epilog="Examples:  pouw cluster up  |  pouw cluster status --json  |  pouw cluster logs kubelet -f")
def cluster() -> None:
    """The embedded Kubernetes: a real one-node cluster on this machine, for who has none."""


@cluster.command(
    epilog="Examples:  pouw cluster up  |  pouw cluster up --metrics  |  KUBECONFIG=$(pouw cluster up --json "
    "| jq -r .kubeconfig) kubectl get pods -A"
)
@click.option("--metrics", is_flag=True, help="Add metrics-server, which autoscalers ask. Built at its first use.")
@_json_option
def up(metrics: bool, as_json: bool) -> int:
    """Start the cluster, or bring it to what it should be. Safe to run at any time."""
    made = embedded.up(make_progress(quiet=as_json), metrics=metrics)
    document = {
        "schema": 1,
        "kubeconfig": str(made.kubeconfig),
        "context": made.context,
        "version": made.version,
        "endpoint": made.endpoint,
    }
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(f"Kubernetes {made.version} at {made.endpoint}\nexport KUBECONFIG={made.kubeconfig}")
    return ExitCode.OK


@cluster.command(epilog="Examples:  pouw cluster down")
@_json_option
def down(as_json: bool) -> int:
    """Stop the cluster and delete its data, network, packet rules and files. Nothing else is touched."""
    embedded.down(make_progress(quiet=as_json))
    if as_json:
        click.echo(json.dumps({"schema": 1, "state": State.ABSENT.value}))
    return ExitCode.OK


@cluster.command(epilog="Examples:  pouw cluster status  |  pouw cluster status --json")
@_json_option
def status(as_json: bool) -> int:
    """Show what runs of it. Exits 0 when all is well or nothing is there, 5 when something is missing."""
    seen = embedded.status()
    click.echo(json.dumps(seen.to_json(), indent=2) if as_json else _table(seen))
    return ExitCode.CLUSTER if seen.state is State.PARTIAL else ExitCode.OK


def _table(seen: ClusterStatus) -> str:
    lines = [f"cluster {seen.state.value}"]
    if seen.state is not State.ABSENT:
        lines.append(f"node {'ready' if seen.node_ready else 'not ready'}, Kubernetes {seen.version}, {seen.endpoint}")
    now = time.time()
    for each in seen.components:
        state = "healthy" if each.healthy else "unwell" if each.pid else "not running"
        age = f"{now - each.since:.0f} s" if each.pid else "-"
        lines.append(f"  {each.name:25} {state:12} pid {each.pid:<8} for {age:10} restarts {each.restarts}")
    return "\n".join(lines)


@cluster.command(epilog="Examples:  pouw cluster logs kube-apiserver -n 50  |  pouw cluster logs kubelet -f")
@click.argument("component")
@click.option("-n", "--lines", default=100, show_default=True, type=click.IntRange(1, 1_000_000), help="How many.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until interrupted.")
@_json_option
def logs(component: str, lines: int, follow: bool, as_json: bool) -> int:
    """Print the log of COMPONENT; `pouw cluster status` names them."""
    for line in embedded.logs(component, lines=lines, follow=follow):
        click.echo(json.dumps({"component": component, "line": line}) if as_json else line)
    return ExitCode.OK
