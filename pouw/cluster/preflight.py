"""Whether this machine can run the cluster: facts in, faults out. Asked before anything is changed."""

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
"""Characters: sockets of the kubelet below the home must fit into the 107 that the kernel allows."""
_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
_CONTROLLERS = {"cpu", "cpuset", "memory", "pids"}
_NAMESPACES = {"ipc", "mnt", "net", "pid", "uts"}


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A listening TCP socket and who holds it."""

    address: str
    port: int
    pid: int
    program: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the decision rests on."""

    system: str
    home: Path
    writable: bool
    free_bytes: int
    memory_bytes: int
    """Available, not total."""
    fresh: bool
    """No cluster of this home has changed the machine yet."""
    listeners: Sequence[Listener]
    """Without our own."""
    wanted: Mapping[tuple[str, int], str]
    networks: Sequence[str]
    routes: Sequence[tuple[str, str]]
    """``(network, interface)``, without the default route."""
    owner: str
    """Home of the cluster that this machine runs; empty for none."""
    foreign_chains: Sequence[str]
    """Chains of another Kubernetes node."""
    filesystems: Collection[str]
    namespaces: Collection[str]
    controllers: Collection[str]


def preflight(facts: Facts) -> list[Fault]:
    """Everything that stands in the way; empty when nothing does."""
    if facts.system != "Linux":
        return [
            Fault(
                path="machine",
                message="the embedded cluster needs Linux",
                got=facts.system,
                expected="Linux, as root",
                remedy="run pouw in a Linux virtual machine, or name a context of your own in pouw:sites[].context",
            )
        ]
    if facts.owner and facts.owner != str(facts.home):
        return [*_folders(facts), *_resources(facts), other_home(facts.owner, facts.home)]
    return [*_folders(facts), *_resources(facts), *_ports(facts), *_addresses(facts), *_kernel(facts)]


def check(facts: Facts) -> None:
    """Raises: ClusterError: with every fault."""
    if faults := preflight(facts):
        raise ClusterError(*faults)


def require_root(uid: int) -> None:
    """Raises: ClusterError: the user is not root."""
    if uid != 0:
        raise ClusterError(
            Fault(
                path="user",
                message="the embedded cluster needs root: it makes namespaces, interfaces and packet rules",
                got=f"user id {uid}",
                expected="user id 0",
                remedy="run it with sudo -E, or name a context of your own in pouw:sites[].context",
            )
        )


def check_features(missing: Mapping[str, str]) -> None:
    """Raises: ClusterError: the kernel lacks something, as found by trying it."""
    if missing:
        raise ClusterError(
            *(
                Fault(
                    path="kernel",
                    message=f"{name} cannot be used",
                    got=said,
                    remedy="load the kernel module, or name a context of your own in pouw:sites[].context",
                )
                for name, said in missing.items()
            )
        )


def other_home(owner: str, home: Path) -> Fault:
    """The cluster of ``owner`` runs here, and ``home`` wants one."""
    return Fault(
        path="cluster",
        message="this machine runs the embedded cluster of another home, and can run only one",
        got=owner,
        expected=f"none, or that of {home}",
        remedy=f"use that one, or end it: POUW_HOME={owner} pouw cluster down",
    )


def _folders(facts: Facts) -> Iterator[Fault]:
    if not facts.writable:
        yield Fault(
            path=str(facts.home),
            message="the state directory cannot be written",
            remedy="set POUW_HOME to a folder that can",
        )
    if len(str(facts.home)) > LONGEST_HOME:
        yield Fault(
            path=str(facts.home),
            message="the state directory's path is too long for the sockets below it",
            got=f"{len(str(facts.home))} characters",
            expected=f"at most {LONGEST_HOME}",
            remedy="set POUW_HOME to a shorter one",
        )


def _resources(facts: Facts) -> Iterator[Fault]:
    if facts.free_bytes < LEAST_FREE_BYTES:
        yield Fault(
            path=str(facts.home),
            message="too little free disk space",
            got=f"{facts.free_bytes / 1024**3:.1f} GiB",
            expected=f"{LEAST_FREE_BYTES / 1024**3:.0f} GiB",
            remedy="free some, or set POUW_HOME to a larger disk",
        )
    if facts.fresh and facts.memory_bytes < LEAST_MEMORY_BYTES:
        yield Fault(
            path="memory",
            message="too little available memory",
            got=f"{facts.memory_bytes / 1024**2:.0f} MiB",
            expected=f"{LEAST_MEMORY_BYTES / 1024**2:.0f} MiB",
            remedy="end other programs",
        )


def _ports(facts: Facts) -> Iterator[Fault]:
    for (address, port), component in facts.wanted.items():
        for other in facts.listeners:
            if other.port == port and other.address in (address, *_ANY):
                yield Fault(
                    path=f"{address}:{port}",
                    message=f"the port that {component} needs is in use",
                    got=f"{other.program} (process {other.pid}) on {other.address}",
                    expected="a free port",
                    remedy=f"end process {other.pid}, or have it listen on an address of its own",
                )


def _addresses(facts: Facts) -> Iterator[Fault]:
    for wanted in map(ipaddress.ip_network, facts.networks):
        for route, interface in facts.routes:
            if interface != "pouw0" and wanted.overlaps(ipaddress.ip_network(route)):
                yield Fault(
                    path="network",
                    message="an address range of the cluster is already routed on this machine",
                    got=f"{route} on {interface}",
                    expected=f"{wanted} to be free",
                    remedy=f"remove that route (ip route del {route}), or run the cluster on another machine",
                )
    if facts.foreign_chains:
        yield Fault(
            path="network",
            message="another Kubernetes node runs, or has run, on this machine",
            got=f"packet rules {', '.join(facts.foreign_chains[:3])}",
            expected="no KUBE-* rules",
            remedy="use that cluster through pouw:sites[].context, or remove it (kubeadm reset, k3s-uninstall.sh)",
        )


def _kernel(facts: Facts) -> Iterator[Fault]:
    lacking = {
        "overlay file system": {"overlay"} - set(facts.filesystems),
        "namespaces": _NAMESPACES - set(facts.namespaces),
        "cgroup controllers": _CONTROLLERS - set(facts.controllers),
    }
    for name, missing in lacking.items():
        if missing:
            yield Fault(
                path="kernel",
                message=f"{name} missing",
                got=f"no {', '.join(sorted(missing))}",
                remedy="modprobe overlay" if "overlay" in missing else "use a kernel that has them",
            )
