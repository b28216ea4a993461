"""The edge of a site, as it is declared."""

from __future__ import annotations

from infra.aws.web_firewall import merged, rules
from tests.infra.aws.declared import compliant, declared, settings
from tests.infra.clouds import HOSTS, kind


def test_the_firewall_decides_who_is_served_and_the_way_to_it_is_open() -> None:
    found = kind(compliant(), "SecurityGroupIngressRule")
    assert [one.inputs["cidrIpv4"] for one in found if "cidrIpv4" in one.inputs] == ["0.0.0.0/0"]
    [clients] = kind(compliant(), "IpSet")
    assert clients.inputs["addresses"] == ["198.51.100.0/24"]


def test_ranges_that_hold_each_other_are_named_once() -> None:
    assert merged(("10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16")) == ["10.0.0.0/8"]


def test_where_everybody_is_served_there_are_no_strangers_and_no_set_of_addresses() -> None:
    balancer = {"exposure": {"type": "LoadBalancer", "allowFrom": ["0.0.0.0/1", "128.0.0.0/1"]}}
    found = declared(settings(balancer=balancer))
    assert kind(found, "IpSet") == []
    [firewall] = kind(found, "WebAcl")
    assert not any("others" in rule["name"] for rule in firewall.inputs["rules"])


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
    ordered = sorted(rules("clients"), key=lambda rule: int(rule["priority"]))
    assert ordered[0]["name"] == "rate"
    assert len({rule["priority"] for rule in ordered}) == len(ordered)


def test_the_firewalls_log_leaves_out_the_token_of_the_write_methods() -> None:
    [log] = kind(compliant(), "WebAclLoggingConfiguration")
    assert log.inputs["redactedFields"] == [{"singleHeader": {"name": "authorization"}}]


def test_without_an_edge_nothing_is_open_to_anybody() -> None:
    found = declared(settings(balancer={}), edge=False)
    for absent in ("LoadBalancer", "Listener", "SecurityGroupIngressRule", "WebAcl", "Certificate"):
        assert kind(found, absent) == []
