"""``pouw cluster down``: remove everything that the cluster put on this machine, and nothing else."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from infra.faults import Fault
from pouw import locks, poll
from pouw.cluster import cleanup, machine, preflight, processes
from pouw.cluster.layout import LOCK_SECONDS, MACHINE_LOCK, Layout
from pouw.errors import ClusterError
from pouw.progress import Progress, Step

_DETACH = 2
"""``MNT_DETACH``: a mount that is in use disappears with its last user."""
_GONE_SECONDS = 15.0
_INTERVAL_SECONDS = 0.05
_RESTARTERS = ("watchdog", "supervisor", "kubelet")
"""Components to end first, in this order, because each of them starts the processes that are ended after it."""

_VALUES_WHILE_RUNNING = {
    "net/ipv4/ip_forward": {"1"},
    "net/bridge/bridge-nf-call-iptables": {"1"},
    "net/ipv4/conf/all/route_localnet": {"1"},
    "vm/overcommit_memory": {"1"},
    "kernel/panic": {"10"},
    "kernel/panic_on_oops": {"1"},
    "kernel/keys/root_maxkeys": {"1000000"},
    "kernel/keys/root_maxbytes": {"25000000"},
}
"""Values of the kernel settings while a cluster runs."""


def down(layout: Layout, progress: Progress) -> None:
    """End a cluster and delete its data. Without a cluster, do nothing.

    The state of the machine decides what to remove, so a killed ``up`` or ``down`` is cleaned up too.

    Raises:
        ClusterError: something cannot be removed, or the machine runs the cluster of another home.
        LockedError: another command changes a cluster of this machine.
    """
    preflight.require_root(os.geteuid())
    with locks.hold(
        MACHINE_LOCK, operation="pouw cluster down", wait_seconds=LOCK_SECONDS, progress=progress, remove=True
    ):
        owner = layout.owner.read_text() if layout.owner.exists() else str(layout.home)
        if owner != str(layout.home):
            raise ClusterError(preflight.other_home(owner, layout.home))
        if not _exists(layout):
            return
        with progress.step("Removing the cluster") as step:
            _remove(layout, step)


def _exists(layout: Layout) -> bool:
    return layout.root.exists() or layout.run.exists() or bool(processes.of_home(layout.home))


def _remove(layout: Layout, step: Step) -> None:
    before = machine.recall(layout)
    step.update("ending processes")
    _end_processes(layout)
    step.update("unmounting")
    _unmount(layout)
    step.update("removing network and rules")
    for family in machine.FAMILIES:
        rules = cleanup.rules_to_drop(
            machine.saved_rules(family),
            chain_prefix=layout.network.chain_prefix,
            before=before.chains.get(family, ()),
        )
        if rules:
            machine.run(f"{family}-restore", "--noflush", "--wait", "10", text=rules)
    _remove_links(layout)
    _restore_settings(before)
    _remove_cgroups(layout)
    step.update("deleting files")
    _remove_stray_files(layout, before)
    _remove_run_folder(layout)
    # The record of the machine's former state goes last, so that a killed `down` can be repeated.
    if layout.root.exists():
        for entry in layout.root.iterdir():
            if entry != layout.before:
                _delete(entry)
        shutil.rmtree(layout.root)


def _delete(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _remove_run_folder(layout: Layout) -> None:
    if layout.run.exists():
        shutil.rmtree(layout.run)
    if layout.run_parent.exists() and not any(layout.run_parent.iterdir()):
        layout.run_parent.rmdir()


def _end_processes(layout: Layout) -> None:
    """End the restarters, then every marked process, then the processes of the pods."""
    for name in _RESTARTERS:
        pids = [process.pid for process in processes.of_home(layout.home) if process.component == name]
        processes.end(pids, grace_seconds=0)
    remaining: list[int] = []
    for _ in poll.attempts(_GONE_SECONDS, interval_seconds=_INTERVAL_SECONDS):
        remaining = [process.pid for process in processes.of_home(layout.home)] + sorted(_cgroup_processes(layout))
        if not remaining:
            return
        processes.end(remaining, grace_seconds=0)
    raise ClusterError(
        Fault(
            path="processes",
            message=f"they do not end within {_GONE_SECONDS:.0f} s",
            got=", ".join(map(str, remaining)),
            remedy="run `pouw cluster down` again; a process that the kernel keeps ends with a reboot",
        )
    )


def _cgroups(layout: Layout) -> Iterator[Path]:
    for root in machine.cgroup_roots():
        parent = machine.cgroup(root, layout.network)
        if parent.is_dir():
            yield parent


def _cgroup_processes(layout: Layout) -> set[int]:
    pids: set[int] = set()
    for parent in _cgroups(layout):
        for folder, _, _ in os.walk(parent):
            try:
                pids.update(map(int, (Path(folder) / "cgroup.procs").read_text().split()))
            except OSError:
                continue
    return pids


def _remove_cgroups(layout: Layout) -> None:
    """Remove cgroups from the leaves up. The kernel frees the cgroup of an ended process a moment later."""
    for parent in list(_cgroups(layout)):
        for folder, _, _ in os.walk(parent, topdown=False):
            if not poll.until(
                lambda path=Path(folder): _is_removed(path),  # type: ignore[misc]
                seconds=_GONE_SECONDS,
                interval_seconds=_INTERVAL_SECONDS,
            ):
                raise ClusterError(Fault(path=folder, message="the cgroup cannot be removed", remedy="reboot"))


def _is_removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _unmount(layout: Layout) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    for point in cleanup.mounts_to_undo(mounts, [layout.root, layout.run]):
        if libc.umount2(point.encode(), _DETACH) != 0:
            code = ctypes.get_errno()
            raise ClusterError(Fault(path=point, message="it cannot be unmounted", got=os.strerror(code)))


def _remove_links(layout: Layout) -> None:
    links = [
        cleanup.Link(name=link["ifname"], master=link.get("master", ""))
        for link in json.loads(machine.run("ip", "-json", "link", "show"))
    ]
    for name in cleanup.links_to_delete(links, layout.network.bridge):
        # The other end of a veth may have disappeared meanwhile, with the namespace of its pod.
        if (Path("/sys/class/net") / name).exists():
            machine.run("ip", "link", "delete", name)


def _restore_settings(before: machine.Before) -> None:
    now = {name: (machine.SYSCTL / name).read_text().strip() for name in before.settings}
    for name, value in cleanup.settings_to_restore(before.settings, now, _VALUES_WHILE_RUNNING).items():
        (machine.SYSCTL / name).write_text(value)


def _remove_stray_files(layout: Layout, before: machine.Before) -> None:
    """Remove files at fixed paths: the records of network plugins, and links to the logs of pods."""
    for result in Path("/var/lib/cni/results").glob(f"{layout.network.bridge}-*"):
        result.unlink()
    for link in Path("/var/log/containers").glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(layout.pod_logs):
            link.unlink()
    for folder in sorted(map(Path, machine.FOLDERS), reverse=True):
        if str(folder) not in before.folders and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
