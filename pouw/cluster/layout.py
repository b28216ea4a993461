"""Files and addresses of one embedded cluster: values that the command passes, so that several can be described."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pouw.home import Home

RUN_DIR = Path("/run/pouw")
"""Parent of the sockets and of everything else that a reboot may remove."""
MACHINE_LOCK = Path("/run/pouw-cluster.lock")
"""Lock of every change to this machine's clusters, because they share its kernel settings and packet rules."""
LOCK_SECONDS = 900.0

CONTEXT = "pouw-local"
NODE_NAME = "pouw-local"
KUBERNETES_VERSION = "v1.37.2"

MARKER = "POUW_CLUSTER_COMPONENT"
"""Environment variable of every process of a cluster: ``<home>:<component>``. It identifies the process."""
DIGEST = "POUW_CLUSTER_DIGEST"
"""Environment variable with the digest of the specification from which a process was started."""

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


@dataclass(frozen=True, kw_only=True)
class Network:
    """Bridge and address ranges of a cluster.

    Components that serve only this machine listen on an address of their own in 127/8, so that another etcd or kubelet
    on 127.0.0.1 does not collide. No component listens on all interfaces.
    """

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
        """URL of the API server."""
        return f"https://{self.gateway}:{API_PORT}"

    @property
    def etcd(self) -> str:
        """URL of etcd."""
        return f"https://{self.loopback}:{ETCD_PORT}"

    @property
    def hardware_address(self) -> str:
        """Hardware address of the bridge, derived from the gateway's address."""
        return ":".join(f"{byte:02x}" for byte in (2, 0, *ipaddress.IPv4Address(self.gateway).packed))

    @property
    def cgroup(self) -> str:
        """Parent of every pod's cgroup, so that everything below it belongs to this cluster."""
        return f"/{self.bridge}"

    @property
    def chain_prefix(self) -> str:
        """Prefix of the packet filter chains that ``up`` creates."""
        return f"{self.bridge.upper()}-"


def listeners(network: Network) -> dict[tuple[str, int], str]:
    """Return every ``(address, port)`` on which a component listens, with that component."""
    return {
        (network.gateway, API_PORT): "kube-apiserver",
        (network.gateway, KUBELET_PORT): "kubelet",
        (network.gateway, METRICS_SERVER_PORT): "metrics-server",
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
    """Access to a running cluster."""

    kubeconfig: Path
    context: str
    version: str
    endpoint: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Files and network of one home's cluster.

    ``root`` holds everything that must survive a reboot, ``run`` the rest. Two clusters differ in home and network.
    """

    home: Path
    network: Network = Network()
    run_parent: Path = RUN_DIR

    @classmethod
    def of_home(cls, home: Home, network: Network = Network()) -> Layout:
        """Return the layout of a home's cluster."""
        return cls(home=home.state, network=network)

    @classmethod
    def from_argument(cls, argument: str) -> Layout:
        """Return the layout that :attr:`argument` describes."""
        document: Mapping[str, object] = json.loads(argument)
        network = document["network"]
        assert isinstance(network, dict), "written by Layout.argument"  # noqa: S101
        return cls(
            home=Path(str(document["home"])),
            network=Network(**network),
            run_parent=Path(str(document["run_parent"])),
        )

    @property
    def argument(self) -> str:
        """This layout as an argument of the supervisor and of the programs that it starts."""
        return json.dumps(asdict(self), default=str)

    @property
    def root(self) -> Path:
        """Folder of everything that must survive a reboot."""
        return self.home / "cluster"

    @property
    def run(self) -> Path:
        """Folder of the sockets and of everything else that a reboot may remove."""
        return self.run_parent / self.network.bridge

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Folder of keys and certificates."""
        return self.root / "pki"

    @property
    def config(self) -> Path:
        """Folder of the components' configuration files."""
        return self.root / "config"

    @property
    def logs(self) -> Path:
        """Folder of the components' logs."""
        return self.root / "logs"

    @property
    def programs(self) -> Path:
        """Folder of links that give the processes their own names."""
        return self.root / "bin"

    @property
    def volumes(self) -> Path:
        """Folder of the claims' data."""
        return self.root / "volumes"

    @property
    def pod_logs(self) -> Path:
        """Folder of the containers' logs."""
        return self.root / "pod-logs"

    @property
    def kubelet(self) -> Path:
        """Root folder of the kubelet."""
        return self.root / "kubelet"

    @property
    def etcd(self) -> Path:
        """Data folder of etcd."""
        return self.root / "etcd"

    @property
    def containerd(self) -> Path:
        """Root folder of containerd."""
        return self.root / "containerd"

    @property
    def components(self) -> Path:
        """List of the components to run, written by ``up`` and read by the supervisor."""
        return self.root / "components.json"

    @property
    def observed(self) -> Path:
        """State of the components, written by the supervisor."""
        return self.root / "supervisor.json"

    @property
    def before(self) -> Path:
        """State of the machine before the first change. ``down`` restores it."""
        return self.root / "before.json"

    @property
    def fingerprint(self) -> Path:
        """Digest of everything that a finished ``up`` established."""
        return self.root / "done"

    @property
    def owner(self) -> Path:
        """File that names the home whose cluster uses the network."""
        return self.run / "owner"

    @property
    def supervisor_lock(self) -> Path:
        """Lock that a living supervisor holds."""
        return self.run / "supervisor.lock"

    @property
    def containerd_socket(self) -> Path:
        """Socket of containerd."""
        return self.run / "containerd.sock"

    @property
    def cni_state(self) -> Path:
        """Folder of the addresses that pods have."""
        return self.run / "cni"

    def marker(self, component: str) -> str:
        """Return the value of ``MARKER`` for a component."""
        return f"{self.home}:{component}"
