"""Where the embedded cluster keeps its files, and the addresses it takes on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pouw.paths import state_dir

RUN_DIR = Path("/run/pouw")
"""Sockets and what a reboot may forget. One per machine: it also says whose cluster runs here."""

CONTEXT = "pouw-local"
NODE_NAME = "pouw-local"
KUBERNETES_VERSION = "v1.37.2"

MARKER = "POUW_CLUSTER_COMPONENT"
"""Environment variable of every process of the cluster: ``<home>:<component>``. It tells ours from others'."""
DIGEST = "POUW_CLUSTER_DIGEST"
"""Environment variable that says from which specification a process was started."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """The addresses. Loopback ends listen on an address of their own in 127/8, so that a user's etcd or kubelet on
    127.0.0.1 is not in the way; nothing listens on all interfaces."""

    bridge: str = "pouw0"
    gateway: str = "10.200.0.1"
    prefix: int = 24
    pods: str = "10.200.0.0/24"
    services: str = "10.201.0.0/16"
    api_service: str = "10.201.0.1"
    dns: str = "10.201.0.10"
    domain: str = "cluster.local"
    loopback: str = "127.10.200.1"
    node_ports: str = "8000-32767"

    @property
    def endpoint(self) -> str:
        return f"https://{self.gateway}:{API_PORT}"

    @property
    def etcd(self) -> str:
        return f"https://{self.loopback}:{ETCD_PORT}"


API_PORT = 6443
ETCD_PORT = 2379
ETCD_PEER_PORT = 2380
CONTROLLER_MANAGER_PORT = 10257
SCHEDULER_PORT = 10259
KUBELET_PORT = 10250
KUBELET_HEALTH_PORT = 10248
PROXY_HEALTH_PORT = 10256
PROXY_METRICS_PORT = 10249
METRICS_SERVER_PORT = 10251

NETWORK = Network()


def listeners(network: Network) -> dict[tuple[str, int], str]:
    """Every ``(address, port)`` that a component listens on, and which one it is."""
    return {
        (network.gateway, API_PORT): "kube-apiserver",
        (network.gateway, KUBELET_PORT): "kubelet",
        (network.loopback, ETCD_PORT): "etcd",
        (network.loopback, ETCD_PEER_PORT): "etcd",
        (network.loopback, CONTROLLER_MANAGER_PORT): "kube-controller-manager",
        (network.loopback, SCHEDULER_PORT): "kube-scheduler",
        (network.loopback, KUBELET_HEALTH_PORT): "kubelet",
        (network.loopback, PROXY_HEALTH_PORT): "kube-proxy",
        (network.loopback, PROXY_METRICS_PORT): "kube-proxy",
    }


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running cluster: how to reach it."""

    kubeconfig: Path
    context: str
    version: str
    endpoint: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Files of one home's cluster. ``root`` holds all that must survive a reboot; ``run`` what need not."""

    home: Path
    run: Path = RUN_DIR

    @property
    def root(self) -> Path:
        return self.home / "cluster"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def programs(self) -> Path:
        """Links that give the processes their own names."""
        return self.root / "bin"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def pod_logs(self) -> Path:
        return self.root / "pod-logs"

    @property
    def kubelet(self) -> Path:
        return self.root / "kubelet"

    @property
    def etcd(self) -> Path:
        return self.root / "etcd"

    @property
    def containerd(self) -> Path:
        return self.root / "containerd"

    @property
    def components(self) -> Path:
        """What should run: written by ``up``, read by the supervisor."""
        return self.root / "components.json"

    @property
    def observed(self) -> Path:
        """What runs: written by the supervisor."""
        return self.root / "supervisor.json"

    @property
    def before(self) -> Path:
        """What the machine looked like before the first change; ``down`` puts it back."""
        return self.root / "before.json"

    @property
    def owner(self) -> Path:
        """The home whose cluster this machine runs."""
        return self.run / "owner"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd.sock"

    @property
    def cni_state(self) -> Path:
        return self.run / "cni"

    def marker(self, component: str) -> str:
        return f"{self.home}:{component}"


def layout() -> Layout:
    """The layout of the current home."""
    return Layout(home=state_dir())
