from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pouw.cluster import components, configuration
from pouw.cluster.components import Component, Programs
from pouw.cluster.layout import MARKER, NETWORK, Layout, listeners
from pouw.cluster.manifests import corefile, manifests, path

LAYOUT = Layout(home=Path("/home/me/pouw"))
PROGRAMS = Programs(
    kube=Path("/p/kube"),
    etcd=Path("/p/etcd"),
    containerd=Path("/p/containerd"),
    shim=Path("/p/containerd-shim-runc-v2"),
    ctr=Path("/p/ctr"),
    coredns=Path("/p/coredns"),
    pause=Path("/p/pause"),
    metrics_server=Path("/p/metrics-server"),
    cni=Path("/usr/lib/cni"),
    runc=Path("/usr/sbin/runc"),
)
MADE = {each.name: each for each in components.components(LAYOUT, NETWORK, PROGRAMS)}
FILES = configuration.files(LAYOUT, NETWORK, PROGRAMS)


def test_nothing_listens_on_all_interfaces_or_on_the_users_own_loopback_address() -> None:
    text = "\n".join([*FILES.values(), *(" ".join(each.arguments) for each in MADE.values())])
    assert "0.0.0.0:" not in text
    assert "=0.0.0.0" not in text
    assert not re.search(r"127\.0\.0\.1\b", text)
    assert {address for address, _ in listeners(NETWORK)} == {NETWORK.gateway, NETWORK.loopback}


def test_nobody_gets_in_without_a_certificate() -> None:
    assert "--anonymous-auth=false" in MADE["kube-apiserver"].arguments
    assert "--authorization-mode=Node,RBAC" in MADE["kube-apiserver"].arguments
    assert "--client-cert-auth" in MADE["etcd"].arguments
    kubelet = configuration.kubelet(LAYOUT, NETWORK)
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert kubelet["authorization"] == {"mode": "Webhook"}
    assert kubelet["readOnlyPort"] == 0


def test_etcd_writes_through_to_the_disk() -> None:
    assert not [each for each in MADE["etcd"].arguments if "unsafe" in each]


def test_every_component_waits_only_for_components_that_exist_and_never_in_a_circle() -> None:
    started: set[str] = set()
    while len(started) < len(MADE):
        ready = {name for name, each in MADE.items() if name not in started and started.issuperset(each.after)}
        assert ready
        started |= ready


def test_a_component_keeps_its_digest_until_something_that_it_reads_changes(tmp_path: Path) -> None:
    layout = Layout(home=tmp_path)

    def digests() -> dict[str, str]:
        return {each.name: each.digest for each in components.components(layout, NETWORK, PROGRAMS)}

    layout.config.mkdir(parents=True)
    (layout.config / "kubelet.yaml").write_text("a: 1")
    first = digests()
    assert digests() == first
    (layout.config / "kubelet.yaml").write_text("a: 2")
    assert {name for name, value in digests().items() if value != first[name]} == {"kubelet"}


def test_the_list_of_components_survives_being_written_and_read() -> None:
    assert components.from_json(components.to_json(list(MADE.values()))) == tuple(MADE.values())


def test_every_process_carries_the_mark_by_which_it_is_found_again() -> None:
    environment = MADE["etcd"].environ(LAYOUT, "/bin")
    assert environment[MARKER] == "/home/me/pouw:etcd"


def test_the_container_runtime_finds_its_shim_where_a_killed_one_looks_for_it() -> None:
    component: Component = MADE["containerd"]
    assert component.environ(LAYOUT, "/bin")["PATH"].split(":")[0] == str(LAYOUT.programs)


def test_configuration_names_keys_and_never_holds_one() -> None:
    for content in FILES.values():
        assert "PRIVATE KEY" not in content
        assert "key-data" not in content


def test_node_ports_answer_on_this_machine_only() -> None:
    proxy = configuration.proxy(LAYOUT, NETWORK)
    assert proxy["nodePortAddresses"] == ["127.0.0.0/8", NETWORK.pods]


@pytest.mark.parametrize(
    ("host", "pods"),
    [
        ("nameserver 192.0.2.53\n", "nameserver 192.0.2.53\n"),
        ("search lan\nnameserver 127.0.0.53\nnameserver 192.0.2.1\n", "search lan\nnameserver 192.0.2.1\n"),
        ("nameserver ::1\n", "\n"),
    ],
)
def test_pods_get_the_name_servers_that_they_can_reach(host: str, pods: str) -> None:
    assert configuration.resolv_conf(host) == pods


def test_without_name_servers_the_name_service_forwards_nothing() -> None:
    assert "forward . /etc/resolv.conf" in corefile(NETWORK, resolvers=True)
    assert "forward" not in corefile(NETWORK, resolvers=False)


def test_every_object_has_a_path_and_is_applied_once() -> None:
    made = manifests(NETWORK, resolvers=True, metrics=True, authority="")
    paths = [path(each) for each in made]
    assert len(set(paths)) == len(paths)
    assert all("{" not in each for each in paths)


def test_there_is_one_default_storage_class_that_waits_for_its_first_consumer() -> None:
    made = manifests(NETWORK, resolvers=True, metrics=False, authority="")
    (found,) = [each for each in made if each["kind"] == "StorageClass"]
    assert found["metadata"]["name"] == "standard"
    assert found["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    assert (found["volumeBindingMode"], found["reclaimPolicy"]) == ("WaitForFirstConsumer", "Delete")


def test_configuration_is_yaml_where_it_says_so() -> None:
    for name, content in FILES.items():
        if name.suffix in {".yaml", ".kubeconfig"}:
            assert yaml.safe_load(content)["kind"]
