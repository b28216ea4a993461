"""Several sites as one network: the peers' entry, and the addresses of a site without a cloud."""

from __future__ import annotations

from types import SimpleNamespace

from infra.contracts import RPC_NODE_PORT, WS_NODE_PORT, Entry
from infra.kubernetes.address_pool import ANNOTATIONS, AddressPool, AddressPoolArgs
from infra.kubernetes.balancer import client_service
from infra.kubernetes.namespace import WorkloadContext
from infra.kubernetes.peering import Peering, PeeringArgs, published_address
from infra.kubernetes.storage import Storage, StorageArgs
from infra.settings.stack import Exposure
from infra.slots import Slot
from tests.infra.recorder import of_type, record

SOURCES = ["192.0.2.1/32", "192.0.2.2/32"]
CONTEXT = WorkloadContext(namespace="pouw-system", site="primary", require_spread=True, protect=True)


def peering(annotations: dict[str, str]) -> PeeringArgs:
    """Arguments of a site among two others."""
    return PeeringArgs(
        context=CONTEXT,
        slot=Slot(name="blue", active=True, weight=100),
        entry=Entry(type="LoadBalancer", annotations=annotations),
        sources=SOURCES,
    )


def test_only_other_sites_reach_the_peers_port() -> None:
    arguments = peering({})
    resources = record(lambda: Peering("primary", arguments))
    [policy] = of_type(resources, "kubernetes:networking.k8s.io/v1:NetworkPolicy")
    [rule] = policy.inputs["spec"]["ingress"]
    assert [entry["ipBlock"]["cidr"] for entry in rule["from"]] == SOURCES
    assert [port["port"] for port in rule["ports"]] == [30303]


def test_the_peers_service_admits_other_sites_by_their_own_address() -> None:
    arguments = peering({"kind": "network"})
    [service] = of_type(record(lambda: Peering("primary", arguments)), "kubernetes:core/v1:Service")
    spec = service.inputs["spec"]
    assert spec["loadBalancerSourceRanges"] == SOURCES
    assert spec["externalTrafficPolicy"] == "Local"
    assert spec["selector"]["pouw.dev/slot"] == "blue"
    assert service.inputs["metadata"]["annotations"] == {"kind": "network"}


def test_an_address_is_the_one_that_the_cluster_publishes() -> None:
    def status(*entries: SimpleNamespace) -> SimpleNamespace:
        return SimpleNamespace(load_balancer=SimpleNamespace(ingress=list(entries)))

    assert published_address(status(SimpleNamespace(hostname="lb.example.org", ip=None))) == "lb.example.org"
    assert published_address(status(SimpleNamespace(hostname=None, ip="192.0.2.9"))) == "192.0.2.9"
    assert published_address(status()) == ""
    assert published_address(None) == ""


def test_an_entry_of_the_cloud_overrides_the_exposure_to_clients() -> None:
    exposure = Exposure(type="LoadBalancer", allow_from=("192.0.2.0/24",))
    through_machines = client_service(exposure, Entry(type="NodePort", annotations={}))
    ports = {port["name"]: port.get("nodePort") for port in through_machines["ports"]}
    assert (through_machines["type"], ports["rpc"], ports["ws"]) == ("NodePort", RPC_NODE_PORT, WS_NODE_PORT)
    internal = client_service(exposure, Entry(type="LoadBalancer", annotations={}, address="10.20.63.251"))
    assert internal["loadBalancerIP"] == "10.20.63.251"
    assert "loadBalancerSourceRanges" not in internal


def test_an_address_of_the_clusters_pool_admits_the_listed_clients() -> None:
    exposure = Exposure(type="LoadBalancer", allow_from=("192.0.2.0/24",))
    spec = client_service(exposure, Entry(type="LoadBalancer", annotations=ANNOTATIONS))
    assert spec["loadBalancerSourceRanges"] == ["192.0.2.0/24"]


def test_an_address_pool_serves_only_services_that_name_it() -> None:
    arguments = AddressPoolArgs(site="hall", addresses=["192.0.2.10-192.0.2.20"])
    resources = record(lambda: AddressPool("hall", arguments))
    [pool] = of_type(resources, "kubernetes:metallb.io/v1beta1:IPAddressPool")
    assert pool.inputs["spec"] == {"addresses": ["192.0.2.10-192.0.2.20"], "autoAssign": False}
    assert ANNOTATIONS["metallb.io/address-pool"] == pool.inputs["metadata"]["name"]


def test_the_storage_class_binds_in_the_zone_of_the_pod() -> None:
    definition = {"provisioner": "ebs.csi.aws.com", "parameters": {"encrypted": "true", "kmsKeyId": "key"}}
    arguments = StorageArgs(site="primary", definition=definition)
    [storage_class] = of_type(
        record(lambda: Storage("primary", arguments)), "kubernetes:storage.k8s.io/v1:StorageClass"
    )
    assert storage_class.inputs["parameters"] == definition["parameters"]
    assert storage_class.inputs["volumeBindingMode"] == "WaitForFirstConsumer"
