"""The time of a bring-up of the whole network, against a floor measured in the same run: ``python -m bench.up``.

- up: `pouw up` with programs and images in the cache, until the first agreed block and an address that answers. Floor:
  the same cluster, images and objects by server-side apply alone, with the same wait.
- again: `pouw up` without changes. Floor: the engine alone on as many unchanged resources.

The goals are in seconds, which the documentation quotes. The ratio to the floor explains a missed goal.

Needs root and a machine whose embedded cluster does not run. Rounds alternate, and medians are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.engine.preview import BARE_PROGRAM, make_project
from infra.settings.stack import Settings
from pouw import cluster
from pouw.cluster import api
from pouw.cluster.image_store import image_store
from pouw.cluster.layout import Layout
from pouw.engine import resolution
from pouw.engine.events import SECRET_MARK
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import Session
from pouw.home import Home
from pouw.images import stack_images
from pouw.kube.client import Client, Object
from pouw.network import agreement, endpoints
from pouw.network.agreement import LiveNetwork
from pouw.network.nodes import Connections
from pouw.progress import LineProgress, SilentProgress
from pouw.run import stacks

GOALS = {"up": 90.0, "again": 10.0}
"""Goals in seconds of wall time."""


def _pouw(*arguments: str) -> Mapping[str, Any]:
    process = subprocess.run(
        [sys.executable, "-m", "pouw.cli", *arguments], stdout=subprocess.PIPE, text=True, check=False
    )
    if process.returncode != 0:
        raise SystemExit(f"pouw {' '.join(arguments)} failed with {process.returncode}")
    document: Mapping[str, Any] = json.loads(process.stdout) if "--json" in arguments else {}
    return document


def _up() -> None:
    _pouw("up", "--json")


def _again() -> None:
    [changes] = _pouw("up", "--json")["stacks"]
    if any(changes[key] for key in ("create", "update", "replace", "delete")):
        raise SystemExit(f"a repeated `pouw up` made changes: {changes}")


def _objects(engine: Engine) -> tuple[Sequence[Object], int]:
    """Return the Kubernetes objects of the stack in the order of their creation, and its number of resources."""
    exported = json.loads(
        Session.of("local", engine, Project(), home=Home.from_environment(os.environ)).ask(
            "stack", "export", "--show-secrets"
        )
    )
    resources = exported["deployment"]["resources"]
    objects = [_decrypt(entry["inputs"]) for entry in resources if entry["type"].startswith("kubernetes:")]
    return objects, len(resources)


def _decrypt(value: Any) -> Any:
    """Return the value with the plain text of each secret, and without the provider's own keys."""
    if isinstance(value, dict):
        if SECRET_MARK in value:
            return _decrypt(json.loads(value["plaintext"]))
        return {key: _decrypt(entry) for key, entry in value.items() if not key.startswith("__")}
    return [_decrypt(entry) for entry in value] if isinstance(value, list) else value


def _paths(client: Client, objects: Sequence[Object]) -> Iterator[tuple[str, Object]]:
    """Yield each object with its path on the server, from the server's list of kinds."""
    kinds: dict[tuple[str, str], Object] = {}
    roots: dict[str, str] = {}
    for version in {manifest["apiVersion"] for manifest in objects}:
        roots[version] = f"/apis/{version}" if "/" in version else f"/api/{version}"
        for kind in client.get(roots[version])["resources"]:
            if "/" not in kind["name"]:
                kinds[version, kind["kind"]] = kind
    for manifest in objects:
        version, metadata = manifest["apiVersion"], manifest["metadata"]
        kind = kinds[version, manifest["kind"]]
        namespace = f"/namespaces/{metadata['namespace']}" if kind["namespaced"] else ""
        yield f"{roots[version]}{namespace}/{kind['name']}/{metadata['name']}", manifest


def _by_hand(settings: Settings, objects: Sequence[Object]) -> None:
    """Run the floor of `up`: without an engine, a program or a state."""
    quiet, home = SilentProgress(), Home.from_environment(os.environ)
    layout = Layout.of_home(home)
    cluster.up(layout, quiet, home=home)
    images = stack_images.build(settings, quiet, home=home)
    stack_images.load(settings, images, quiet, store=image_store(layout, home=home), home=home)
    with closing(api.connect(layout, "admin")) as client:
        for path, manifest in _paths(client, objects):
            client.apply(path, manifest)
    [site] = settings.sites
    with Connections(settings, Home.from_environment(os.environ)) as connections, quiet.step("") as step:
        network = LiveNetwork(settings, connections)
        agreement.wait(network, expected=settings.nodes.total, above=0, deadline_seconds=180, step=step)
        endpoints.wait(endpoints.of_site(site, connections).rpc, deadline_seconds=60)


def _bare_up(engine: Engine, project: Project) -> None:
    """Run the floor of `again`: the engine as a program."""
    session = Session.of("local", engine, project, home=Home.from_environment(os.environ))
    session.prepare({})
    call = session.invocation(
        "up", "--yes", "--skip-preview", "--suppress-outputs", "--config-file", str(session.config.path)
    )
    command = [str(call.program), *call.arguments]
    subprocess.run(command, cwd=call.directory, env=dict(call.environment), check=True, capture_output=True)


def measure(rounds: int) -> Mapping[str, float]:
    """Return the median seconds of each measurement."""
    engine, settings = (
        resolution.resolve(LineProgress(), home=Home.from_environment(os.environ)),
        stacks.settings("local"),
    )
    times: dict[str, list[float]] = {"up": [], "up, floor": [], "again": [], "again, floor": []}

    def timed(name: str, run: Callable[[], None]) -> None:
        start = time.perf_counter()
        run()
        times[name].append(time.perf_counter() - start)

    try:
        _up()  # fills every cache, and provides the objects of the floor
        objects, resources = _objects(engine)
        for _ in range(rounds):
            cluster.down(Layout.of_home(Home.from_environment(os.environ)), SilentProgress())
            timed("up, floor", lambda: _by_hand(settings, objects))
            _pouw("down")
            timed("up", _up)
            timed("again", _again)
            with tempfile.TemporaryDirectory(prefix="pouw-bench-") as scratch:
                project = make_project(Path(scratch), "bare", BARE_PROGRAM, resources)
                _bare_up(engine, project)
                timed("again, floor", lambda project=project: _bare_up(engine, project))  # type: ignore[misc]
    finally:
        _pouw("down")
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def main() -> int:
    """Measure, print, and fail if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="Repeat each measurement this often. Default: 3.")
    parser.add_argument("--json", action="store_true", help="Print JSON. Default: lines of text.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pouw-up-") as home:
        os.environ["POUW_HOME"] = str(Path(home) / "state")
        seconds = measure(arguments.rounds)
    ratios = {name: seconds[name] / seconds[f"{name}, floor"] for name in GOALS}
    if arguments.json:
        print(json.dumps({"seconds": seconds, "ratios": ratios, "goals": GOALS}))
    else:
        for name, ratio in ratios.items():
            floor, goal = seconds[f"{name}, floor"], GOALS[name]
            print(
                f"{name:<7}{ratio:5.2f} x the floor   {seconds[name]:6.1f} s against {floor:.1f} s, goal {goal:.0f} s"
            )
    return 0 if all(seconds[name] <= goal for name, goal in GOALS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
