"""Several sites as one network: who may come in, and what a site without a cloud takes its addresses from."""

from __future__ import annotations

from types import SimpleNamespace

from infra.contracts import RPC_NODE_PORT, WS_NODE_PORT, Entry
from infra.kubernetes.address_pool import ANNOTATIONS, AddressPool, AddressPoolArgs
from infra.kubernetes.balancer import client_service
from infra.kubernetes.peering import Peering, PeeringArgs, given_address
from infra.kubernetes.storage import Storage, StorageArgs
from infra.settings.stack import Exposure
from tests.infra.recorder import of_type, record

OTHERS = ["192.0.2.1/32", "192.0.2.2/32"]


def test_only_other_sites_come_in_and_only_to_the_peers_port() -> None:
    arguments = PeeringArgs(
        namespace="pouw-system",
        site="primary",
        slot="blue",
        entry=Entry(type="LoadBalancer", annotations={}),
        sources=OTHERS,
    )
    made = record(lambda: Peering("primary", arguments))
    [policy] = of_type(made, "kubernetes:networking.k8s.io/v1:NetworkPolicy")
    [rule] = policy.inputs["spec"]["ingress"]
    assert [entry["ipBlock"]["cidr"] for entry in rule["from"]] == OTHERS
    assert [port["port"] for port in rule["ports"]] == [30303]


def test_the_peers_service_lets_nobody_else_in_and_keeps_the_senders_address() -> None:
    arguments = PeeringArgs(
        namespace="pouw-system",
        site="primary",
        slot="blue",
        entry=Entry(type="LoadBalancer", annotations={"kind": "network"}),
        sources=OTHERS,
    )
    [service] = of_type(record(lambda: Peering("primary", arguments)), "kubernetes:core/v1:Service")
    spec = service.inputs["spec"]
    assert spec["loadBalancerSourceRanges"] == OTHERS
    assert spec["externalTrafficPolicy"] == "Local"
    assert spec["selector"]["pouw.dev/slot"] == "blue"
    assert service.inputs["metadata"]["annotations"] == {"kind": "network"}


def test_an_address_is_taken_as_the_cluster_gives_it() -> None:
    def status(*entries: SimpleNamespace) -> SimpleNamespace:
        return SimpleNamespace(load_balancer=SimpleNamespace(ingress=list(entries)))

    assert given_address(status(SimpleNamespace(hostname="lb.example.org", ip=None))) == "lb.example.org"
    assert given_address(status(SimpleNamespace(hostname=None, ip="192.0.2.9"))) == "192.0.2.9"
    assert given_address(status()) == ""
    assert given_address(None) == ""


def test_an_entry_of_the_cloud_decides_over_the_exposure_to_clients() -> None:
    exposure = Exposure(type="LoadBalancer", allow_from=("192.0.2.0/24",))
    through_machines = client_service(exposure, Entry(type="NodePort", annotations={}))
    ports = {port["name"]: port.get("nodePort") for port in through_machines["ports"]}
    assert (through_machines["type"], ports["rpc"], ports["ws"]) == ("NodePort", RPC_NODE_PORT, WS_NODE_PORT)
    inside = client_service(exposure, Entry(type="LoadBalancer", annotations={}, address="10.20.63.251"))
    assert inside["loadBalancerIP"] == "10.20.63.251"
    assert "loadBalancerSourceRanges" not in inside


def test_an_address_of_the_clusters_own_pool_is_for_the_clients_that_are_named() -> None:
    exposure = Exposure(type="LoadBalancer", allow_from=("192.0.2.0/24",))
    spec = client_service(exposure, Entry(type="LoadBalancer", annotations=ANNOTATIONS))
    assert spec["loadBalancerSourceRanges"] == ["192.0.2.0/24"]


def test_a_pool_of_addresses_is_for_those_that_name_it() -> None:
    arguments = AddressPoolArgs(site="hall", addresses=["192.0.2.10-192.0.2.20"])
    found = record(lambda: AddressPool("hall", arguments))
    [pool] = of_type(found, "kubernetes:metallb.io/v1beta1:IPAddressPool")
    assert pool.inputs["spec"] == {"addresses": ["192.0.2.10-192.0.2.20"], "autoAssign": False}
    assert ANNOTATIONS["metallb.io/address-pool"] == pool.inputs["metadata"]["name"]


def test_the_storage_class_binds_where_the_pod_runs() -> None:
    definition = {"provisioner": "ebs.csi.aws.com", "parameters": {"encrypted": "true", "kmsKeyId": "key"}}
    arguments = StorageArgs(site="primary", definition=definition)
    [made] = of_type(record(lambda: Storage("primary", arguments)), "kubernetes:storage.k8s.io/v1:StorageClass")
    assert made.inputs["parameters"] == definition["parameters"]
    assert made.inputs["volumeBindingMode"] == "WaitForFirstConsumer"
