"""What bringing the whole network up costs against its floors, in one run: ``python -m bench.up``.

- up: `pouw up` from nothing running, programs and images in the cache, to the first agreed block and an answering
  address. Floor: the same cluster, images and objects by server-side apply alone, waited for in the same way.
- again: `pouw up` with nothing changed. Floor: the bare engine on as many unchanged resources.

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

from bench.engine.preview import BARE, make_project
from infra.settings.stack import Settings
from pouw import cluster
from pouw.cluster import api
from pouw.cluster.image_store import image_store
from pouw.cluster.layout import NETWORK, layout
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
"""Seconds."""


def _pouw(*arguments: str) -> Mapping[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "pouw.cli", *arguments], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"pouw {' '.join(arguments)} failed with {done.returncode}")
    found: Mapping[str, Any] = json.loads(done.stdout) if "--json" in arguments else {}
    return found


def _up() -> None:
    _pouw("up", "--json")


def _again() -> None:
    [changes] = _pouw("up", "--json")["stacks"]
    if any(changes[word] for word in ("create", "update", "replace", "delete")):
        raise SystemExit(f"an up with nothing changed changed something: {changes}")


def _objects(engine: Engine) -> tuple[Sequence[Object], int]:
    """The Kubernetes objects of the stack in the order in which they were made, and how many resources it has."""
    exported = json.loads(
        Session.of("local", engine, Project(), home=Home.from_environment(os.environ)).ask(
            "stack", "export", "--show-secrets"
        )
    )
    resources = exported["deployment"]["resources"]
    made = [_plain(one["inputs"]) for one in resources if one["type"].startswith("kubernetes:")]
    return made, len(resources)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if SECRET_MARK in value:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(one) for key, one in value.items() if not key.startswith("__")}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _paths(client: Client, objects: Sequence[Object]) -> Iterator[tuple[str, Object]]:
    """Where each object goes, as the server's own list of kinds says."""
    kinds: dict[tuple[str, str], Object] = {}
    roots: dict[str, str] = {}
    for version in {one["apiVersion"] for one in objects}:
        roots[version] = f"/apis/{version}" if "/" in version else f"/api/{version}"
        for one in client.get(roots[version])["resources"]:
            if "/" not in one["name"]:
                kinds[version, one["kind"]] = one
    for each in objects:
        kind, metadata = kinds[each["apiVersion"], each["kind"]], each["metadata"]
        space = f"/namespaces/{metadata['namespace']}" if kind["namespaced"] else ""
        yield f"{roots[each['apiVersion']]}{space}/{kind['name']}/{metadata['name']}", each


def _by_hand(settings: Settings, objects: Sequence[Object]) -> None:
    """The floor of `up`: no engine, no program, no state."""
    quiet, home = SilentProgress(), Home.from_environment(os.environ)
    cluster.up(quiet)
    images = stack_images.build(settings, quiet, home=home)
    stack_images.load(settings, images, quiet, store=image_store(layout(), home=home), home=home)
    with closing(api.connect(layout(), NETWORK, "admin")) as client:
        for path, each in _paths(client, objects):
            client.apply(path, each)
    [site] = settings.sites
    with Connections(settings, Home.from_environment(os.environ)) as connections, quiet.step("") as step:
        network = LiveNetwork(settings, connections)
        agreement.wait(network, expected=settings.nodes.total, above=0, deadline_seconds=180, step=step)
        endpoints.wait(endpoints.of_site(site, connections).rpc, deadline_seconds=60)


def _bare_up(engine: Engine, project: Project) -> None:
    """The floor of `again`: the engine as a program."""
    session = Session.of("local", engine, project, home=Home.from_environment(os.environ))
    session.prepare({})
    call = session.invocation(
        "up", "--yes", "--skip-preview", "--suppress-outputs", "--config-file", str(session.config.path)
    )
    command = [str(call.program), *call.arguments]
    subprocess.run(command, cwd=call.directory, env=dict(call.environment), check=True, capture_output=True)


def measure(rounds: int) -> Mapping[str, float]:
    """Median seconds of each."""
    engine, settings = (
        resolution.resolve(LineProgress(), home=Home.from_environment(os.environ)),
        stacks.settings("local"),
    )
    times: dict[str, list[float]] = {"up": [], "up, floor": [], "again": [], "again, floor": []}

    def timed(name: str, run: Callable[[], None]) -> None:
        started = time.perf_counter()
        run()
        times[name].append(time.perf_counter() - started)

    try:
        _up()  # fills every cache, and says what is to be made by hand
        objects, resources = _objects(engine)
        for _ in range(rounds):
            cluster.down(SilentProgress())
            timed("up, floor", lambda: _by_hand(settings, objects))
            _pouw("down")
            timed("up", _up)
            timed("again", _again)
            with tempfile.TemporaryDirectory(prefix="pouw-bench-") as scratch:
                bare = make_project(Path(scratch), "bare", BARE, resources)
                _bare_up(engine, bare)
                timed("again, floor", lambda bare=bare: _bare_up(engine, bare))  # type: ignore[misc]
    finally:
        _pouw("down")
    return {name: statistics.median(taken) for name, taken in times.items()}


def main() -> int:
    """Measure, print, and fail if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pouw-up-") as home:
        os.environ["POUW_HOME"] = str(Path(home) / "state")
        seconds = measure(asked.rounds)
    ratios = {name: seconds[name] / seconds[f"{name}, floor"] for name in GOALS}
    if asked.json:
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
