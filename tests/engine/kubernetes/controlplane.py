"""A real Kubernetes control plane without nodes, on loopback: etcd, API server and controller manager.

Nothing runs pods, so tests say what a kubelet would: see :class:`Pods`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import os
import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from pouw.engine.plugins.core.cancellation import Cancellation
from pouw.engine.plugins.kubernetes.connection import make_client
from pouw.home import Home
from pouw.kube.client import Client
from pouw.kube.errors import KubeError
from pouw.kube.kubeconfig import parse
from pouw.progress import LineProgress
from pouw.toolchain import programs

_TOKEN = "test-token"
NODE = "test-node"
_START_SECONDS = 60.0
_ADVERTISED = "10.222.0.1"
"""An unused address, because the API server refuses to advertise loopback."""


def program(name: str) -> Path:
    """Return a program of the toolchain, built at its first use."""
    return programs.ensure(name, LineProgress(), home=Home.from_environment(os.environ))


def free_port() -> int:
    with socket.socket() as server_socket:
        server_socket.bind(("127.0.0.1", 0))
        return int(server_socket.getsockname()[1])


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """A running control plane. ``kubeconfig`` is its administrator's."""

    folder: Path
    kubeconfig: str
    client: Client
    """The administrator's client, for any number of threads."""

    @property
    def kubeconfig_path(self) -> Path:
        return self.folder / "kubeconfig"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[ControlPlane]:
    """Start in ``folder``, yield when the API server and its controllers are ready, stop everything at the end."""
    etcd_port, peer_port, port = free_port(), free_port(), free_port()
    _write_keys(folder)
    kubeconfig = _kubeconfig(folder, port)
    (folder / "kubeconfig").write_text(kubeconfig, encoding="utf-8")
    client = make_client(parse(kubeconfig), Cancellation(), agent="test")
    plane = ControlPlane(folder=folder, kubeconfig=kubeconfig, client=client)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_process(folder, "etcd", [str(program("etcd")), *_etcd(folder, etcd_port, peer_port)]))
        kube = str(program("kube"))
        stack.callback(client.close)
        stack.enter_context(_process(folder, "apiserver", [kube, "kube-apiserver", *_api(folder, etcd_port, port)]))
        _await(lambda: _answers(client, "/readyz"), folder)
        stack.enter_context(_process(folder, "controllers", [kube, "kube-controller-manager", *_controllers(folder)]))
        path = "/api/v1/namespaces/default/serviceaccounts/default"
        _await(lambda: _answers(client, path), folder)
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}}
        client.request("POST", "/api/v1/nodes", body=node)
        yield plane


def _etcd(folder: Path, port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=error",
    ]


def _api(folder: Path, etcd_port: int, port: int) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        f"--advertise-address={_ADVERTISED}",
        f"--secure-port={port}",
        "--service-cluster-ip-range=10.223.0.0/24",
        f"--tls-cert-file={folder / 'server.crt'}",
        f"--tls-private-key-file={folder / 'server.key'}",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--enable-priority-and-fairness=false",
    ]


def _controllers(folder: Path) -> list[str]:
    return [
        f"--kubeconfig={folder / 'kubeconfig'}",
        f"--service-account-private-key-file={folder / 'accounts.key'}",
        "--leader-elect=false",
        # The one node has no kubelet to say that it lives.
        "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller",
        "--bind-address=127.0.0.1",
        f"--secure-port={free_port()}",
        f"--cert-dir={folder / 'controllers'}",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


def _kubeconfig(folder: Path, port: int) -> str:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "test",
                "cluster": {
                    "server": f"https://127.0.0.1:{port}",
                    "certificate-authority": str(folder / "server.crt"),
                },
            }
        ],
        "users": [{"name": "admin", "user": {"token": _TOKEN}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "current-context": "test",
    }
    return yaml.safe_dump(content)


def _write_keys(folder: Path) -> None:
    (folder / "tokens.csv").write_text(f'{_TOKEN},admin,1,"system:masters"\n', encoding="utf-8")
    private = serialization.PrivateFormat.TraditionalOpenSSL
    accounts = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = ec.generate_private_key(ec.SECP256R1())
    for file, private_key in (("accounts", accounts), ("server", key)):
        text = private_key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
        (folder / f"{file}.key").write_bytes(text)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test-apiserver")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@contextlib.contextmanager
def _process(folder: Path, name: str, arguments: Sequence[str]) -> Iterator[None]:
    setpriv = shutil.which("setpriv")
    # A test run that is killed takes its control plane along.
    tied = [setpriv, "--pdeathsig", "KILL", "--", *arguments] if setpriv else list(arguments)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(tied, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _answers(client: Client, path: str) -> bool:
    try:
        return bool(client.text(path, {}))
    except KubeError:
        return False


def await_true(holds: Callable[[], bool], description: str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + _START_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"in vain: {description}"
        time.sleep(0.05)


def _await(holds: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            logs = "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in folder.glob("*.log"))
            raise AssertionError(f"the control plane did not start:\n{logs}")
        time.sleep(0.05)


class Pods:
    """A kubelet for one namespace: it gives each new pod the status that ``decide`` returns."""

    def __init__(
        self, client: Client, namespace: str, decide: Callable[[dict[str, Any]], dict[str, Any] | None]
    ) -> None:
        self._client = client
        self._path = f"/api/v1/namespaces/{namespace}/pods"
        self._decide = decide
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._addresses: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(2, 250):
            self._addresses.put(number)

    def __enter__(self) -> Pods:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.05):
            with contextlib.suppress(KubeError):
                for pod in self._client.get(self._path)["items"]:
                    self._play(pod)

    def _play(self, pod: dict[str, Any]) -> None:
        path = f"{self._path}/{pod['metadata']['name']}"
        if pod["metadata"].get("deletionTimestamp"):
            self._client.request("DELETE", path, query={"gracePeriodSeconds": "0"})
            return
        status = self._decide(pod)
        if status is None or pod["status"].get("message") == "played":
            return
        if "podIP" in status:
            status["podIP"] = f"10.222.1.{self._addresses.get()}"
            status["podIPs"] = [{"ip": status["podIP"]}]
        if not pod["spec"].get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
            binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod["metadata"]["name"]}}
            self._client.request("POST", f"{path}/binding", body={**binding, "target": target})
        body = {"status": {**status, "message": "played"}}
        self._client.request("PATCH", f"{path}/status", body=body, content_type="application/merge-patch+json")


def ready_status(pod: dict[str, Any]) -> dict[str, Any]:
    """Return the status of a ready pod, or of a finished pod of a Job."""
    if pod["spec"].get("restartPolicy") == "Never":
        return {
            "phase": "Succeeded",
            "containerStatuses": [_container(pod, {"terminated": {"exitCode": 0}}, ready=False)],
        }
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": now}
        for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    ]
    return {
        "phase": "Running",
        "podIP": "",
        "startTime": now,
        "conditions": conditions,
        "containerStatuses": [_container(pod, {"running": {"startedAt": now}}, ready=True)],
    }


def failing_status(pod: dict[str, Any], reason: str, message: str) -> dict[str, Any]:
    """Return the status of a pod that cannot start."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [_container(pod, state, ready=False)]}


def crashed_status(pod: dict[str, Any], code: int) -> dict[str, Any]:
    """Return the status of a pod that has crashed and is about to restart."""
    container = _container(pod, {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}, ready=False)
    container["lastState"] = {"terminated": {"exitCode": code, "reason": "Error"}}
    return {"phase": "Running", "containerStatuses": [{**container, "restartCount": 1}]}


def _container(pod: dict[str, Any], state: dict[str, Any], *, ready: bool) -> dict[str, Any]:
    first = pod["spec"]["containers"][0]
    return {
        "name": first["name"],
        "image": first["image"],
        "imageID": "",
        "ready": ready,
        "restartCount": 0,
        "state": state,
    }
