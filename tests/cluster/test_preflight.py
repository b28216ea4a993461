"""The checks before the first change: one fault for each problem of the machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pouw.cluster.layout import Network, listeners
from pouw.cluster.preflight import Facts, Listener, check_features, preflight, require_root
from pouw.errors import ClusterError, ExitCode

NETWORK = Network()
GIB = 1024**3

GOOD = Facts(
    system="Linux",
    home=Path("/home/me/.local/state/pouw"),
    writable=True,
    free_bytes=20 * GIB,
    memory_bytes=8 * GIB,
    fresh=True,
    listeners=[Listener(address="127.0.0.1", port=2379, pid=7, program="etcd")],
    ports=listeners(NETWORK),
    networks=[NETWORK.pods, NETWORK.services],
    bridge=NETWORK.bridge,
    routes=[("192.0.2.0/24", "eth0"), (NETWORK.pods, NETWORK.bridge)],
    owner="",
    foreign_chains=[],
    filesystems=["ext4", "overlay"],
    namespaces=["ipc", "mnt", "net", "pid", "uts", "user"],
    controllers=["cpu", "cpuset", "memory", "pids"],
)


def test_a_machine_with_everything_has_no_fault() -> None:
    assert preflight(GOOD) == []


def test_a_cluster_of_the_same_home_is_not_a_fault() -> None:
    assert preflight(replace(GOOD, owner=str(GOOD.home))) == []


@pytest.mark.parametrize(
    ("facts", "path", "got", "remedy"),
    [
        (replace(GOOD, system="Darwin"), "machine", "Darwin", "pouw:sites[].context"),
        (replace(GOOD, owner="/elsewhere"), "cluster", "/elsewhere", "POUW_HOME=/elsewhere pouw cluster down"),
        (replace(GOOD, writable=False), str(GOOD.home), "", "POUW_HOME"),
        (replace(GOOD, home=Path("/" + "x" * 80)), "/" + "x" * 80, "81 characters", "shorter"),
        (replace(GOOD, free_bytes=GIB), str(GOOD.home), "1.0 GiB", "free some space"),
        (replace(GOOD, memory_bytes=GIB // 2), "memory", "512 MiB", "end other programs"),
        (
            replace(GOOD, listeners=[Listener(address="::", port=6443, pid=41, program="haproxy")]),
            "10.200.0.1:6443",
            "haproxy (process 41) on ::",
            "end process 41",
        ),
        (
            replace(GOOD, listeners=[Listener(address="::", port=2379, pid=9, program="etcd")]),
            "127.10.200.1:2379",
            "etcd (process 9)",
            "end process 9",
        ),
        (replace(GOOD, routes=[("10.201.3.0/24", "tun0")]), "network", "10.201.3.0/24 on tun0", "ip route del"),
        (replace(GOOD, foreign_chains=["nat/KUBE-SERVICES"]), "network", "nat/KUBE-SERVICES", "kubeadm reset"),
        (replace(GOOD, filesystems=["ext4"]), "kernel", "no overlay", "modprobe overlay"),
        (replace(GOOD, namespaces=["mnt", "net", "pid", "uts"]), "kernel", "no ipc", "kernel"),
        (replace(GOOD, controllers=["cpu", "cpuset", "pids"]), "kernel", "no memory", "kernel"),
    ],
)
def test_each_problem_is_one_fault_with_its_remedy(facts: Facts, path: str, got: str, remedy: str) -> None:
    (fault,) = preflight(facts)
    assert fault.path == path
    assert got in fault.got
    assert remedy in fault.remedy


def test_all_faults_are_reported_together() -> None:
    facts = replace(GOOD, writable=False, free_bytes=0, filesystems=["ext4"])
    assert [fault.path for fault in preflight(facts)] == [str(GOOD.home), str(GOOD.home), "kernel"]


def test_a_running_cluster_needs_no_available_memory() -> None:
    assert preflight(replace(GOOD, fresh=False, memory_bytes=0)) == []


def test_a_user_without_root_is_refused_with_the_reason() -> None:
    require_root(0)
    with pytest.raises(ClusterError, match=r"needs root.*user id 1000.*sudo") as refusal:
        require_root(1000)
    assert refusal.value.code is ExitCode.CLUSTER


def test_a_missing_kernel_feature_is_reported_with_the_kernels_message() -> None:
    check_features({})
    with pytest.raises(ClusterError, match="veth interfaces cannot be used; got Operation not supported"):
        check_features({"veth interfaces": "Operation not supported"})
