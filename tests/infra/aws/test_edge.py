"""The edge of a site, as it is declared."""

from __future__ import annotations

from infra.aws.web_firewall import merged, rules
from tests.infra.aws.compliant_site import compliant, record_site, settings, without_edge
from tests.infra.clouds import HOSTS, kind


def test_every_address_reaches_the_web_firewall_which_has_the_allow_list() -> None:
    resources = kind(compliant(), "SecurityGroupIngressRule")
    assert [resource.inputs["cidrIpv4"] for resource in resources if "cidrIpv4" in resource.inputs] == ["0.0.0.0/0"]
    [clients] = kind(compliant(), "IpSet")
    assert clients.inputs["addresses"] == ["198.51.100.0/24"]


def test_overlapping_ranges_are_merged() -> None:
    assert merged(("10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16")) == ["10.0.0.0/8"]


def test_an_allow_list_of_every_address_needs_no_ip_set() -> None:
    balancer = {"exposure": {"type": "LoadBalancer", "allowFrom": ["0.0.0.0/1", "128.0.0.0/1"]}}
    resources = record_site(settings(balancer=balancer))
    assert kind(resources, "IpSet") == []
    [firewall] = kind(resources, "WebAcl")
    assert not any("others" in rule["name"] for rule in firewall.inputs["rules"])


def test_each_step_from_the_edge_to_the_machines_opens_one_port() -> None:
    resources = compliant()
    rules_in = [
        resource.inputs for resource in kind(resources, "SecurityGroupIngressRule") if "cidrIpv4" not in resource.inputs
    ]
    ways = {
        (resource["referencedSecurityGroupId"], resource["securityGroupId"], resource["fromPort"])
        for resource in rules_in
    }
    front, inner, machines = "primary-edge-front-id", "primary-edge-inner-id", "primary-pools-entry-id"
    assert ways == {(front, inner, 443), (inner, machines, 30845), (inner, machines, 30846)}
    assert all(
        resource.inputs["fromPort"] == resource.inputs["toPort"]
        for resource in kind(resources, "SecurityGroupEgressRule")
    )
    assert not any("cidrIpv4" in resource.inputs for resource in kind(resources, "SecurityGroupEgressRule"))


def test_a_network_balancer_with_fixed_addresses_comes_first() -> None:
    balancers = {resource.inputs["loadBalancerType"]: resource.inputs for resource in kind(compliant(), "LoadBalancer")}
    assert balancers["network"]["internal"] is False
    assert len({entry["allocationId"] for entry in balancers["network"]["subnetMappings"]}) == 3
    assert balancers["application"]["internal"] is True


def test_targets_are_healthy_when_a_node_behind_them_serves() -> None:
    for resource in kind(compliant(), "TargetGroup"):
        assert resource.inputs["healthCheck"]["path"] == "/ready"
        assert len(resource.inputs["namePrefix"]) <= 6


def test_paths_below_ws_go_to_websocket() -> None:
    [rule] = kind(compliant(), "ListenerRule")
    assert rule.inputs["conditions"] == [{"pathPattern": {"values": ["/ws", "/ws/*"]}}]


def test_the_certificate_is_validated_by_one_record_per_host() -> None:
    resources = compliant()
    [certificate] = kind(resources, "Certificate")
    assert (certificate.inputs["domainName"], *certificate.inputs["subjectAlternativeNames"]) == HOSTS
    proofs = {
        resource.inputs["name"]: resource.inputs["records"]
        for resource in kind(resources, "Record")
        if "-proof-" in resource.name
    }
    assert proofs == {f"_{index}.{host}": [f"_{index}.validation.example"] for index, host in enumerate(HOSTS)}


def test_the_rate_limit_is_the_first_rule_of_the_web_firewall() -> None:
    ordered = sorted(rules("clients"), key=lambda rule: int(rule["priority"]))
    assert ordered[0]["name"] == "rate"
    assert len({rule["priority"] for rule in ordered}) == len(ordered)


def test_the_web_firewalls_log_redacts_the_token_of_the_write_methods() -> None:
    [log] = kind(compliant(), "WebAclLoggingConfiguration")
    assert log.inputs["redactedFields"] == [{"singleHeader": {"name": "authorization"}}]


def test_without_an_edge_no_port_is_open() -> None:
    for absent in ("LoadBalancer", "Listener", "SecurityGroupIngressRule", "WebAcl", "Certificate"):
        assert kind(without_edge(), absent) == []
