"""The network of a site, as it is declared."""

from __future__ import annotations

from infra.aws.network import SERVICES
from tests.infra.aws.compliant_site import compliant, without_edge
from tests.infra.clouds import kind


def test_each_zone_has_a_private_subnet_an_edge_and_its_own_translation() -> None:
    resources = compliant()
    zones = {"us-east-1a", "us-east-1b", "us-east-1c"}
    subnets = kind(resources, "Subnet")
    for part in ("nodes", "edges", "endpoints"):
        assert {resource.inputs["availabilityZone"] for resource in subnets if f"-{part}-" in resource.name} == zones
    assert len(kind(resources, "NatGateway")) == 3


def test_shared_translation_is_one_for_all_zones() -> None:
    resources = without_edge()
    [translation] = kind(resources, "NatGateway")
    ways = [
        route
        for resource in kind(resources, "RouteTable")
        for route in resource.inputs["routes"]
        if "natGatewayId" in route
    ]
    assert {route["natGatewayId"] for route in ways} == {f"{translation.name}-id"}
    assert len(ways) == 3


def test_only_edges_lead_to_the_internet_gateway() -> None:
    resources = compliant()
    [public] = [resource for resource in kind(resources, "RouteTable") if "gatewayId" in resource.inputs["routes"][0]]
    routed = [
        resource
        for resource in kind(resources, "RouteTableAssociation")
        if resource.inputs["routeTableId"] == f"{public.name}-id"
    ]
    assert {resource.inputs["subnetId"] for resource in routed} == {
        f"primary-network-edges-{index}-id" for index in range(3)
    }


def test_the_services_of_aws_are_reached_without_leaving_the_network() -> None:
    endpoints = kind(compliant(), "VpcEndpoint")
    private = {
        resource.inputs["serviceName"] for resource in endpoints if resource.inputs["vpcEndpointType"] == "Interface"
    }
    assert private == {f"com.amazonaws.us-east-1.{service}" for service in SERVICES}
    [storage] = [resource for resource in endpoints if resource.inputs["vpcEndpointType"] == "Gateway"]
    assert len(storage.inputs["routeTableIds"]) == 3


def test_the_networks_own_group_lets_nothing_through() -> None:
    [group] = kind(compliant(), "DefaultSecurityGroup")
    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_the_cluster_finds_subnets_for_its_balancers_by_their_tags() -> None:
    subnets = kind(compliant(), "Subnet")
    edges = [resource.inputs["tags"] for resource in subnets if "-edges-" in resource.name]
    assert all(tags["kubernetes.io/role/elb"] == "1" for tags in edges)
    assert all(tags["kubernetes.io/cluster/pouw-production-primary"] == "shared" for tags in edges)
    assert not any(
        "kubernetes.io/role/elb" in resource.inputs["tags"] for resource in subnets if "-edges-" not in resource.name
    )
