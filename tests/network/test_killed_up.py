"""kill -9 of `pouw up` at ten points of one bring-up: each goes on where the last was killed, the eleventh finishes."""

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
"""Fifty seconds on two free cores; a busy machine takes its time, and each point has a bound of its own."""

_LOOK_SECONDS = 0.01
_POINT_SECONDS = 120.0
_OURS = "labelSelector=app.kubernetes.io/managed-by%3Dpulumi"
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
    """How far a running `pouw up` is, seen from outside."""

    engine_before: int
    """The engine of the run before: what that one did is no progress of this one's."""

    @property
    def state(self) -> Mapping[str, Any]:
        """The engine's state of the stack."""
        return (interrupted.read_state(_state_file()) or {}).get("latest") or {}

    def resources(self) -> int:
        return len(self.state.get("resources") or ())

    def pending(self) -> Sequence[str]:
        return [one["resource"]["type"] for one in self.state.get("pending_operations") or ()]

    def engine(self) -> bool:
        pid = _engine()
        return pid != self.engine_before and is_running(pid)


def _state_file() -> Path:
    return HOME / "engine/backend/.pulumi/stacks/pouw/local.json"


def _engine() -> int:
    try:
        held = json.loads((HOME / "engine/locks/pouw.local.lock").read_text())
    except (OSError, ValueError):
        return 0
    return int(held["child"])


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
    "the stack is made": lambda _: _state_file().exists(),
    "the engine runs": lambda seen: seen.engine(),
    "the namespace is there": lambda seen: seen.engine() and _has_namespace(),
    "half of the resources are there": lambda seen: seen.engine() and seen.resources() >= 12,
    "nodes are waited for": lambda seen: seen.engine() and "kubernetes:apps/v1:StatefulSet" in seen.pending(),
    "what the killed run was doing is read": lambda _: bool(list(HOME.rglob("unread.json"))),
}
"""In the order in which a bring-up comes to them."""


def test_up_killed_at_ten_points_is_finished_by_the_next_and_nothing_is_orphaned_or_double(nothing: None) -> None:
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
    while not reached(progress):
        assert process.poll() is None, f"{point}: up ended before\n{''.join(process.communicate())}"
        assert time.monotonic() < deadline, f"{point}: not reached"
        time.sleep(_LOOK_SECONDS)
    assert process.poll() is None, f"{point}: up ended before"
    process.kill()
    process.communicate()


def _recorded() -> Iterator[str]:
    """Every object that the engine's state speaks of."""
    for one in Progress(engine_before=0).state["resources"]:
        if one["type"].startswith("kubernetes:"):
            yield f"{one['type'].rpartition(':')[2]} {one['id']}"


def _live() -> Iterator[str]:
    """Every object in the cluster that the engine made."""
    for kind, path in _KINDS.items():
        for one in _get(f"{path}?{_OURS}")["items"]:
            metadata = one["metadata"]
            yield f"{kind} {metadata['namespace'] + '/' if 'namespace' in metadata else ''}{metadata['name']}"


def _assert_one_of_each() -> None:
    """One pod, claim and volume a node, one balancer, one process a component, no container that no pod owns."""
    assert embedded_kubeconfig(Home.from_environment(os.environ)).exists()
    pods = _get("/api/v1/pods")["items"]
    own = Counter(pod["metadata"]["labels"].get("app.kubernetes.io/component") for pod in pods)
    assert (own["node"], own["balancer"]) == (stack.NODES, 1)
    claims = _get("/api/v1/namespaces/pouw-system/persistentvolumeclaims")["items"]
    volumes = _get("/api/v1/persistentvolumes")["items"]
    assert len(claims) == len(volumes) == stack.NODES
    assert {one["status"]["phase"] for one in (*claims, *volumes)} == {"Bound"}
    leaders = Counter(each.component for each in processes.of_home(HOME) if each.leader)
    assert set(leaders.values()) == {1}
    containers = sum(1 + len(pod["status"]["containerStatuses"]) for pod in pods)
    assert len(_tasks()) == containers


def _tasks() -> Sequence[str]:
    """What the container runtime runs."""
    ctr, address = (
        str(programs.location("ctr", home=Home.from_environment(os.environ))),
        str(LAYOUT.containerd_socket),
    )
    command = [ctr, "--address", address, "--namespace", "k8s.io", "tasks", "ls", "--quiet"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.split()
