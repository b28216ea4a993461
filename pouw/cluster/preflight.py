"""The checks before the first change: from facts of this machine to the faults that keep a cluster from running."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault
from pouw.errors import ClusterError

LEAST_FREE_BYTES = 3 * 1024**3
LEAST_MEMORY_BYTES = 1536 * 1024**2
LONGEST_HOME = 60
"""In characters, because the kernel allows 107 for the paths of the kubelet's sockets below the home."""
_ALL_INTERFACES = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
_OTHER_CLUSTER = "name the context of another cluster in pouw:sites[].context"
_CONTROLLERS = {"cpu", "cpuset", "memory", "pids"}
_NAMESPACES = {"ipc", "mnt", "net", "pid", "uts"}


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A listening TCP socket and the process that holds it."""

    address: str
    port: int
    pid: int
    program: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts of a machine."""

    system: str
    home: Path
    writable: bool
    free_bytes: int
    memory_bytes: int
    """Available memory, not total memory."""
    fresh: bool
    """True if no cluster of this home has changed the machine yet."""
    listeners: Sequence[Listener]
    """Sockets of all processes but the cluster's own."""
    ports: Mapping[tuple[str, int], str]
    """Addresses and ports that the cluster needs, each with its component."""
    networks: Sequence[str]
    """Address ranges that the cluster needs."""
    bridge: str
    routes: Sequence[tuple[str, str]]
    """``(network, interface)``, without the default route."""
    owner: str
    """Home of the cluster that this machine runs; empty if there is none."""
    foreign_chains: Sequence[str]
    """Chains of another Kubernetes node."""
    filesystems: Collection[str]
    namespaces: Collection[str]
    controllers: Collection[str]


def preflight(facts: Facts) -> list[Fault]:
    """Return every fault of a machine."""
    if facts.system != "Linux":
        return [
            Fault(
                path="machine",
                message="the embedded cluster needs Linux",
                got=facts.system,
                expected="Linux, as root",
                remedy=f"run pouw in a Linux virtual machine, or {_OTHER_CLUSTER}",
            )
        ]
    if facts.owner and facts.owner != str(facts.home):
        return [*_folders(facts), *_resources(facts), other_home(facts.owner, facts.home)]
    return [*_folders(facts), *_resources(facts), *_ports(facts), *_addresses(facts), *_kernel(facts)]


def check(facts: Facts) -> None:
    """Raise ClusterError with every fault of a machine that has one."""
    if faults := preflight(facts):
        raise ClusterError(*faults)


def require_root(uid: int) -> None:
    """Raise ClusterError unless the user is root."""
    if uid != 0:
        raise ClusterError(
            Fault(
                path="user",
                message="the embedded cluster needs root, because it creates namespaces, interfaces and packet rules",
                got=f"user id {uid}",
                expected="user id 0",
                remedy=f"run it with sudo -E, or {_OTHER_CLUSTER}",
            )
        )


def check_features(missing: Mapping[str, str]) -> None:
    """Raise ClusterError if the trial of a kernel feature failed."""
    if missing:
        raise ClusterError(
            *(
                Fault(
                    path="kernel",
                    message=f"{name} cannot be used",
                    got=output,
                    remedy=f"load the kernel module, or {_OTHER_CLUSTER}",
                )
                for name, output in missing.items()
            )
        )


def other_home(owner: str, home: Path) -> Fault:
    """Return the fault of a machine that runs the cluster of ``owner`` while ``home`` needs one."""
    return Fault(
        path="cluster",
        message="this machine runs the embedded cluster of another home",
        got=owner,
        expected=f"no cluster, or that of {home}",
        reason="the packet filter chains of kube-proxy have fixed names",
        remedy=f"use that cluster, or remove it with `POUW_HOME={owner} pouw cluster down`",
    )


def _folders(facts: Facts) -> Iterator[Fault]:
    if not facts.writable:
        yield Fault(
            path=str(facts.home),
            message="the state folder cannot be written",
            remedy="set POUW_HOME to a folder that can be written",
        )
    if len(str(facts.home)) > LONGEST_HOME:
        yield Fault(
            path=str(facts.home),
            message="the path of the state folder is too long for the sockets below it",
            got=f"{len(str(facts.home))} characters",
            expected=f"at most {LONGEST_HOME}",
            remedy="set POUW_HOME to a shorter path",
        )


def _resources(facts: Facts) -> Iterator[Fault]:
    if facts.free_bytes < LEAST_FREE_BYTES:
        yield Fault(
            path=str(facts.home),
            message="there is too little free disk space",
            got=f"{facts.free_bytes / 1024**3:.1f} GiB",
            expected=f"at least {LEAST_FREE_BYTES / 1024**3:.0f} GiB",
            remedy="free some space, or set POUW_HOME to a folder on a larger disk",
        )
    if facts.fresh and facts.memory_bytes < LEAST_MEMORY_BYTES:
        yield Fault(
            path="memory",
            message="there is too little available memory",
            got=f"{facts.memory_bytes / 1024**2:.0f} MiB",
            expected=f"at least {LEAST_MEMORY_BYTES / 1024**2:.0f} MiB",
            remedy="end other programs",
        )


def _ports(facts: Facts) -> Iterator[Fault]:
    for (address, port), component in facts.ports.items():
        for listener in facts.listeners:
            if listener.port == port and listener.address in (address, *_ALL_INTERFACES):
                yield Fault(
                    path=f"{address}:{port}",
                    message=f"the port that {component} needs is in use",
                    got=f"{listener.program} (process {listener.pid}) on {listener.address}",
                    expected="a free port",
                    remedy=f"end process {listener.pid}, or configure it to listen on another address",
                )


def _addresses(facts: Facts) -> Iterator[Fault]:
    for network in map(ipaddress.ip_network, facts.networks):
        for route, interface in facts.routes:
            if interface != facts.bridge and network.overlaps(ipaddress.ip_network(route)):
                yield Fault(
                    path="network",
                    message="an address range of the cluster is already routed on this machine",
                    got=f"{route} on {interface}",
                    expected=f"no route to {network}",
                    remedy=f"remove that route (ip route del {route}), or run the cluster on another machine",
                )
    if facts.foreign_chains:
        yield Fault(
            path="network",
            message="another Kubernetes node runs, or has run, on this machine",
            got=f"packet rules {', '.join(facts.foreign_chains[:3])}",
            expected="no KUBE-* chains",
            remedy="use that cluster through pouw:sites[].context, or remove it (kubeadm reset, k3s-uninstall.sh)",
        )


def _kernel(facts: Facts) -> Iterator[Fault]:
    lacking = {
        "the overlay file system": {"overlay"} - set(facts.filesystems),
        "namespaces": _NAMESPACES - set(facts.namespaces),
        "cgroup controllers": _CONTROLLERS - set(facts.controllers),
    }
    for name, missing in lacking.items():
        if missing:
            yield Fault(
                path="kernel",
                message=f"the kernel lacks {name}",
                got=f"no {', '.join(sorted(missing))}",
                remedy="run `modprobe overlay`" if "overlay" in missing else "use a kernel that has them",
            )
