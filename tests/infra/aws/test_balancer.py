"""The edge of a site, as it is declared."""

from __future__ import annotations

import ipaddress

from infra.aws.balancer import allowed
from infra.aws.firewall import rules
from infra.aws.names import CHECKERS
from tests.infra.aws.declared import compliant, declared, settings
from tests.infra.clouds import HOSTS, kind


def test_the_edge_lets_in_those_who_were_named_and_those_who_check_it() -> None:
    found = kind(compliant(), "SecurityGroupIngressRule")
    sources = [one.inputs["cidrIpv4"] for one in found if "cidrIpv4" in one.inputs]
    assert sorted(sources) == sorted(("198.51.100.0/24", *CHECKERS))


def test_ranges_that_hold_each_other_are_let_in_once() -> None:
    assert allowed(("0.0.0.0/0",), CHECKERS) == ["0.0.0.0/0"]
    assert allowed(("10.0.0.0/9", "10.128.0.0/9"), ()) == ["10.0.0.0/8"]


def test_the_checkers_are_public_ranges_that_do_not_overlap() -> None:
    networks = [ipaddress.IPv4Network(cidr) for cidr in CHECKERS]
    assert len(list(ipaddress.collapse_addresses(networks))) == len(CHECKERS)
    assert all(network.is_global for network in networks)


def test_the_way_in_is_one_port_at_a_time_from_the_edge_to_the_machines() -> None:
    found = compliant()
    rules_in = [one.inputs for one in kind(found, "SecurityGroupIngressRule") if "cidrIpv4" not in one.inputs]
    ways = {(one["referencedSecurityGroupId"], one["securityGroupId"], one["fromPort"]) for one in rules_in}
    front, inner, machines = "primary-edge-front-id", "primary-edge-inner-id", "primary-pools-entry-id"
    assert ways == {(front, inner, 443), (inner, machines, 30845), (inner, machines, 30846)}
    assert all(one.inputs["fromPort"] == one.inputs["toPort"] for one in kind(found, "SecurityGroupEgressRule"))
    assert not any("cidrIpv4" in one.inputs for one in kind(found, "SecurityGroupEgressRule"))


def test_fixed_addresses_stand_in_front_and_requests_are_understood_behind() -> None:
    balancers = {one.inputs["loadBalancerType"]: one.inputs for one in kind(compliant(), "LoadBalancer")}
    assert balancers["network"]["internal"] is False
    assert len({each["allocationId"] for each in balancers["network"]["subnetMappings"]}) == 3
    assert balancers["application"]["internal"] is True


def test_targets_are_healthy_when_a_node_behind_them_serves() -> None:
    for one in kind(compliant(), "TargetGroup"):
        assert one.inputs["healthCheck"]["path"] == "/ready"
        assert len(one.inputs["namePrefix"]) <= 6


def test_paths_below_ws_go_to_websocket() -> None:
    [rule] = kind(compliant(), "ListenerRule")
    assert rule.inputs["conditions"] == [{"pathPattern": {"values": ["/ws", "/ws/*"]}}]


def test_the_certificate_is_proven_for_each_host_by_its_own_record() -> None:
    found = compliant()
    [certificate] = kind(found, "Certificate")
    assert (certificate.inputs["domainName"], *certificate.inputs["subjectAlternativeNames"]) == HOSTS
    proofs = {one.inputs["name"]: one.inputs["records"] for one in kind(found, "Record") if "-proof-" in one.name}
    assert proofs == {f"_{index}.{host}": [f"_{index}.validation.example"] for index, host in enumerate(HOSTS)}


def test_the_firewall_limits_how_often_before_it_looks_at_what() -> None:
    ordered = sorted(rules(), key=lambda rule: int(rule["priority"]))
    assert ordered[0]["name"] == "rate"
    assert len({rule["priority"] for rule in ordered}) == len(ordered)


def test_the_firewalls_log_leaves_out_the_token_of_the_write_methods() -> None:
    [log] = kind(compliant(), "WebAclLoggingConfiguration")
    assert log.inputs["redactedFields"] == [{"singleHeader": {"name": "authorization"}}]


def test_without_an_edge_nothing_is_open_to_anybody() -> None:
    found = declared(settings(balancer={}), edge=False)
    for absent in ("LoadBalancer", "Listener", "SecurityGroupIngressRule", "WebAcl", "Certificate"):
        assert kind(found, absent) == []
