"""Facts of this machine on which the cluster depends. Nothing here changes the machine."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pouw.cluster import machine, processes
from pouw.cluster.detached import SYSTEM_PATH
from pouw.cluster.layout import Layout, listeners
from pouw.cluster.preflight import Facts, Listener

_PROC_NET = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTEN = "0A"

FEATURES: Mapping[str, tuple[str, ...]] = {
    "bridge interfaces": ("ip", "link", "add", "pouwtest", "type", "bridge"),
    "veth interfaces": ("ip", "link", "add", "pouwtesta", "type", "veth", "peer", "name", "pouwtestb"),
    **{
        f"netfilter: {name}": ("iptables", "-t", table, "-A", chain, *rule.split())
        for name, table, chain, rule in (
            ("conntrack match", "filter", "FORWARD", "-m conntrack --ctstate RELATED -j ACCEPT"),
            ("comment match", "filter", "INPUT", "-m comment --comment pouw -j ACCEPT"),
            ("addrtype match", "nat", "PREROUTING", "-m addrtype --dst-type LOCAL -j ACCEPT"),
            ("statistic match", "nat", "OUTPUT", "-m statistic --mode random --probability 0.5 -j ACCEPT"),
            ("mark target", "nat", "OUTPUT", "-j MARK --or-mark 0x4000"),
            ("MASQUERADE target", "nat", "POSTROUTING", "-j MASQUERADE"),
            ("DNAT target", "nat", "OUTPUT", "-p tcp -j DNAT --to-destination 192.0.2.1:1"),
            ("REJECT target", "filter", "FORWARD", "-j REJECT"),
        )
    },
}
"""A command that needs each kernel feature. Each runs in its own network namespace, which ends with it."""


def gather(layout: Layout) -> Facts:
    """Return facts that are known without any program that may be missing."""
    existing = next(path for path in (layout.home, *layout.home.parents) if path.exists())
    owner = layout.owner.read_text() if layout.owner.exists() else ""
    running = list(processes.scan())
    pids = {process.pid for process in running if process.home == str(layout.home)}
    network = layout.network
    return Facts(
        system=platform.system(),
        home=layout.home,
        writable=existing.is_dir() and os.access(existing, os.W_OK),
        free_bytes=shutil.disk_usage(existing).free,
        memory_bytes=_memory(),
        fresh=not layout.before.exists(),
        listeners=[listener for listener in all_listeners() if listener.pid not in pids],
        ports=listeners(network),
        networks=[network.pods, network.services],
        bridge=network.bridge,
        routes=_routes(),
        owner=owner or next((process.home for process in running if process.home != str(layout.home)), ""),
        foreign_chains=[] if layout.before.exists() else _kubernetes_chains(),
        filesystems=Path("/proc/filesystems").read_text().split(),
        namespaces=sorted(path.name for path in Path("/proc/self/ns").iterdir()),
        controllers=_controllers(),
    )


def gather_features() -> Mapping[str, str]:
    """Return the kernel features that are missing, with the kernel's message. Needs ``ip`` and ``iptables``."""
    missing = {}
    for name, command in FEATURES.items():
        process = subprocess.run(
            ["unshare", "--net", *command],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": SYSTEM_PATH},
        )
        if process.returncode != 0:
            missing[name] = process.stderr.strip()[-200:]
    return missing


def _memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def all_listeners() -> list[Listener]:
    """Return every listening TCP socket with the process that holds it."""
    sockets: dict[str, tuple[str, int]] = {}
    for table in _PROC_NET:
        path = Path(table)
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] == _LISTEN:
                host, port = fields[1].split(":")
                sockets[fields[9]] = (parse_address(host), int(port, 16))
    holders = _holders(set(sockets))
    return [
        Listener(address=address, port=port, pid=holders.get(inode, 0), program=_program(holders.get(inode, 0)))
        for inode, (address, port) in sockets.items()
    ]


def parse_address(text: str) -> str:
    """Return an address of ``/proc/net/tcp`` or ``tcp6``: words of four bytes, each in the machine's byte order."""
    raw = b"".join(bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8))
    address = ipaddress.ip_address(raw)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _holders(inodes: set[str]) -> dict[str, int]:
    inode_of = {f"socket:[{inode}]": inode for inode in inodes}
    holders: dict[str, int] = {}
    for entry in processes.PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):  # the process has ended, or belongs to another user
            for handle in (entry / "fd").iterdir():
                with contextlib.suppress(OSError):  # closed since it was listed, such as the handle of this listing
                    if inode := inode_of.get(str(handle.readlink())):
                        holders[inode] = int(entry.name)
    return holders


def _program(pid: int) -> str:
    try:
        return (processes.PROC / str(pid) / "comm").read_text().strip() if pid else "unknown"
    except OSError:
        return "unknown"


def _routes() -> list[tuple[str, str]]:
    """Return ``(network, interface)`` of the main table without the default route, from ``/proc/net/route``."""
    routes = []
    path = Path("/proc/net/route")
    for line in path.read_text().splitlines()[1:] if path.exists() else ():
        fields = line.split()
        target, mask = parse_address(fields[1]), parse_address(fields[7])
        if mask != "0.0.0.0":  # noqa: S104 - a netmask, not a listener
            routes.append((str(ipaddress.ip_network(f"{target}/{mask}")), fields[0]))
    return routes


def _kubernetes_chains() -> list[str]:
    """Return the chains of another Kubernetes node on this machine."""
    if shutil.which("iptables-save", path=SYSTEM_PATH) is None:
        return []
    return [name for name in machine.chains(machine.saved_rules("iptables")) if "/KUBE-" in name]


def _controllers() -> list[str]:
    version_2 = machine.CGROUPS / "cgroup.controllers"
    if version_2.exists():
        return version_2.read_text().split()
    if not machine.CGROUPS.exists():
        return []
    return [name for root in machine.cgroup_roots() for name in root.name.split(",")]
