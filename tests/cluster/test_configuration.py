"""Configuration of the components, as pure functions of layout and network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pouw.cluster import components, configuration
from pouw.cluster.components import Component, Programs
from pouw.cluster.layout import MARKER, Layout, Network, listeners
from pouw.cluster.manifests import corefile, manifests, path

NETWORK = Network()
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
COMPONENTS = {component.name: component for component in components.components(LAYOUT, NETWORK, PROGRAMS)}
FILES = configuration.files(LAYOUT, NETWORK, PROGRAMS)


def test_no_component_listens_on_all_interfaces_or_on_127_0_0_1() -> None:
    text = "\n".join([*FILES.values(), *(" ".join(component.arguments) for component in COMPONENTS.values())])
    assert "0.0.0.0:" not in text
    assert "=0.0.0.0" not in text
    assert not re.search(r"127\.0\.0\.1\b", text)
    assert {address for address, _ in listeners(NETWORK)} == {NETWORK.gateway, NETWORK.loopback}


def test_a_client_without_a_certificate_is_refused() -> None:
    assert "--anonymous-auth=false" in COMPONENTS["kube-apiserver"].arguments
    assert "--authorization-mode=Node,RBAC" in COMPONENTS["kube-apiserver"].arguments
    assert "--client-cert-auth" in COMPONENTS["etcd"].arguments
    kubelet = configuration.kubelet(LAYOUT, NETWORK)
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert kubelet["authorization"] == {"mode": "Webhook"}
    assert kubelet["readOnlyPort"] == 0


def test_etcd_writes_through_to_the_disk() -> None:
    assert not [argument for argument in COMPONENTS["etcd"].arguments if "unsafe" in argument]


def test_every_component_can_start_after_its_dependencies() -> None:
    running: set[str] = set()
    while len(running) < len(COMPONENTS):
        ready = {
            name
            for name, component in COMPONENTS.items()
            if name not in running and running.issuperset(component.after)
        }
        assert ready
        running |= ready


def test_the_digest_of_a_component_changes_with_the_files_that_it_reads(tmp_path: Path) -> None:
    layout = Layout(home=tmp_path)

    def digests() -> dict[str, str]:
        return {component.name: component.digest for component in components.components(layout, NETWORK, PROGRAMS)}

    layout.config.mkdir(parents=True)
    (layout.config / "kubelet.yaml").write_text("a: 1")
    first = digests()
    assert digests() == first
    (layout.config / "kubelet.yaml").write_text("a: 2")
    assert {name for name, value in digests().items() if value != first[name]} == {"kubelet"}


def test_the_list_of_components_is_read_as_it_was_written() -> None:
    assert components.from_json(components.to_json(list(COMPONENTS.values()))) == tuple(COMPONENTS.values())


def test_every_process_has_the_mark_that_identifies_it() -> None:
    environment = COMPONENTS["etcd"].environ(LAYOUT, "/bin")
    assert environment[MARKER] == "/home/me/pouw:etcd"


def test_containerd_finds_its_shim_on_path() -> None:
    component: Component = COMPONENTS["containerd"]
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
    objects = manifests(NETWORK, resolvers=True, metrics=True, authority="")
    paths = [path(manifest) for manifest in objects]
    assert len(set(paths)) == len(paths)
    assert all("{" not in text for text in paths)


def test_the_default_storage_class_waits_for_its_first_consumer() -> None:
    objects = manifests(NETWORK, resolvers=True, metrics=False, authority="")
    (storage_class,) = [manifest for manifest in objects if manifest["kind"] == "StorageClass"]
    assert storage_class["metadata"]["name"] == "standard"
    assert storage_class["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    assert (storage_class["volumeBindingMode"], storage_class["reclaimPolicy"]) == ("WaitForFirstConsumer", "Delete")


def test_configuration_is_yaml_where_it_says_so() -> None:
    for name, content in FILES.items():
        if name.suffix in {".yaml", ".kubeconfig"}:
            assert yaml.safe_load(content)["kind"]
