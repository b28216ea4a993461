"""``pouw task``: training tasks and their models, which the chain proves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pouw import poll
from pouw.errors import ExitCode
from pouw.home import Home
from pouw.network import tasks
from pouw.network.nodes import Connections
from pouw.network.sites import ensure_kubeconfigs
from pouw.progress import make_progress
from pouw.run import stacks

_POLL_SECONDS = 1.0
_stack_option = click.option("--stack", default="local", show_default=True, help="Use the network of this stack.")
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON. Default: lines of text.")


@contextmanager
def _client(stack: str) -> Iterator[tasks.Client]:
    """Open a client of a stack's network."""
    settings = stacks.settings(stack)
    home = Home.from_environment(os.environ)
    ensure_kubeconfigs(stack, settings, home, read_outputs=lambda: stacks.outputs(stack, home))
    with Connections(settings, home) as connections:
        yield tasks.client(settings, connections, home=home)


@click.group(epilog="Examples:  pouw task submit digits  |  pouw task list  |  pouw task fetch TASK -o digits.model")
def task() -> None:
    """Submit training tasks, and fetch their verified models."""


@task.command(epilog="Examples:  pouw task submit digits  |  pouw task submit digits --no-wait --json")
@click.argument("name")
@_stack_option
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the training is finished.")
@click.option(
    "--timeout", default=900, show_default=True, type=click.IntRange(1, 86_400), help="Wait this many seconds at most."
)
@_json_option
def submit(name: str, stack: str, wait: bool, timeout: int, as_json: bool) -> int:
    """Ask the network to train NAME (built in: digits)."""
    with _client(stack) as client:
        task_id = client.submit(name)
        if not wait:
            return _print({"schema": 1, "task": {"id": task_id}}, f"submitted {task_id}", as_json=as_json)
        if not as_json:
            click.echo(f"submitted {task_id}")
        entry = _follow(client, task_id, timeout, quiet=as_json)
    text = f"{task_id}: {entry['state']}, accuracy {_percent(entry)}\npouw task fetch {task_id}"
    _print({"schema": 1, "task": entry}, text, as_json=as_json)
    return ExitCode.OK if entry["state"] == tasks.FINISHED else ExitCode.TIMEOUT


def _follow(client: tasks.Client, task_id: str, timeout: float, *, quiet: bool) -> dict[str, Any]:
    """Show the progress of a task until it is finished, or until the time is up; return its last state."""
    entry: dict[str, Any] = {}
    with make_progress(quiet=quiet).step("Training") as step:
        for _ in poll.attempts(timeout, interval_seconds=_POLL_SECONDS):
            entry = client.task(task_id)
            step.update(
                f"{entry['iterations_done']} of {entry['iterations']} iterations, accuracy {_percent(entry)}",
                completed=float(entry["iterations_done"]),
                total=float(entry["iterations"]),
            )
            if entry["state"] == tasks.FINISHED:
                break
    return entry


@task.command("list", epilog="Examples:  pouw task list  |  pouw task list --json")
@_stack_option
@_json_option
def list_tasks(stack: str, as_json: bool) -> int:
    """List the network's tasks, the newest first."""
    with _client(stack) as client:
        entries = client.tasks()
    rows = [f"{entry['id']}  {entry['name']:10} {entry['state']:10} {_percent(entry)}" for entry in entries]
    return _print({"schema": 1, "tasks": entries}, "\n".join(rows) or "no tasks yet", as_json=as_json)


@task.command(epilog="Examples:  pouw task show TASK  |  pouw task show TASK --json")
@click.argument("task_id")
@_stack_option
@_json_option
def show(task_id: str, stack: str, as_json: bool) -> int:
    """Show the state of one task."""
    with _client(stack) as client:
        entry = client.task(task_id)
    text = "\n".join(f"{key:18} {value}" for key, value in entry.items())
    return _print({"schema": 1, "task": entry}, text, as_json=as_json)


@task.command(epilog="Examples:  pouw task fetch TASK  |  pouw task fetch TASK -o digits.model --json")
@click.argument("task_id")
@_stack_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write into this file. Default: TASK.model in the current folder.",
)
@_json_option
def fetch(task_id: str, stack: str, output: Path | None, as_json: bool) -> int:
    """Fetch a finished model, check it against the chain, and measure its test accuracy here."""
    with _client(stack) as client:
        model = client.fetch(task_id, make_progress(quiet=as_json))
    target = output or Path(f"{task_id[:16]}.model")
    tasks.write_model(target, model.data)
    document = {
        "schema": 1,
        "task": task_id,
        "file": str(target),
        "hash": model.hash,
        "height": model.height,
        "accuracy": model.accuracy,
        "nodes_agreeing": model.nodes_agreeing,
    }
    text = (
        f"{target}: {len(model.data)} bytes, hash {model.hash}\n"
        f"proven by block {model.height}, which {model.nodes_agreeing} nodes hold\n"
        f"test accuracy, measured here: {model.accuracy:.2%}"
    )
    return _print(document, text, as_json=as_json)


def _percent(entry: dict[str, Any]) -> str:
    return f"{entry['accuracy']:.2%}" if entry.get("accuracy") is not None else "not measured yet"


def _print(document: dict[str, Any], text: str, *, as_json: bool) -> int:
    click.echo(json.dumps(document, indent=2) if as_json else text)
    return ExitCode.OK
