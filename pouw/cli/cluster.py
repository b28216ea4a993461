"""``pouw cluster``: the embedded Kubernetes cluster."""

from __future__ import annotations

import json
import os
import time

import click

from pouw import cluster as embedded
from pouw.cluster.condition import ClusterStatus, State
from pouw.cluster.layout import Layout
from pouw.errors import ExitCode
from pouw.home import Home
from pouw.progress import make_progress

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON. Default: lines of text.")


@click.group(epilog="Examples:  pouw cluster up  |  pouw cluster status --json  |  pouw cluster logs kubelet -f")
def cluster() -> None:
    """Start, stop and show the embedded Kubernetes: a real one-node cluster on this machine."""


@cluster.command(
    epilog="Examples:  pouw cluster up  |  pouw cluster up --metrics  |  KUBECONFIG=$(pouw cluster up --json "
    "| jq -r .kubeconfig) kubectl get pods -A"
)
@click.option(
    "--metrics",
    is_flag=True,
    help="Add metrics-server, which autoscalers query; the first use builds it. Default: without it.",
)
@_json_option
def up(metrics: bool, as_json: bool) -> int:
    """Start the cluster, or repair it. The command is safe to repeat."""
    home = _home()
    running = embedded.up(Layout.of_home(home), make_progress(quiet=as_json), home=home, metrics=metrics)
    document = {
        "schema": 1,
        "kubeconfig": str(running.kubeconfig),
        "context": running.context,
        "version": running.version,
        "endpoint": running.endpoint,
    }
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(f"Kubernetes {running.version} at {running.endpoint}\nexport KUBECONFIG={running.kubeconfig}")
    return ExitCode.OK


@cluster.command(epilog="Examples:  pouw cluster down")
@_json_option
def down(as_json: bool) -> int:
    """Stop the cluster, and delete its data, network, packet rules and files. It changes nothing else."""
    embedded.down(Layout.of_home(_home()), make_progress(quiet=as_json))
    if as_json:
        click.echo(json.dumps({"schema": 1, "state": State.ABSENT.value}))
    return ExitCode.OK


@cluster.command(epilog="Examples:  pouw cluster status  |  pouw cluster status --json")
@_json_option
def status(as_json: bool) -> int:
    """Show the state of the cluster. The exit code is 5 if a component is missing or unhealthy, and 0 otherwise."""
    report = embedded.status(Layout.of_home(_home()))
    click.echo(json.dumps(report.to_json(), indent=2) if as_json else _table(report))
    return ExitCode.CLUSTER if report.state is State.PARTIAL else ExitCode.OK


def _table(report: ClusterStatus) -> str:
    lines = [f"cluster {report.state.value}"]
    if report.state is not State.ABSENT:
        lines.append(
            f"node {'ready' if report.node_ready else 'not ready'}, Kubernetes {report.version}, {report.endpoint}"
        )
    now = time.time()
    for component in report.components:
        state = "healthy" if component.healthy else "unhealthy" if component.pid else "not running"
        age = f"{now - component.since:.0f} s" if component.pid else "-"
        identity = f"  {component.name:25} {state:12} pid {component.pid:<8}"
        lines.append(f"{identity} for {age:10} restarts {component.restarts}")
    return "\n".join(lines)


@cluster.command(epilog="Examples:  pouw cluster logs kube-apiserver -n 50  |  pouw cluster logs kubelet -f")
@click.argument("component")
@click.option(
    "-n",
    "--lines",
    default=100,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Print this many of the last lines.",
)
@click.option(
    "-f", "--follow", is_flag=True, help="Continue with new lines until interrupted. Default: print and exit."
)
@_json_option
def logs(component: str, lines: int, follow: bool, as_json: bool) -> int:
    """Print the log of COMPONENT. `pouw cluster status` lists the components."""
    for line in embedded.logs(Layout.of_home(_home()), component, lines=lines, follow=follow):
        click.echo(json.dumps({"component": component, "line": line}) if as_json else line)
    return ExitCode.OK


def _home() -> Home:
    return Home.from_environment(os.environ)
