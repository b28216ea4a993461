"""The network of a site and its firewall rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from infra.addressing import plan
from infra.gcp import network_firewall
from infra.gcp.network import egress_addresses
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded

PLAN = plan("10.20.0.0/16")
RULES = network_firewall.rules(PLAN, "100.64.0.0/14")


@given(st.integers(0, 255), st.integers(16, 20))
def test_machines_have_half_of_the_range_without_the_control_plane(second: int, prefix: int) -> None:
    site = ipaddress.IPv4Network(f"10.{second}.0.0/{prefix}")
    cut = plan(str(site))
    nodes = ipaddress.IPv4Network(network_firewall.node_range(cut))
    assert nodes.prefixlen == prefix + 1
    assert nodes.subnet_of(site)
    assert not nodes.overlaps(ipaddress.IPv4Network(cut.control_plane))
    assert ipaddress.IPv4Address(cut.internal_address()) in nodes


def test_the_last_rules_deny_and_log_both_directions() -> None:
    closing = {name: rule for name, rule in RULES.items() if "denies" in rule}
    assert {rule["direction"] for rule in closing.values()} == {"INGRESS", "EGRESS"}
    assert all(rule["priority"] > 60_000 and rule["log_config"] for rule in closing.values())
    assert all("priority" not in rule for name, rule in RULES.items() if name not in closing)


def test_no_rule_of_the_network_lets_anything_in() -> None:
    assert not [name for name, rule in RULES.items() if rule["direction"] == "INGRESS" and "allows" in rule]


def test_machines_reach_each_other_pods_and_the_control_plane() -> None:
    assert RULES["own-out"]["destination_ranges"] == ["10.20.0.0/17", "100.64.0.0/14", PLAN.control_plane]


def test_the_internet_is_reached_on_two_ports_alone() -> None:
    assert RULES["internet-out"]["allows"] == [{"protocol": "tcp", "ports": ["30303", "443"]}]


def test_names_of_googles_services_lead_to_its_restricted_addresses(resources: Sequence[Recorded]) -> None:
    zones = {
        resource.inputs["dnsName"]: resource
        for resource in kind(resources, "ManagedZone")
        if resource.inputs["visibility"] == "private"
    }
    assert set(zones) == {"googleapis.com.", "gcr.io.", "pkg.dev."}
    records = {
        (resource.inputs["name"], resource.inputs["type"]): resource.inputs["rrdatas"]
        for resource in kind(resources, "RecordSet")
    }
    for domain in zones:
        [anchor] = records[f"*.{domain}", "CNAME"]
        assert records[anchor, "A"] == ["199.36.153.4", "199.36.153.5", "199.36.153.6", "199.36.153.7"]


def test_translation_serves_the_sites_own_subnet_by_addresses_that_stay(resources: Sequence[Recorded]) -> None:
    [translation] = kind(resources, "RouterNat")
    [subnet] = kind(resources, "Subnetwork")
    assert [resource["name"] for resource in translation.inputs["subnetworks"]] == [f"{subnet.name}-id"]
    assert len(translation.inputs["natIps"]) == len(kind(resources, "Address")) == 3


def test_a_shared_translation_goes_out_by_one_address() -> None:
    assert (egress_addresses("zone"), egress_addresses("shared")) == (3, 1)
