"""Starts, kills at named points, repeated starts, and a removal that leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pouw import cluster as embedded
from pouw import poll
from pouw.cluster import machine, processes
from pouw.cluster.condition import State, find_node, status
from pouw.cluster.layout import RUN_DIR, Cluster, Layout
from pouw.errors import ClusterError
from pouw.home import Home
from pouw.kube.client import Client
from pouw.progress import SilentProgress
from tests.cluster.conftest import ENVIRONMENT, LAYOUT, Pods, claim, down, up, wait
from tests.cluster.snapshot import rules, snapshot

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]

COMPONENTS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "containerd",
    "kubelet",
    "kube-proxy",
    "storage",
    "watchdog",
    "supervisor",
)
BRIDGE = Path("/sys/class/net") / LAYOUT.network.bridge


def pid(component: str) -> int:
    return next((item.pid for item in status(LAYOUT).components if item.name == component), 0)


def pids() -> dict[str, int]:
    return {component.name: component.pid for component in status(LAYOUT).components}


def state() -> State:
    return status(LAYOUT).state


def leaders() -> Counter[str]:
    return Counter(process.component for process in processes.of_home(LAYOUT.home) if process.leader)


def runs(component: str) -> bool:
    return component in processes.leaders(processes.of_home(LAYOUT.home))


def command(*arguments: str, **options: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "pouw.cli", "cluster", *arguments]
    return subprocess.Popen(words, env=ENVIRONMENT, text=True, **options)  # type: ignore[call-overload,no-any-return]


def kill_at(point: Callable[[], bool], *arguments: str) -> None:
    """Run a command and kill it as soon as it has reached a point. Fail if it ends before."""
    process = command(*arguments, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        has_reached = poll.until(lambda: point() or process.poll() is not None, seconds=120, interval_seconds=0.002)
        assert has_reached
        assert process.poll() is None, "the command ended before the point"
    finally:
        process.kill()
        process.wait()


def test_up_of_a_running_cluster_ends_within_a_second_and_changes_nothing(cluster: Cluster) -> None:
    before = pids()
    start = time.monotonic()
    assert up() == cluster
    assert time.monotonic() - start < 1
    assert pids() == before


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_killed_component_is_restarted(cluster: Cluster, component: str) -> None:
    before = pid(component)
    os.kill(before, signal.SIGKILL)
    wait(lambda: pid(component) not in (0, before) and state() is State.RUNNING)


def test_a_component_that_does_not_answer_is_shown_as_unhealthy(cluster: Cluster) -> None:
    before = pid("kube-scheduler")
    os.kill(before, signal.SIGSTOP)
    wait(lambda: state() is State.PARTIAL)
    os.kill(before, signal.SIGCONT)
    wait(lambda: state() is State.RUNNING)


def test_pods_keep_running_while_every_component_is_killed(api: Client, pods: Pods, namespace: str) -> None:
    claim(api, namespace, "data")
    pods.start("worker", "while :; do date +%s >> /data/ticks; sleep 1; done", claim="data")
    wait(lambda: pods.phase("worker") == "Running")
    before = api.get(pods.path("worker"))["status"]["containerStatuses"][0]["containerID"]
    for process in processes.leaders(processes.of_home(LAYOUT.home)).values():
        os.kill(process.pid, signal.SIGKILL)
    up()
    wait(lambda: state() is State.RUNNING)
    container = api.get(pods.path("worker"))["status"]["containerStatuses"][0]
    assert (container["containerID"], container["restartCount"]) == (before, 0)
    # The kubelet serves exec once it has seen its pods again.
    wait(lambda: pods.answers("worker"))
    assert pods.execute("worker", "tail", "-n", "1", "/data/ticks")


UP_POINTS: Mapping[str, Callable[[], bool]] = {
    "the run folder has its owner": LAYOUT.owner.exists,
    "the machine's state is recorded": LAYOUT.before.exists,
    "the first authority is issued": (LAYOUT.pki / "ca.crt").exists,
    "the last certificate is issued": (LAYOUT.pki / "admin.crt").exists,
    "the bridge exists": BRIDGE.exists,
    "the components are listed": LAYOUT.components.exists,
    "the supervisor runs": lambda: runs("supervisor"),
    "etcd runs": lambda: runs("etcd"),
    "the API server runs": lambda: runs("kube-apiserver"),
    "containerd listens": LAYOUT.containerd_socket.exists,
    "the kubelet runs": lambda: runs("kubelet"),
    "the node exists": lambda: find_node(LAYOUT) is not None,
}
"""Points of a start in their order: each run continues the one that was killed before it."""


def test_ups_killed_at_every_point_are_finished_by_the_next(home: Path) -> None:
    down()
    for point, has_reached in UP_POINTS.items():
        kill_at(has_reached, "up")
        assert not LAYOUT.fingerprint.exists(), point
    up()
    assert state() is State.RUNNING
    assert set(leaders().values()) == {1}


def test_two_concurrent_ups_make_one_cluster(home: Path) -> None:
    down()
    commands = [command("up", "--json", stdout=subprocess.PIPE) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in commands]
    assert [process.returncode for process in commands] == [0, 0]
    assert json.loads(outputs[0]) == json.loads(outputs[1])
    assert set(leaders().values()) == {1}


def test_another_home_is_refused_with_the_home_that_has_a_cluster(cluster: Cluster, home: Path, tmp_path: Path) -> None:
    layout = Layout(home=tmp_path)
    with pytest.raises(ClusterError, match=f"POUW_HOME={home} pouw cluster down"):
        embedded.up(layout, SilentProgress(), home=Home.from_environment(os.environ))
    with pytest.raises(ClusterError, match=f"POUW_HOME={home} pouw cluster down"):
        embedded.down(layout, SilentProgress())
    assert not list(tmp_path.iterdir())


def test_down_restores_the_machine_and_keeps_the_users_rules(home: Path) -> None:
    down()
    rule = ("iptables", "-t", "nat", "-A", "OUTPUT", "-m", "comment", "--comment", "of-a-user", "-j", "RETURN")
    machine.run(*rule)
    try:
        before = snapshot()
        up()
        assert snapshot() != before
        down()
        assert snapshot() == before
        assert not RUN_DIR.exists()
        assert not LAYOUT.root.exists()
        assert any("of-a-user" in line for line in rules("iptables"))
    finally:
        machine.run(*[{"-A": "-D"}.get(word, word) for word in rule])


DOWN_POINTS: Mapping[str, Callable[[], bool]] = {
    "the watchdog has ended": lambda: not runs("watchdog"),
    "every process has ended": lambda: not processes.of_home(LAYOUT.home),
    "the bridge is removed": lambda: not BRIDGE.exists(),
}


@pytest.mark.parametrize("point", DOWN_POINTS)
def test_a_killed_down_is_finished_by_the_next(cluster: Cluster, home: Path, point: str) -> None:
    kill_at(DOWN_POINTS[point], "down")
    assert LAYOUT.before.exists(), "the command ended before the kill"
    down()
    assert state() is State.ABSENT
    assert not BRIDGE.exists()
    assert not processes.of_home(home)
