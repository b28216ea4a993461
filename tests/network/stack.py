"""The local stack through the real command, and looks at what runs of it that the command has no part in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pouw import cluster as embedded
from pouw.cluster import processes
from pouw.cluster.condition import State
from pouw.cluster.layout import Layout
from pouw.home import Home
from pouw.network import observation
from pouw.network.nodes import Connections
from pouw.network.observation import NodeView
from pouw.paths import REPOSITORY
from pouw.run import stacks

NODES = 4
UP_SECONDS = 240.0
BACK_SECONDS = 30.0
"""How soon heights must rise again once what was killed has returned."""
_LOOK_SECONDS = 0.2
_BALANCER = "http://127.0.0.1:8545"


def start(*arguments: str) -> subprocess.Popen[str]:
    """Begin a ``pouw`` command."""
    return subprocess.Popen(
        [sys.executable, "-m", "pouw.cli", *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str) -> str:
    """Run a ``pouw`` command to its good end; what it printed."""
    process = start(*arguments)
    try:
        out, err = process.communicate(timeout=UP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    assert process.returncode == 0, f"{arguments}: {process.returncode}\n{out}\n{err}"
    return out


def up() -> Mapping[str, Any]:
    """``pouw up --json``: the document, in which all nodes agree."""
    document: Mapping[str, Any] = json.loads(run("up", "--json"))
    assert document["agreed"]["nodes"] == NODES
    return document


def wait(condition: Callable[[], object], *, seconds: float, what: str) -> float:
    """Until ``condition`` holds; the seconds that it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"{what}: not within {seconds:.0f} s"
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - started


def height() -> int:
    """As the balancer's node port says it; -1 where nothing answers there."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}).encode()
    request = urllib.request.Request(_BALANCER, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=3) as answer:  # noqa: S310 - a fixed local address
            return int(json.load(answer)["result"], 16)
    except (urllib.error.URLError, OSError, ValueError, KeyError):
        return -1


def views() -> Sequence[NodeView]:
    """Every node, as it says itself."""
    settings = stacks.settings("local")
    with Connections(settings, Home.from_environment(os.environ)) as connections:
        return observation.nodes(observation.observe(settings, connections))


def submit(task: Mapping[str, object]) -> str:
    """Submit a task with settings that the command does not offer, and return its id."""
    settings = stacks.settings("local")
    with Connections(settings, Home.from_environment(os.environ)) as connections:
        node = observation.nodes(observation.observe(settings, connections))[0]
        connection = connections.to(node.site)
        token = connection.secret_value(f"pouw-{node.slot}-keys", "admin.token")
        return str(connection.rpc(node.name, "pouw_submitTask", {"task": task}, token=token)["task_id"])


def lowest() -> int:
    """The height that all nodes have reached; -1 while one does not answer."""
    found = views()
    return min((one.height for one in found), default=-1) if len(found) == NODES else -1


def restarts() -> Mapping[str, int]:
    """How often the container of each pod was started again."""
    with Connections(stacks.settings("local"), Home.from_environment(os.environ)) as connections:
        pods = connections.to("local").pods({"app": "pouw"})
    return {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods}


def _layout() -> Layout:
    return Layout.of_home(Home.from_environment(os.environ))


def is_well() -> bool:
    """Whether every component of the cluster is healthy."""
    return embedded.status(_layout()).state is State.RUNNING


def is_whole() -> bool:
    """Whether the cluster and every node of the network are well."""
    return is_well() and all(one.ready for one in views()) and lowest() >= 0


def component(name: str) -> int:
    """The process of a component; 0 while there is none."""
    return next(
        (each.pid for each in embedded.status(_layout()).components if each.name == name),
        0,
    )


def kill_pod(pod: str) -> None:
    """Kill everything in a pod's container: the kubelet tells each process there the pod's name."""
    mark = f"HOSTNAME={pod}".encode()
    found = [pid for pid, environment in environments() if mark in environment.split(b"\0")]
    assert found, f"{pod} runs nothing here"
    for pid in found:
        with contextlib.suppress(ProcessLookupError):  # gone with the one before
            os.kill(pid, signal.SIGKILL)


def environments() -> Iterator[tuple[int, bytes]]:
    """Every process with what it was told."""
    for entry in processes.PROC.iterdir():
        if entry.name.isdecimal():
            try:
                yield int(entry.name), (entry / "environ").read_bytes()
            except OSError:
                continue


@contextmanager
def held_down(*names: str) -> Iterator[None]:
    """Kill components, and keep their supervisor from starting them again until the block ends."""
    keepers = [component("watchdog"), component("supervisor")]
    for keeper in keepers:
        os.kill(keeper, signal.SIGSTOP)
    try:
        for name in names:
            os.kill(component(name), signal.SIGKILL)
        yield
    finally:
        for keeper in reversed(keepers):
            os.kill(keeper, signal.SIGCONT)


def leftovers(home: Path) -> list[str]:
    """Processes that were started for this home and are no part of its cluster: engines, plugins, commands."""
    own = {each.pid for each in processes.scan()}
    mark = f"POUW_HOME={home}".encode()
    return [
        f"{pid} {(processes.PROC / str(pid) / 'cmdline').read_bytes().decode()}"
        for pid, environment in environments()
        if mark in environment.split(b"\0") and pid not in own and pid != os.getpid()
    ]
