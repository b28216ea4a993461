"""The local stack through the real command, and observations that do not use the command."""

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
"""Seconds within which heights must rise again after a killed component has returned."""
_LOOK_SECONDS = 0.2
_BALANCER = "http://127.0.0.1:8545"


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a ``pouw`` command."""
    return subprocess.Popen(
        [sys.executable, "-m", "pouw.cli", *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str) -> str:
    """Run a ``pouw`` command that must succeed, and return its output."""
    process = start(*arguments)
    try:
        out, err = process.communicate(timeout=UP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    assert process.returncode == 0, f"{arguments}: {process.returncode}\n{out}\n{err}"
    return out


def up() -> Mapping[str, Any]:
    """Run ``pouw up --json`` and return the document, in which all nodes agree."""
    document: Mapping[str, Any] = json.loads(run("up", "--json"))
    assert document["agreed"]["nodes"] == NODES
    return document


def wait(condition: Callable[[], object], *, seconds: float, event: str) -> float:
    """Wait until ``condition`` holds, and return the seconds that it took."""
    start_s = time.monotonic()
    while not condition():
        assert time.monotonic() - start_s < seconds, f"{event}: not within {seconds:.0f} s"
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - start_s


def height() -> int:
    """Return the height behind the balancer's node port; -1 without an answer."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}).encode()
    request = urllib.request.Request(_BALANCER, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=3) as answer:  # noqa: S310 - a fixed local address
            return int(json.load(answer)["result"], 16)
    except (urllib.error.URLError, OSError, ValueError, KeyError):
        return -1


def views() -> Sequence[NodeView]:
    """Return the view of every node."""
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
    """Return the height that all nodes have reached; -1 while a node does not answer."""
    nodes = views()
    return min((node.height for node in nodes), default=-1) if len(nodes) == NODES else -1


def restarts() -> Mapping[str, int]:
    """Return the number of restarts of each pod's container."""
    with Connections(stacks.settings("local"), Home.from_environment(os.environ)) as connections:
        pods = connections.to("local").pods({"app": "pouw"})
    return {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods}


def _layout() -> Layout:
    return Layout.of_home(Home.from_environment(os.environ))


def is_well() -> bool:
    """True if every component of the cluster is healthy."""
    return embedded.status(_layout()).state is State.RUNNING


def is_whole() -> bool:
    """True if the cluster and every node of the network are healthy."""
    return is_well() and all(one.ready for one in views()) and lowest() >= 0


def component(name: str) -> int:
    """Return the process id of a component; 0 without a process."""
    return next(
        (each.pid for each in embedded.status(_layout()).components if each.name == name),
        0,
    )


def kill_pod(pod: str) -> None:
    """Kill all processes of a pod's container. The kubelet sets the pod's name in their environment."""
    mark = f"HOSTNAME={pod}".encode()
    nodes = [pid for pid, environment in environments() if mark in environment.split(b"\0")]
    assert nodes, f"{pod} runs nothing here"
    for pid in nodes:
        with contextlib.suppress(ProcessLookupError):  # ended with the previous one
            os.kill(pid, signal.SIGKILL)


def environments() -> Iterator[tuple[int, bytes]]:
    """Yield every process with its environment."""
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
    """Return the processes of this home outside its cluster: engines, plugins, commands."""
    cluster_pids = {each.pid for each in processes.scan()}
    mark = f"POUW_HOME={home}".encode()
    return [
        f"{pid} {(processes.PROC / str(pid) / 'cmdline').read_bytes().decode()}"
        for pid, environment in environments()
        if mark in environment.split(b"\0") and pid not in cluster_pids and pid != os.getpid()
    ]
