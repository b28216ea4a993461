"""kill -9 of `pouw up` at ten points of one bring-up: each run continues the last one, and the eleventh finishes."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pouw.cluster import api, processes
from pouw.cluster.layout import Layout
from pouw.engine import interrupted
from pouw.engine.process_identity import is_running
from pouw.home import Home
from pouw.kube.client import Client
from pouw.kube.errors import KubeError
from pouw.kube.policy import RequestPolicy
from pouw.network.sites import embedded_kubeconfig
from pouw.toolchain import programs
from tests.cluster.conftest import HOME
from tests.network import stack

LAYOUT = Layout(home=HOME)
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster"), pytest.mark.timeout(900)]
"""The test takes fifty seconds on two free cores, more on a busy machine; each point has a bound of its own."""

_LOOK_SECONDS = 0.01
_POINT_SECONDS = 120.0
_MANAGED = "labelSelector=app.kubernetes.io/managed-by%3Dpulumi"
_KINDS = {
    "Namespace": "/api/v1/namespaces",
    "LimitRange": "/api/v1/limitranges",
    "ConfigMap": "/api/v1/configmaps",
    "Secret": "/api/v1/secrets",
    "Service": "/api/v1/services",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "Deployment": "/apis/apps/v1/deployments",
    "PodDisruptionBudget": "/apis/policy/v1/poddisruptionbudgets",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/networkpolicies",
    "Role": "/apis/rbac.authorization.k8s.io/v1/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/rolebindings",
}


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Progress of a running `pouw up`, seen from outside."""

    engine_before: int
    """Engine of the previous run, whose work does not count."""

    @property
    def state(self) -> Mapping[str, Any]:
        """The engine's state of the stack."""
        return (interrupted.read_state(_state_file()) or {}).get("latest") or {}

    def resources(self) -> int:
        return len(self.state.get("resources") or ())

    def pending(self) -> Sequence[str]:
        return [entry["resource"]["type"] for entry in self.state.get("pending_operations") or ()]

    def engine(self) -> bool:
        pid = _engine()
        return pid != self.engine_before and is_running(pid)


def _state_file() -> Path:
    return HOME / "engine/backend/.pulumi/stacks/pouw/local.json"


def _engine() -> int:
    try:
        lock = json.loads((HOME / "engine/locks/pouw.local.lock").read_text())
    except (OSError, ValueError):
        return 0
    return int(lock["child"])


def _runs(component: str) -> bool:
    return component in processes.leaders(processes.of_home(HOME))


def _is_ready() -> bool:
    try:
        with closing(_client()) as client:
            return client.text("/readyz") == "ok"
    except (KubeError, OSError):
        return False


def _has_namespace() -> bool:
    try:
        with closing(_client()) as client:
            return client.find("/api/v1/namespaces/pouw-system") is not None
    except (KubeError, OSError):
        return False


def _get(path: str) -> Mapping[str, Any]:
    with closing(_client()) as client:
        return client.get(path)


def _client() -> Client:
    return api.connect(LAYOUT, "admin", policy=RequestPolicy(answer_seconds=2))


POINTS: Mapping[str, Callable[[Progress], bool]] = {
    "the machine is about to be changed": lambda _: LAYOUT.before.exists(),
    "etcd runs": lambda _: _runs("etcd"),
    "the API server is ready": lambda _: _is_ready(),
    "the cluster is ready, images are loaded": lambda _: LAYOUT.fingerprint.exists(),
    "the stack is created": lambda _: _state_file().exists(),
    "the engine runs": lambda progress: progress.engine(),
    "the namespace is there": lambda progress: progress.engine() and _has_namespace(),
    "half of the resources are there": lambda progress: progress.engine() and progress.resources() >= 12,
    "the engine waits for nodes": lambda progress: (
        progress.engine() and "kubernetes:apps/v1:StatefulSet" in progress.pending()
    ),
    "pending operations are read": lambda _: any((HOME / "engine/stacks").rglob("unread.json")),
}
"""Points in the order of a bring-up."""


def test_up_killed_at_ten_points_is_finished_by_the_next_without_orphans(nothing: None) -> None:
    del nothing
    for point, reached in POINTS.items():
        _kill_at(point, reached)
    document = stack.up()
    assert document["ok"]
    again = stack.up()["stacks"][0]
    assert [again[word] for word in ("create", "update", "replace", "delete")] == [0, 0, 0, 0]
    assert sorted(_live()) == sorted(_recorded())
    _assert_one_of_each()
    assert stack.leftovers(HOME) == []


def _kill_at(point: str, reached: Callable[[Progress], bool]) -> None:
    progress = Progress(engine_before=_engine())
    process = stack.start("up")
    deadline = time.monotonic() + _POINT_SECONDS
    try:
        while not reached(progress):
            assert process.poll() is None, f"{point}: up ended before\n{''.join(process.communicate())}"
            assert time.monotonic() < deadline, f"{point}: not reached"
            time.sleep(_LOOK_SECONDS)
        assert process.poll() is None, f"{point}: up ended before"
    finally:
        process.kill()
        process.communicate()


def _recorded() -> Iterator[str]:
    """Yield every object in the engine's state."""
    for entry in Progress(engine_before=0).state["resources"]:
        if entry["type"].startswith("kubernetes:"):
            yield f"{entry['type'].rpartition(':')[2]} {entry['id']}"


def _live() -> Iterator[str]:
    """Yield every object in the cluster that the engine created."""
    for kind, path in _KINDS.items():
        for entry in _get(f"{path}?{_MANAGED}")["items"]:
            metadata = entry["metadata"]
            yield f"{kind} {metadata['namespace'] + '/' if 'namespace' in metadata else ''}{metadata['name']}"


def _assert_one_of_each() -> None:
    """Check for one pod, claim and volume per node, one process per component, and no orphaned container."""
    assert embedded_kubeconfig(Home.from_environment(os.environ)).exists()
    pods = _get("/api/v1/pods")["items"]
    pods_by_component = Counter(pod["metadata"]["labels"].get("app.kubernetes.io/component") for pod in pods)
    assert (pods_by_component["node"], pods_by_component["balancer"]) == (stack.NODES, 1)
    claims = _get("/api/v1/namespaces/pouw-system/persistentvolumeclaims")["items"]
    volumes = _get("/api/v1/persistentvolumes")["items"]
    assert len(claims) == len(volumes) == stack.NODES
    assert {entry["status"]["phase"] for entry in (*claims, *volumes)} == {"Bound"}
    leaders = Counter(each.component for each in processes.of_home(HOME) if each.leader)
    assert set(leaders.values()) == {1}
    containers = sum(1 + len(pod["status"]["containerStatuses"]) for pod in pods)
    assert len(_tasks()) == containers


def _tasks() -> Sequence[str]:
    """Return the tasks of the container runtime."""
    ctr, address = (
        str(programs.location("ctr", home=Home.from_environment(os.environ))),
        str(LAYOUT.containerd_socket),
    )
    command = [ctr, "--address", address, "--namespace", "k8s.io", "tasks", "ls", "--quiet"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.split()
