"""The real cluster for tests that are marked so: one for the session, in a home of its own, gone at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pouw import cluster as embedded
from pouw.cluster.api import connect
from pouw.cluster.image_store import image_store
from pouw.cluster.layout import NETWORK, Cluster, layout
from pouw.home import Home
from pouw.images.archive import write_program
from pouw.kube import exec as kube_exec
from pouw.kube.client import Client, Object
from pouw.kube.errors import ApiError
from pouw.kube.policy import RequestPolicy
from pouw.progress import LineProgress
from pouw.toolchain import debian

SHELL = "pouw.dev/test-shell:1"
HOME = Path("/tmp/pouw-cluster-tests")  # noqa: S108 - one fixed place, so that a killed session's cluster is found again


@contextmanager
def _own_home() -> Iterator[None]:
    before = os.environ.get("POUW_HOME")
    os.environ["POUW_HOME"] = str(HOME)
    try:
        yield
    finally:
        if before is None:
            del os.environ["POUW_HOME"]
        else:
            os.environ["POUW_HOME"] = before


@pytest.fixture(scope="session")
def _session_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Takes the cluster away at the end; holds the archive of the test image."""
    busybox = Path("/bin/busybox")
    debian.ensure({"/bin/busybox": "busybox-static"}, LineProgress(), home=Home.from_environment(os.environ))
    archive = tmp_path_factory.mktemp("image") / "shell.tar"
    write_program(archive, busybox, SHELL)
    yield archive
    with _own_home():
        embedded.down(LineProgress())
        # What a network's tests keep there, they take away themselves.
        if HOME.exists() and not any(HOME.iterdir()):
            HOME.rmdir()


@pytest.fixture
def home(_session_cluster: Path) -> Iterator[Path]:
    """The home of the tests' cluster, whatever state that is in."""
    with _own_home():
        yield HOME


@pytest.fixture
def cluster(home: Path, _session_cluster: Path) -> Cluster:
    """A running cluster with the test image: brought up, or brought back to what it should be."""
    made = embedded.up(LineProgress())
    image_store(layout(), home=Home.from_environment(os.environ)).load(_session_cluster, SHELL, LineProgress())
    return made


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Client]:
    made = connect(layout(), NETWORK, "admin")
    yield made
    made.close()


@pytest.fixture
def namespace(api: Client, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace that holds its pods to the restricted standard; it goes after the test, unwaited for."""
    name = f"t-{abs(hash(request.node.nodeid)) % 10**8}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    api.apply(f"/api/v1/namespaces/{name}", {**_typed("v1", "Namespace", name), "metadata": _named(name, labels)})
    # Its default account is made a moment later, and pods are refused before.
    wait(lambda: api.find(f"/api/v1/namespaces/{name}/serviceaccounts/default") is not None)
    yield name
    embedded.up(LineProgress())
    api.request("DELETE", f"/api/v1/namespaces/{name}")


def _named(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "labels": labels}


def _typed(api_version: str, kind: str, name: str) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}


def wait(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Until ``condition`` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)


class Pods:
    """Makes pods of the test image, and runs commands in them through the API server, as kubectl does."""

    def __init__(self, api: Client, namespace: str) -> None:
        self._api, self._namespace = api, namespace

    def path(self, name: str) -> str:
        return f"/api/v1/namespaces/{self._namespace}/pods/{name}"

    def start(self, name: str, script: str, *, claim: str = "") -> None:
        """A pod that runs ``script``, and has ``claim`` at ``/data``."""
        container = {
            "name": "main",
            "image": SHELL,
            "imagePullPolicy": "Never",
            "command": ["/busybox", "sh", "-c", script],
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }
        volume: Object = {"persistentVolumeClaim": {"claimName": claim}} if claim else {"emptyDir": {}}
        user = {"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
        spec = {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "securityContext": user,
            "containers": [container],
            "volumes": [{"name": "data", **volume}],
        }
        metadata = _named(name, {"app": name})
        self._api.apply(self.path(name), {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def phase(self, name: str) -> str:
        found = self._api.find(self.path(name))
        return str(found.get("status", {}).get("phase", "")) if found else "absent"

    def logs(self, name: str) -> str:
        return self._api.text(f"{self.path(name)}/log")

    def execute(self, name: str, *command: str) -> str:
        """Return what ``command`` prints inside the pod."""
        policy = RequestPolicy(answer_seconds=30)
        completed = kube_exec.run(
            self._api.endpoint, self._namespace, name, ["/busybox", *command], policy=policy, timeout_seconds=30
        )
        return (completed.output + completed.errors).decode()

    def answers(self, name: str) -> bool:
        """Whether the kubelet knows the pod, so that commands can be run in it."""
        return refused(self._api, "GET", f"{self.path(name)}/log?tailLines=1") is None

    def remove(self, name: str) -> None:
        self._api.request("DELETE", self.path(name))
        wait(lambda: self.phase(name) == "absent")


@pytest.fixture
def pods(api: Client, namespace: str) -> Pods:
    return Pods(api, namespace)


def claim(api: Client, namespace: str, name: str) -> None:
    """A claim of the default storage class."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}"
    api.apply(path, {**_typed("v1", "PersistentVolumeClaim", name), "spec": spec})


def refused(api: Client, method: str, path: str, body: Object | None = None) -> ApiError | None:
    """The API server's refusal, or ``None`` where it did what was asked."""
    try:
        api.request(method, path, body)
    except ApiError as error:
        return error
    return None


__all__ = ["NETWORK", "Pods", "claim", "refused", "wait"]
