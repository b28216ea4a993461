from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pouw.cluster.layout import NETWORK, listeners
from pouw.cluster.preflight import Facts, Listener, check_features, preflight, require_root
from pouw.errors import ClusterError, ExitCode

GIB = 1024**3

GOOD = Facts(
    system="Linux",
    home=Path("/home/me/.local/state/pouw"),
    writable=True,
    free_bytes=20 * GIB,
    memory_bytes=8 * GIB,
    fresh=True,
    listeners=[Listener(address="127.0.0.1", port=2379, pid=7, program="etcd")],
    wanted=listeners(NETWORK),
    networks=[NETWORK.pods, NETWORK.services],
    routes=[("192.0.2.0/24", "eth0"), (NETWORK.pods, NETWORK.bridge)],
    owner="",
    foreign_chains=[],
    filesystems=["ext4", "overlay"],
    namespaces=["ipc", "mnt", "net", "pid", "uts", "user"],
    controllers=["cpu", "cpuset", "memory", "pids"],
)


def test_a_machine_with_everything_has_no_fault() -> None:
    assert preflight(GOOD) == []


def test_our_own_cluster_on_the_machine_is_no_fault() -> None:
    assert preflight(replace(GOOD, owner=str(GOOD.home))) == []


@pytest.mark.parametrize(
    ("broken", "path", "got", "remedy"),
    [
        (replace(GOOD, system="Darwin"), "machine", "Darwin", "pouw:sites[].context"),
        (replace(GOOD, owner="/elsewhere"), "cluster", "/elsewhere", "POUW_HOME=/elsewhere pouw cluster down"),
        (replace(GOOD, writable=False), str(GOOD.home), "", "POUW_HOME"),
        (replace(GOOD, home=Path("/" + "x" * 80)), "/" + "x" * 80, "81 characters", "shorter"),
        (replace(GOOD, free_bytes=GIB), str(GOOD.home), "1.0 GiB", "free some"),
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
def test_one_thing_wrong_is_one_fault_that_names_it_and_its_remedy(
    broken: Facts, path: str, got: str, remedy: str
) -> None:
    (fault,) = preflight(broken)
    assert fault.path == path
    assert got in fault.got
    assert remedy in fault.remedy


def test_all_faults_come_together() -> None:
    broken = replace(GOOD, writable=False, free_bytes=0, filesystems=["ext4"])
    assert [fault.path for fault in preflight(broken)] == [str(GOOD.home), str(GOOD.home), "kernel"]


def test_a_running_cluster_may_have_used_up_the_memory_that_a_start_needs() -> None:
    assert preflight(replace(GOOD, fresh=False, memory_bytes=0)) == []


def test_another_user_than_root_is_told_what_root_is_for() -> None:
    require_root(0)
    with pytest.raises(ClusterError, match=r"needs root.*user id 1000.*sudo") as caught:
        require_root(1000)
    assert caught.value.code is ExitCode.CLUSTER


def test_a_kernel_feature_that_failed_when_tried_is_named_with_what_the_kernel_said() -> None:
    check_features({})
    with pytest.raises(ClusterError, match="veth interfaces cannot be used; got Operation not supported"):
        check_features({"veth interfaces": "Operation not supported"})
