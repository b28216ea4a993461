"""The edge of a site, and its web firewall."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from infra.contracts import RPC_NODE_PORT, WS_NODE_PORT
from infra.gcp.web_firewall import rules
from tests.infra.clouds import HOSTS, kind
from tests.infra.gcp.compliant_site import GROUPS
from tests.infra.recorder import Recorded

RANGES = [f"198.51.{index}.0/24" for index in range(25)]


@given(st.integers(0, 60))
def test_every_client_range_is_in_one_rule_of_at_most_ten_ranges(count: int) -> None:
    created = [rule for rule in rules(RANGES[:1] * count) if rule["description"] == "clients"]
    sizes = [len(rule["match"]["config"]["src_ip_ranges"]) for rule in created]
    assert sum(sizes) == count
    assert all(0 < size <= 10 for size in sizes)


def test_attacks_are_refused_first_and_other_addresses_last() -> None:
    created = sorted(rules(RANGES), key=lambda rule: int(rule["priority"]))
    assert len({rule["priority"] for rule in created}) == len(created)
    actions = [rule["action"] for rule in created]
    let_in = actions.index("throttle")
    assert set(actions[:let_in]) == {"deny(403)"}
    assert all("evaluatePreconfiguredWaf" in rule["match"]["expr"]["expression"] for rule in created[:let_in])
    assert set(actions[let_in:-1]) == {"throttle"}
    assert created[-1]["match"]["config"]["src_ip_ranges"] == ["*"]
    assert actions[-1] == "deny(403)"


def test_every_admitted_address_is_rate_limited() -> None:
    limited = [rule["rate_limit_options"] for rule in rules(RANGES) if rule["action"] == "throttle"]
    assert all(resource["exceed_action"] == "deny(429)" and resource["enforce_on_key"] == "IP" for resource in limited)


def test_every_address_may_read_the_ready_path() -> None:
    [ready] = [rule for rule in rules([]) if rule["description"] == "readiness"]
    expression = "request.path == '/ready' && (request.method == 'GET' || request.method == 'HEAD')"
    assert ready["match"] == {"expr": {"expression": expression}}


def test_one_port_is_open_and_terminates_tls(resources: Sequence[Recorded]) -> None:
    [entry] = kind(resources, "GlobalForwardingRule")
    [proxy] = kind(resources, "TargetHttpsProxy")
    assert (entry.inputs["portRange"], entry.inputs["target"]) == ("443", f"{proxy.name}-id")
    assert kind(resources, "TargetHttpProxy") == []


def test_paths_below_ws_go_to_websocket_and_all_else_to_rpc(resources: Sequence[Recorded]) -> None:
    [routes] = kind(resources, "URLMap")
    [matcher] = routes.inputs["pathMatchers"]
    assert matcher["pathRules"] == [{"paths": ["/ws", "/ws/*"], "service": "primary-edge-ws-id"}]
    assert matcher["defaultService"] == routes.inputs["defaultService"] == "primary-edge-rpc-id"


def test_each_kind_reaches_the_pools_groups_in_all_zones_by_its_own_port(resources: Sequence[Recorded]) -> None:
    ports = {
        (resource.inputs["name"], resource.inputs["port"], resource.inputs["group"])
        for resource in kind(resources, "InstanceGroupNamedPort")
    }
    assert ports == {
        (name, port, group) for name, port in (("rpc", RPC_NODE_PORT), ("ws", WS_NODE_PORT)) for group in GROUPS
    }
    for service in kind(resources, "BackendService"):
        assert [resource["group"] for resource in service.inputs["backends"]] == GROUPS
        assert service.inputs["securityPolicy"] == "primary-edge-web-firewall-rules-id"


def test_googles_front_ends_alone_reach_the_node_ports_of_the_rpc_pool(resources: Sequence[Recorded]) -> None:
    [rule] = [
        resource
        for resource in kind(resources, "Firewall")
        if resource.inputs["direction"] == "INGRESS" and "allows" in resource.inputs
    ]
    assert rule.inputs["sourceRanges"] == ["35.191.0.0/16", "130.211.0.0/22"]
    assert rule.inputs["targetTags"] == ["pouw-production-primary-rpc"]
    assert rule.inputs["allows"] == [{"protocol": "tcp", "ports": [str(RPC_NODE_PORT), str(WS_NODE_PORT)]}]


def test_the_certificate_is_validated_by_one_record_per_host(resources: Sequence[Recorded]) -> None:
    [certificate] = kind(resources, "Certificate")
    assert certificate.inputs["managed"]["domains"] == list(HOSTS)
    assert [resource.inputs["domain"] for resource in kind(resources, "DnsAuthorization")] == list(HOSTS)
    proofs = [resource for resource in kind(resources, "RecordSet") if resource.name.endswith("proof-record")]
    assert len(proofs) == len(HOSTS)
    assert all(resource.inputs["type"] == "CNAME" for resource in proofs)


def test_a_client_that_names_no_host_is_shown_the_certificate_too(resources: Sequence[Recorded]) -> None:
    [entry] = kind(resources, "CertificateMapEntry")
    assert entry.inputs["matcher"] == "PRIMARY"


def test_the_sites_own_name_is_watched_from_outside(resources: Sequence[Recorded]) -> None:
    [check] = kind(resources, "UptimeCheckConfig")
    assert check.inputs["monitoredResource"]["labels"]["host"] == HOSTS[1]
    assert check.inputs["httpCheck"]["validateSsl"] is True


def test_without_an_edge_nothing_is_open(staging: Sequence[Recorded]) -> None:
    for absent in ("GlobalForwardingRule", "GlobalAddress", "BackendService", "UptimeCheckConfig"):
        assert kind(staging, absent) == []
    assert not [
        resource
        for resource in kind(staging, "Firewall")
        if resource.inputs["direction"] == "INGRESS" and "allows" in resource.inputs
    ]
