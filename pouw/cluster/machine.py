"""Changes to the machine outside the cluster's folders: kernel settings, bridge, packet rules and cgroups."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.faults import Fault
from pouw.cluster.detached import SYSTEM_PATH
from pouw.cluster.layout import Layout, Network
from pouw.errors import ClusterError
from pouw.files import write_private

CGROUPS = Path("/sys/fs/cgroup")
SYSCTL = Path("/proc/sys")

SETTINGS: Mapping[str, str | None] = {
    "net/ipv4/ip_forward": "1",
    "net/bridge/bridge-nf-call-iptables": "1",
    # Set by kube-proxy, so that node ports answer on 127.0.0.1. It also adds the rule that protects 127/8.
    "net/ipv4/conf/all/route_localnet": None,
    # Set by the kubelet.
    "vm/overcommit_memory": None,
    "kernel/panic": None,
    "kernel/panic_on_oops": None,
    "kernel/keys/root_maxkeys": None,
    "kernel/keys/root_maxbytes": None,
}
"""Kernel settings that change while the cluster runs, with the value that ``up`` writes (None: a component does)."""

FOLDERS = ("/var/lib/cni", "/var/lib/cni/results", "/var/log/containers", "/etc/cdi", "/var/lib/kubelet", "/opt/cni")
"""Folders with fixed names that components may create."""

FAMILIES = ("iptables", "ip6tables")


@dataclass(frozen=True, kw_only=True)
class Before:
    """The machine before the first change. ``down`` restores the settings and keeps the chains and folders."""

    settings: Mapping[str, str]
    chains: Mapping[str, Sequence[str]]
    """User chains of each family, as ``table/NAME``."""
    folders: Sequence[str]


def run(*command: str, text: str | None = None) -> str:
    """Return the output of a command. ``text`` is its standard input.

    Raises:
        ClusterError: the command failed. The fault holds its output.
    """
    process = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, env={"PATH": SYSTEM_PATH, "LC_ALL": "C"}
    )
    if process.returncode != 0:
        raise ClusterError(
            Fault(
                path=command[0],
                message=f"{' '.join(command)[:200]} failed with {process.returncode}",
                got=(process.stderr or process.stdout).strip()[-600:],
                remedy="run `pouw cluster down`, then `pouw cluster up`",
            )
        )
    return process.stdout


def saved_rules(family: str) -> str:
    """Return all packet rules of a family; empty if the machine has no such family."""
    process = subprocess.run(
        [f"{family}-save"], capture_output=True, text=True, check=False, env={"PATH": SYSTEM_PATH, "LC_ALL": "C"}
    )
    return process.stdout if process.returncode == 0 else ""


def chains(saved: str) -> list[str]:
    """Return the user chains in the output of ``iptables-save``, as ``table/NAME``."""
    table, names = "", []
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            name, policy = line[1:].split()[:2]
            if policy == "-":
                names.append(f"{table}/{name}")
    return names


def remember(layout: Layout) -> Before:
    """Record the state of the machine before the first change. Later calls return that record."""
    if layout.before.exists():
        return recall(layout)
    before = Before(
        settings={name: (SYSCTL / name).read_text().strip() for name in SETTINGS if (SYSCTL / name).exists()},
        chains={family: chains(saved_rules(family)) for family in FAMILIES},
        folders=[folder for folder in FOLDERS if Path(folder).exists()],
    )
    write_private(layout.before, json.dumps(asdict(before), indent=1))
    return before


def recall(layout: Layout) -> Before:
    """Return the record. If it is lost, no setting is restored and no folder is removed."""
    if not layout.before.exists():
        return Before(settings={}, chains={}, folders=FOLDERS)
    return Before(**json.loads(layout.before.read_text()))


def prepare(network: Network) -> None:
    """Establish settings, bridge, rules and cgroups. Each step leaves alone what exists already."""
    _prepare_bridge(network)
    for name, value in SETTINGS.items():
        path = SYSCTL / name
        if value is not None and path.exists() and path.read_text().strip() != value:
            path.write_text(value)
    saved = saved_rules("iptables")
    run("iptables-restore", "--noflush", "--wait", "10", text=filter_rules(network, saved))
    for root in cgroup_roots():
        _prepare_cgroup(root, network)


def _prepare_bridge(network: Network) -> None:
    names = {link["ifname"] for link in json.loads(run("ip", "-json", "link", "show"))}
    if network.bridge not in names:
        run("ip", "link", "add", network.bridge, "type", "bridge")
    # Without an address of its own, a bridge takes the lowest one of its ports, and pods cache the gateway's.
    run("ip", "link", "set", network.bridge, "address", network.hardware_address, "up")
    run("ip", "address", "replace", f"{network.gateway}/{network.prefix}", "dev", network.bridge)


def filter_rules(network: Network, saved: str) -> str:
    """Return input for ``iptables-restore --noflush``: the cluster's chains, and jumps to them if ``saved`` has none.

    Pods reach each other and the internet. Other machines reach neither pods nor the API server, even with a route.
    """
    bridge, pods, prefix = network.bridge, network.pods, network.chain_prefix
    tables = {
        "filter": {
            f"{prefix}INPUT": [f"-d {network.gateway}/32 ! -i {bridge} -m addrtype ! --src-type LOCAL -j DROP"],
            f"{prefix}FORWARD": [
                f"-i {bridge} -j ACCEPT",
                f"-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                f"-o {bridge} -j DROP",
            ],
        },
        "nat": {f"{prefix}POSTROUTING": [f"-s {pods} ! -d {pods} ! -o {bridge} -j MASQUERADE"]},
    }
    lines: list[str] = []
    for table, chains_of_table in tables.items():
        lines.append(f"*{table}")
        lines += [f":{chain} - [0:0]" for chain in chains_of_table]
        for chain, rules in chains_of_table.items():
            jump = f"{chain.removeprefix(prefix)} -j {chain}"
            lines += [f"-A {chain} {rule}" for rule in rules]
            if f"-A {jump}" not in saved.splitlines():
                lines.append(f"-I {jump}")
        lines.append("COMMIT")
    return "\n".join(lines) + "\n"


def cgroup_roots() -> list[Path]:
    """Return the root of every version 1 hierarchy, or that of version 2."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return sorted(path for path in CGROUPS.iterdir() if (path / "cgroup.procs").exists() and not path.is_symlink())


def cgroup(root: Path, network: Network) -> Path:
    """Return the parent of the pods' cgroups in one hierarchy."""
    return root / network.cgroup.lstrip("/")


def _prepare_cgroup(root: Path, network: Network) -> None:
    parent = cgroup(root, network)
    if (root / "cgroup.controllers").exists() and root == CGROUPS:
        controllers = set((root / "cgroup.controllers").read_text().split()) & {"cpu", "cpuset", "memory", "pids", "io"}
        (root / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(controllers)))
    parent.mkdir(exist_ok=True)
    # A new version 1 cpuset has no processors and no memory, so no process can run in it.
    for name in ("cpuset.cpus", "cpuset.mems"):
        if root.name == "cpuset" and not (parent / name).read_text().strip():
            (parent / name).write_text((root / name).read_text())
