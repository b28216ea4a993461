"""The subnets of an Azure site."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.addressing import overlaps, plan
from infra.azure import subnets

ranges = st.builds(lambda net, prefix: f"10.{net}.0.0/{prefix}", st.integers(0, 255), st.integers(16, 20))


@given(ranges)
def test_subnets_lie_inside_the_network_and_share_no_address(cidr: str) -> None:
    resources = [(resource.name, resource.range) for resource in subnets.subnets(plan(cidr))]
    assert list(overlaps(resources)) == []
    with_integers = ipaddress.IPv4Network(cidr)
    assert all(ipaddress.IPv4Network(resource).subnet_of(with_integers) for _, resource in resources)


@given(ranges)
def test_fixed_addresses_are_in_their_subnets_past_what_azure_keeps(cidr: str) -> None:
    addresses = plan(cidr)
    for address, expected_range in (
        (subnets.balancer_address(addresses), addresses.edges[0]),
        (subnets.gateway_address(addresses), addresses.gateway),
    ):
        network = ipaddress.IPv4Network(expected_range)
        assert network[3] < ipaddress.IPv4Address(address) < network[-1]


def test_only_machines_use_address_translation_each_that_of_its_zone() -> None:
    resources = {
        resource.name: resource.zone for resource in subnets.subnets(plan("10.20.0.0/16")) if resource.zone is not None
    }
    assert resources == {"nodes-1": 0, "nodes-2": 1, "nodes-3": 2}


@pytest.mark.parametrize("guard", ["nodes", "gateway"])
def test_a_guard_ends_by_closing_the_internet_out(guard: subnets.SecurityGroup) -> None:
    rules = subnets.security_rules(guard, plan("10.20.0.0/16"))
    assert len({rule["priority"] for rule in rules}) == len(rules)
    last = max(rules, key=lambda rule: rule["priority"])
    assert (last["access"], last["sourceAddressPrefix"], last["destinationPortRange"]) == ("Deny", "Internet", "*")


def test_machines_are_open_to_the_internet_on_the_peers_port_alone() -> None:
    rules = subnets.security_rules("nodes", plan("10.20.0.0/16"))
    allowing = [rule for rule in rules if rule["access"] == "Allow"]
    assert [(rule["sourceAddressPrefix"], rule["destinationPortRange"]) for rule in allowing] == [("Internet", "30303")]


def test_nothing_but_the_link_reaches_what_the_gateway_serves() -> None:
    addresses = plan("10.20.0.0/16")
    rules = subnets.security_rules("gateway", addresses)
    sources = {rule["sourceAddressPrefix"] for rule in rules if rule["access"] == "Allow"}
    assert sources == {"GatewayManager", "AzureLoadBalancer", addresses.edges[1]}
