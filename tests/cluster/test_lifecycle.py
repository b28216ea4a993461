"""Starting, being killed, starting again, and leaving nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from pouw import cluster as embedded
from pouw.cluster import machine, processes
from pouw.cluster.condition import State
from pouw.cluster.layout import NETWORK, RUN_DIR, Cluster
from pouw.errors import ClusterError
from pouw.kube.client import Client
from pouw.progress import SilentProgress
from tests.cluster.conftest import Pods, claim, wait
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


def pid(component: str) -> int:
    return next((each.pid for each in embedded.status().components if each.name == component), 0)


def test_up_again_is_done_within_a_second_and_changes_nothing(cluster: Cluster) -> None:
    before = {each.name: each.pid for each in embedded.status().components}
    started = time.monotonic()
    assert embedded.up(SilentProgress()) == cluster
    assert time.monotonic() - started < 1
    assert {each.name: each.pid for each in embedded.status().components} == before


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_killed_component_comes_back_by_itself(cluster: Cluster, component: str) -> None:
    before = pid(component)
    os.kill(before, signal.SIGKILL)
    wait(lambda: pid(component) not in (0, before) and embedded.status().state is State.RUNNING)


def test_a_component_that_does_not_answer_is_seen_as_unwell(cluster: Cluster) -> None:
    before = pid("kube-scheduler")
    os.kill(before, signal.SIGSTOP)
    wait(lambda: embedded.status().state is State.PARTIAL)
    os.kill(before, signal.SIGCONT)
    wait(lambda: embedded.status().state is State.RUNNING)


def test_pods_go_on_while_everything_around_them_is_killed(api: Client, pods: Pods, namespace: str) -> None:
    claim(api, namespace, "data")
    pods.start("worker", "while :; do date +%s >> /data/ticks; sleep 1; done", claim="data")
    wait(lambda: pods.phase("worker") == "Running")
    found = api.get(pods.path("worker"))["status"]["containerStatuses"][0]["containerID"]
    for each in processes.leaders(processes.of_home(Path(os.environ["POUW_HOME"]))).values():
        os.kill(each.pid, signal.SIGKILL)
    embedded.up(SilentProgress())
    wait(lambda: embedded.status().state is State.RUNNING)
    state = api.get(pods.path("worker"))["status"]["containerStatuses"][0]
    assert (state["containerID"], state["restartCount"]) == (found, 0)
    # The kubelet serves exec once it has seen its pods again.
    wait(lambda: pods.answers("worker"))
    assert pods.execute("worker", "tail", "-n", "1", "/data/ticks")


@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
def test_up_that_was_killed_is_finished_by_the_next(home: Path, seconds: float) -> None:
    embedded.down(SilentProgress())
    first = subprocess.Popen([sys.executable, "-m", "pouw.cli", "cluster", "up"], stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    first.kill()
    first.wait()
    embedded.up(SilentProgress())
    assert embedded.status().state is State.RUNNING
    leaders = Counter(each.component for each in processes.of_home(home) if each.leader)
    assert set(leaders.values()) == {1}


def test_two_at_once_make_one_cluster(home: Path) -> None:
    embedded.down(SilentProgress())
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "pouw.cli", "cluster", "up", "--json"], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [each.communicate(timeout=120)[0] for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert json.loads(said[0]) == json.loads(said[1])
    leaders = Counter(each.component for each in processes.of_home(home) if each.leader)
    assert set(leaders.values()) == {1}


def test_another_home_is_told_whose_cluster_runs(
    cluster: Cluster, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path))
    for command in (embedded.up, embedded.down):
        with pytest.raises(ClusterError, match=f"POUW_HOME={home} pouw cluster down"):
            command(SilentProgress())
    assert not list(tmp_path.iterdir())


def test_down_leaves_the_machine_as_it_was_and_the_users_rules_in_place(home: Path) -> None:
    embedded.down(SilentProgress())
    users = ("iptables", "-t", "nat", "-A", "OUTPUT", "-m", "comment", "--comment", "of-a-user", "-j", "RETURN")
    machine.run(*users)
    try:
        before = snapshot()
        embedded.up(SilentProgress())
        assert snapshot() != before
        embedded.down(SilentProgress())
        assert snapshot() == before
        assert not RUN_DIR.exists()
        assert not (home / "cluster").exists()
        assert any("of-a-user" in line for line in rules("iptables"))
    finally:
        machine.run(*[{"-A": "-D"}.get(word, word) for word in users])


def test_down_that_was_killed_is_finished_by_the_next(cluster: Cluster, home: Path) -> None:
    first = subprocess.Popen([sys.executable, "-m", "pouw.cli", "cluster", "down"], stderr=subprocess.DEVNULL)
    time.sleep(0.45)
    first.kill()
    first.wait()
    embedded.down(SilentProgress())
    assert embedded.status().state is State.ABSENT
    assert not (Path("/sys/class/net") / NETWORK.bridge).exists()
    assert not processes.of_home(home)
