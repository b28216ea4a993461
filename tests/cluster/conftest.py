"""The real cluster for tests that are marked so: one for the session, in its own home, removed at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pouw import cluster as embedded
from pouw import poll
from pouw.cluster.api import connect
from pouw.cluster.image_store import image_store
from pouw.cluster.layout import Cluster, Layout
from pouw.home import Home
from pouw.images.archive import write_program
from pouw.kube import exec as kube_exec
from pouw.kube.client import Client, Object
from pouw.kube.errors import ApiError
from pouw.kube.policy import RequestPolicy
from pouw.progress import LineProgress, Progress, SilentProgress
from pouw.toolchain import debian

SHELL = "pouw.dev/test-shell:1"
HOME = Path("/tmp/pouw-cluster-tests")  # noqa: S108 - a fixed path, so that the next session finds a killed one's cluster
LAYOUT = Layout(home=HOME)
ENVIRONMENT = {**os.environ, "POUW_HOME": str(HOME)}
"""Environment of commands that work on the tests' cluster."""


def up(progress: Progress | None = None) -> Cluster:
    """Bring the tests' cluster up, with the programs of the user's own cache."""
    return embedded.up(LAYOUT, progress or SilentProgress(), home=Home.from_environment(ENVIRONMENT))


def down(progress: Progress | None = None) -> None:
    """Remove the tests' cluster."""
    embedded.down(LAYOUT, progress or SilentProgress())


@pytest.fixture(scope="session")
def _shell_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Write the archive of the test image. Remove the cluster at the end of the session."""
    busybox = Path("/bin/busybox")
    debian.ensure({"/bin/busybox": "busybox-static"}, LineProgress(), home=Home.from_environment(os.environ))
    archive = tmp_path_factory.mktemp("image") / "shell.tar"
    write_program(archive, busybox, SHELL)
    yield archive
    down(LineProgress())
    # The tests of a network remove their own files from there.
    if HOME.exists() and not any(HOME.iterdir()):
        HOME.rmdir()


@pytest.fixture
def home(_shell_archive: Path) -> Path:
    """Return the home of the tests' cluster, which may be in any state."""
    return HOME


@pytest.fixture
def cluster(home: Path, _shell_archive: Path) -> Cluster:
    """Return a running cluster with the test image, started or repaired."""
    running = up(LineProgress())
    image_store(LAYOUT, home=Home.from_environment(ENVIRONMENT)).load(_shell_archive, SHELL, LineProgress())
    return running


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Client]:
    client = connect(LAYOUT, "admin")
    yield client
    client.close()


@pytest.fixture
def namespace(api: Client, request: pytest.FixtureRequest) -> Iterator[str]:
    """Create a namespace with the restricted standard. It is deleted after the test, without a wait."""
    name = f"t-{abs(hash(request.node.nodeid)) % 10**8}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    api.apply(f"/api/v1/namespaces/{name}", {**_typed("v1", "Namespace", name), "metadata": _labelled(name, labels)})
    # Pods are refused until the default account exists.
    wait(lambda: api.find(f"/api/v1/namespaces/{name}/serviceaccounts/default") is not None)
    yield name
    up(LineProgress())
    api.request("DELETE", f"/api/v1/namespaces/{name}")


def _labelled(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "labels": labels}


def _typed(api_version: str, kind: str, name: str) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}


def wait(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Wait until a condition holds."""
    assert poll.until(condition, seconds=seconds, interval_seconds=0.1), f"not within {seconds} s"


class Pods:
    """Pods of the test image, in which commands run through the API server, as with kubectl."""

    def __init__(self, api: Client, namespace: str) -> None:
        self._api, self._namespace = api, namespace

    def path(self, name: str) -> str:
        """Return the path of a pod."""
        return f"/api/v1/namespaces/{self._namespace}/pods/{name}"

    def start(self, name: str, script: str, *, claim: str = "") -> None:
        """Start a pod that runs ``script``, with ``claim`` at ``/data``."""
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
        metadata = _labelled(name, {"app": name})
        self._api.apply(self.path(name), {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def phase(self, name: str) -> str:
        """Return the phase of a pod, or ``absent``."""
        pod = self._api.find(self.path(name))
        return str(pod.get("status", {}).get("phase", "")) if pod else "absent"

    def logs(self, name: str) -> str:
        """Return the output of a pod."""
        return self._api.text(f"{self.path(name)}/log")

    def run(self, name: str, *command: str) -> kube_exec.Completed:
        """Run a command of the test image inside a pod."""
        return kube_exec.run(
            self._api.endpoint,
            self._namespace,
            name,
            ["/busybox", *command],
            policy=RequestPolicy(answer_seconds=30),
            timeout_seconds=30,
        )

    def execute(self, name: str, *command: str) -> str:
        """Return everything that a command prints inside a pod."""
        completed = self.run(name, *command)
        return (completed.output + completed.errors).decode()

    def answers(self, name: str) -> bool:
        """True if the kubelet knows the pod, so that commands can run in it."""
        return refusal(self._api, "GET", f"{self.path(name)}/log?tailLines=1", is_text=True) is None

    def remove(self, name: str) -> None:
        """Delete a pod and wait until it is gone."""
        self._api.request("DELETE", self.path(name))
        wait(lambda: self.phase(name) == "absent")


@pytest.fixture
def pods(api: Client, namespace: str) -> Pods:
    return Pods(api, namespace)


def claim(api: Client, namespace: str, name: str) -> None:
    """Create a claim of the default storage class."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}"
    api.apply(path, {**_typed("v1", "PersistentVolumeClaim", name), "spec": spec})


def refusal(
    api: Client, method: str, path: str, body: Object | None = None, *, is_text: bool = False
) -> ApiError | None:
    """Return the API server's refusal of a request, or None if it was carried out."""
    try:
        if is_text:
            api.text(path)
        else:
            api.request(method, path, body)
    except ApiError as error:
        return error
    return None
