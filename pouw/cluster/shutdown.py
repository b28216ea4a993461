"""``pouw cluster down``: take away everything that the cluster put on this machine, and nothing else."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from infra.faults import Fault
from pouw.cluster import cleanup, locking, machine, preflight, processes
from pouw.cluster.configuration import CGROUP_ROOT
from pouw.cluster.layout import NETWORK, Layout, layout
from pouw.errors import ClusterError
from pouw.progress import Progress, Step

_DETACH = 2
"""``MNT_DETACH``: a mount that is in use goes when its last user does."""
_PATIENCE_SECONDS = 15.0
_ASK_SECONDS = 0.05
_WATCHERS = ("watchdog", "supervisor", "kubelet")
"""Ended first and in this order: each of them would bring back what is ended after it."""

_VALUES_DURING = {
    "net/ipv4/ip_forward": {"1"},
    "net/bridge/bridge-nf-call-iptables": {"1"},
    "net/ipv4/conf/all/route_localnet": {"1"},
    "vm/overcommit_memory": {"1"},
    "kernel/panic": {"10"},
    "kernel/panic_on_oops": {"1"},
    "kernel/keys/root_maxkeys": {"1000000"},
    "kernel/keys/root_maxbytes": {"25000000"},
}
"""What each kernel setting holds while the cluster runs."""


def down(progress: Progress) -> None:
    """End the cluster of the current home and delete its data. Without a cluster, nothing happens.

    Works from what is found on the machine, so that it also finishes a ``down`` or clears an ``up`` that was killed.

    Raises:
        ClusterError: something is not to be removed, or the machine runs another home's cluster.
    """
    at = layout()
    preflight.require_root(os.geteuid())
    with locking.exclusive(progress):
        owner = at.owner.read_text() if at.owner.exists() else str(at.home)
        if owner != str(at.home):
            raise ClusterError(preflight.other_home(owner, at.home))
        if not _anything(at):
            return
        with progress.step("Removing the cluster") as step:
            _remove(at, step)


def _anything(at: Layout) -> bool:
    return at.root.exists() or at.run.exists() or bool(processes.of_home(at.home))


def _remove(at: Layout, step: Step) -> None:
    before = machine.recall(at)
    step.update("ending processes")
    _end_processes(at)
    step.update("unmounting")
    _unmount(at)
    step.update("removing network and rules")
    for family in machine.FAMILIES:
        drop = cleanup.rules_to_drop(machine.saved_rules(family), before=before.chains.get(family, ()))
        if drop:
            machine.run(f"{family}-restore", "--noflush", "--wait", "10", given=drop)
    _remove_links()
    _restore_settings(before)
    _remove_cgroups()
    step.update("deleting files")
    _remove_stray_files(at, before)
    if at.run.exists():
        shutil.rmtree(at.run)
    # Last, for it holds the record of how the machine was: a killed `down` can be run again.
    if at.root.exists():
        for entry in at.root.iterdir():
            if entry != at.before:
                _delete(entry)
        shutil.rmtree(at.root)


def _delete(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _end_processes(at: Layout) -> None:
    """Watchers, then all that carries our mark, then what still runs in the pods."""
    for name in _WATCHERS:
        processes.end(_pids(at, name), grace_seconds=0)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        left = [each.pid for each in processes.of_home(at.home)] + list(_cgroup_processes())
        if not left:
            return
        processes.end(left, grace_seconds=0)
        if time.monotonic() > deadline:
            raise ClusterError(
                Fault(
                    path="processes",
                    message="do not end",
                    got=", ".join(map(str, left)),
                    remedy="run pouw cluster down again; a process that the kernel keeps needs a reboot",
                )
            )


def _pids(at: Layout, component: str) -> list[int]:
    return [each.pid for each in processes.of_home(at.home) if each.component == component]


def _own_cgroups() -> Iterator[Path]:
    for root in machine.cgroup_roots():
        own = root / CGROUP_ROOT.lstrip("/")
        if own.is_dir():
            yield own


def _cgroup_processes() -> set[int]:
    found: set[int] = set()
    for own in _own_cgroups():
        for folder, _, _ in os.walk(own):
            try:
                found.update(map(int, (Path(folder) / "cgroup.procs").read_text().split()))
            except OSError:
                continue
    return found


def _remove_cgroups() -> None:
    """From the leaves up. The kernel lets go of an ended process's cgroup a moment later."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for own in list(_own_cgroups()):
        for folder, _, _ in os.walk(own, topdown=False):
            while True:
                try:
                    Path(folder).rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(_ASK_SECONDS)


def _unmount(at: Layout) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    for point in cleanup.mounts_to_undo(mounts, [at.root, at.run]):
        if libc.umount2(point.encode(), _DETACH) != 0:
            code = ctypes.get_errno()
            raise ClusterError(Fault(path=point, message="cannot be unmounted", got=os.strerror(code)))


def _remove_links() -> None:
    links = [
        cleanup.Link(name=each["ifname"], master=each.get("master", ""))
        for each in json.loads(machine.run("ip", "-json", "link", "show"))
    ]
    for name in cleanup.links_to_delete(links, NETWORK.bridge):
        # Its other end may have gone meanwhile, with the namespace of its pod.
        if (Path("/sys/class/net") / name).exists():
            machine.run("ip", "link", "delete", name)


def _restore_settings(before: machine.Before) -> None:
    now = {name: (machine.SYSCTL / name).read_text().strip() for name in before.settings}
    for name, value in cleanup.settings_to_restore(before.settings, now, _VALUES_DURING).items():
        (machine.SYSCTL / name).write_text(value)


def _remove_stray_files(at: Layout, before: machine.Before) -> None:
    """Files at fixed places: the network plugins' records, and the links to our pods' logs."""
    for result in Path("/var/lib/cni/results").glob("pouw-*"):
        result.unlink()
    for link in Path("/var/log/containers").glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(at.pod_logs):
            link.unlink()
    for folder in sorted(map(Path, machine.FOLDERS), reverse=True):
        if str(folder) not in before.folders and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
