"""What the cluster changes on the machine outside its folders: kernel settings, bridge, packet rules, cgroups."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.faults import Fault
from pouw.cluster.configuration import CGROUP_ROOT
from pouw.cluster.detached import SYSTEM_PATH
from pouw.cluster.layout import Layout, Network
from pouw.errors import ClusterError
from pouw.files import write_private

CGROUPS = Path("/sys/fs/cgroup")
SYSCTL = Path("/proc/sys")

SETTINGS: Mapping[str, str | None] = {
    "net/ipv4/ip_forward": "1",
    "net/bridge/bridge-nf-call-iptables": "1",
    # Set by kube-proxy, so that node ports answer on 127.0.0.1; it also adds the rule that keeps others out of 127/8.
    "net/ipv4/conf/all/route_localnet": None,
    # Set by the kubelet.
    "vm/overcommit_memory": None,
    "kernel/panic": None,
    "kernel/panic_on_oops": None,
    "kernel/keys/root_maxkeys": None,
    "kernel/keys/root_maxbytes": None,
}
"""Kernel settings that change while the cluster runs, and the value that ``up`` gives (None: a component gives it)."""

FOLDERS = ("/var/lib/cni", "/var/lib/cni/results", "/var/log/containers", "/etc/cdi", "/var/lib/kubelet", "/opt/cni")
"""Folders with fixed names that components may make."""

FAMILIES = ("iptables", "ip6tables")


@dataclass(frozen=True, kw_only=True)
class Before:
    """The machine before the first change: what ``down`` restores, and what it must not take away."""

    settings: Mapping[str, str]
    chains: Mapping[str, Sequence[str]]
    """Family to its user chains, as ``table/NAME``."""
    folders: Sequence[str]


def run(*command: str, given: str | None = None) -> str:
    """The command's output.

    Raises:
        ClusterError: it failed; the fault carries what it said.
    """
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, check=False, env={"PATH": SYSTEM_PATH, "LC_ALL": "C"}
    )
    if done.returncode != 0:
        raise ClusterError(
            Fault(
                path=command[0],
                message=f"{' '.join(command)[:200]} failed with {done.returncode}",
                got=(done.stderr or done.stdout).strip()[-600:],
                remedy="pouw cluster down, then up, starts from a clean machine",
            )
        )
    return done.stdout


def saved_rules(family: str) -> str:
    """All packet rules of a family; nothing where the machine has no such family."""
    done = subprocess.run(
        [f"{family}-save"], capture_output=True, text=True, check=False, env={"PATH": SYSTEM_PATH, "LC_ALL": "C"}
    )
    return done.stdout if done.returncode == 0 else ""


def chains(saved: str) -> list[str]:
    """User chains in the output of ``iptables-save``, as ``table/NAME``."""
    table, found = "", []
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            name, policy = line[1:].split()[:2]
            if policy == "-":
                found.append(f"{table}/{name}")
    return found


def remember(layout: Layout) -> Before:
    """What the machine looked like before the first change. A second call reads what the first wrote."""
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
    """What ``remember`` wrote; where that is lost, nothing is known: no setting is restored, no folder was ours."""
    if not layout.before.exists():
        return Before(settings={}, chains={}, folders=FOLDERS)
    return Before(**json.loads(layout.before.read_text()))


def prepare(network: Network) -> None:
    """Settings, bridge, rules and cgroups; each step leaves alone what is already so."""
    _prepare_bridge(network)
    for name, value in SETTINGS.items():
        path = SYSCTL / name
        if value is not None and path.exists() and path.read_text().strip() != value:
            path.write_text(value)
    saved = saved_rules("iptables")
    run("iptables-restore", "--noflush", "--wait", "10", given=own_rules(network, saved))
    for controller in cgroup_roots():
        _prepare_cgroup(controller)


def _prepare_bridge(network: Network) -> None:
    known = {link["ifname"] for link in json.loads(run("ip", "-json", "link", "show"))}
    if network.bridge not in known:
        run("ip", "link", "add", network.bridge, "type", "bridge")
    # A bridge takes the lowest address of its ports unless it has one of its own; pods cache the gateway's.
    run("ip", "link", "set", network.bridge, "address", "02:00:0a:c8:00:01", "up")
    run("ip", "address", "replace", f"{network.gateway}/{network.prefix}", "dev", network.bridge)


def own_rules(network: Network, saved: str) -> str:
    """Input for ``iptables-restore --noflush``: our chains made new, and jumps to them where ``saved`` has none.

    Pods reach each other and the world; other machines reach neither pods nor the API server, even if they route here.
    """
    bridge, pods = network.bridge, network.pods
    tables = {
        "filter": {
            "POUW-INPUT": [f"-d {network.gateway}/32 ! -i {bridge} -m addrtype ! --src-type LOCAL -j DROP"],
            "POUW-FORWARD": [
                f"-i {bridge} -j ACCEPT",
                f"-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                f"-o {bridge} -j DROP",
            ],
        },
        "nat": {"POUW-POSTROUTING": [f"-s {pods} ! -d {pods} ! -o {bridge} -j MASQUERADE"]},
    }
    lines: list[str] = []
    for table, own in tables.items():
        lines.append(f"*{table}")
        lines += [f":{chain} - [0:0]" for chain in own]
        for chain, rules in own.items():
            jump = f"{chain.removeprefix('POUW-')} -j {chain}"
            lines += [f"-A {chain} {rule}" for rule in rules]
            if f"-A {jump}" not in saved.splitlines():
                lines.append(f"-I {jump}")
        lines.append("COMMIT")
    return "\n".join(lines) + "\n"


def cgroup_roots() -> list[Path]:
    """Where cgroups hang: every version 1 hierarchy, and version 2's."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return sorted(path for path in CGROUPS.iterdir() if (path / "cgroup.procs").exists() and not path.is_symlink())


def _prepare_cgroup(root: Path) -> None:
    own = root / CGROUP_ROOT.lstrip("/")
    if (root / "cgroup.controllers").exists() and root == CGROUPS:
        wanted = set((root / "cgroup.controllers").read_text().split()) & {"cpu", "cpuset", "memory", "pids", "io"}
        (root / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(wanted)))
    own.mkdir(exist_ok=True)
    # A version 1 cpuset starts with no processors and no memory, and nothing can run in it.
    for name in ("cpuset.cpus", "cpuset.mems"):
        if root.name == "cpuset" and not (own / name).read_text().strip():
            (own / name).write_text((root / name).read_text())
