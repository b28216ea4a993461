"""The network of a site, as it is declared."""

from __future__ import annotations

from infra.aws.network import SERVICES
from tests.infra.aws.declared import compliant, declared, settings
from tests.infra.clouds import kind


def test_each_zone_has_a_private_subnet_an_edge_and_its_own_translation() -> None:
    found = compliant()
    zones = {"us-east-1a", "us-east-1b", "us-east-1c"}
    subnets = kind(found, "Subnet")
    for part in ("nodes", "edges", "endpoints"):
        assert {one.inputs["availabilityZone"] for one in subnets if f"-{part}-" in one.name} == zones
    assert len(kind(found, "NatGateway")) == 3


def test_shared_translation_is_one_for_all_zones() -> None:
    found = declared(settings({"network": {"translation": "shared"}}), edge=False)
    [translation] = kind(found, "NatGateway")
    ways = [route for one in kind(found, "RouteTable") for route in one.inputs["routes"] if "natGatewayId" in route]
    assert {route["natGatewayId"] for route in ways} == {f"{translation.name}-id"}
    assert len(ways) == 3


def test_only_edges_lead_to_the_internet_gateway() -> None:
    found = compliant()
    [public] = [one for one in kind(found, "RouteTable") if "gatewayId" in one.inputs["routes"][0]]
    routed = [one for one in kind(found, "RouteTableAssociation") if one.inputs["routeTableId"] == f"{public.name}-id"]
    assert {one.inputs["subnetId"] for one in routed} == {f"primary-network-edges-{index}-id" for index in range(3)}


def test_the_services_of_aws_are_reached_without_leaving_the_network() -> None:
    endpoints = kind(compliant(), "VpcEndpoint")
    private = {one.inputs["serviceName"] for one in endpoints if one.inputs["vpcEndpointType"] == "Interface"}
    assert private == {f"com.amazonaws.us-east-1.{service}" for service in SERVICES}
    [storage] = [one for one in endpoints if one.inputs["vpcEndpointType"] == "Gateway"]
    assert len(storage.inputs["routeTableIds"]) == 3


def test_the_networks_own_group_lets_nothing_through() -> None:
    [group] = kind(compliant(), "DefaultSecurityGroup")
    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_the_cluster_finds_subnets_for_its_balancers_by_their_tags() -> None:
    subnets = kind(compliant(), "Subnet")
    edges = [one.inputs["tags"] for one in subnets if "-edges-" in one.name]
    assert all(tags["kubernetes.io/role/elb"] == "1" for tags in edges)
    assert all(tags["kubernetes.io/cluster/pouw-production-primary"] == "shared" for tags in edges)
    assert not any("kubernetes.io/role/elb" in one.inputs["tags"] for one in subnets if "-edges-" not in one.name)
