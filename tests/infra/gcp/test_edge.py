"""The edge: what comes in, from whom, and where it goes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from infra.contracts import RPC_NODE_PORT, WS_NODE_PORT
from infra.gcp.web_firewall import rules
from tests.infra.clouds import HOSTS, kind
from tests.infra.gcp.declared import GROUPS
from tests.infra.recorder import Recorded

RANGES = [f"198.51.{index}.0/24" for index in range(25)]


@given(st.integers(0, 60))
def test_every_client_range_is_in_one_rule_and_no_rule_holds_more_than_the_cloud_takes(count: int) -> None:
    made = [rule for rule in rules(RANGES[:1] * count) if rule["description"] == "clients"]
    sizes = [len(rule["match"]["config"]["src_ip_ranges"]) for rule in made]
    assert sum(sizes) == count
    assert all(0 < size <= 10 for size in sizes)


def test_attacks_are_refused_before_anybody_is_let_in_and_the_rest_last() -> None:
    made = sorted(rules(RANGES), key=lambda rule: int(rule["priority"]))
    assert len({rule["priority"] for rule in made}) == len(made)
    actions = [rule["action"] for rule in made]
    let_in = actions.index("throttle")
    assert set(actions[:let_in]) == {"deny(403)"}
    assert all("evaluatePreconfiguredWaf" in rule["match"]["expr"]["expression"] for rule in made[:let_in])
    assert set(actions[let_in:-1]) == {"throttle"}
    assert made[-1]["match"]["config"]["src_ip_ranges"] == ["*"]
    assert actions[-1] == "deny(403)"


def test_whoever_is_let_in_is_let_in_at_a_limited_rate() -> None:
    limited = [rule["rate_limit_options"] for rule in rules(RANGES) if rule["action"] == "throttle"]
    assert all(one["exceed_action"] == "deny(429)" and one["enforce_on_key"] == "IP" for one in limited)


def test_readiness_is_told_to_anyone_as_checkers_of_names_have_no_known_addresses() -> None:
    [ready] = [rule for rule in rules([]) if rule["description"] == "readiness"]
    expression = "request.path == '/ready' && (request.method == 'GET' || request.method == 'HEAD')"
    assert ready["match"] == {"expr": {"expression": expression}}


def test_one_port_is_open_and_leads_to_tls(found: Sequence[Recorded]) -> None:
    [entry] = kind(found, "GlobalForwardingRule")
    [proxy] = kind(found, "TargetHttpsProxy")
    assert (entry.inputs["portRange"], entry.inputs["target"]) == ("443", f"{proxy.name}-id")
    assert kind(found, "TargetHttpProxy") == []


def test_paths_below_ws_go_to_websocket_and_all_else_to_rpc(found: Sequence[Recorded]) -> None:
    [routes] = kind(found, "URLMap")
    [matcher] = routes.inputs["pathMatchers"]
    assert matcher["pathRules"] == [{"paths": ["/ws", "/ws/*"], "service": "primary-edge-ws-id"}]
    assert matcher["defaultService"] == routes.inputs["defaultService"] == "primary-edge-rpc-id"


def test_each_kind_reaches_the_pools_groups_in_all_zones_by_its_own_port(found: Sequence[Recorded]) -> None:
    ports = {
        (one.inputs["name"], one.inputs["port"], one.inputs["group"]) for one in kind(found, "InstanceGroupNamedPort")
    }
    assert ports == {
        (name, port, group) for name, port in (("rpc", RPC_NODE_PORT), ("ws", WS_NODE_PORT)) for group in GROUPS
    }
    for service in kind(found, "BackendService"):
        assert [one["group"] for one in service.inputs["backends"]] == GROUPS
        assert service.inputs["securityPolicy"] == "primary-edge-web-firewall-rules-id"


def test_googles_front_ends_alone_reach_the_node_ports_of_the_rpc_pool(found: Sequence[Recorded]) -> None:
    [rule] = [one for one in kind(found, "Firewall") if one.inputs["direction"] == "INGRESS" and "allows" in one.inputs]
    assert rule.inputs["sourceRanges"] == ["35.191.0.0/16", "130.211.0.0/22"]
    assert rule.inputs["targetTags"] == ["pouw-production-primary-rpc"]
    assert rule.inputs["allows"] == [{"protocol": "tcp", "ports": [str(RPC_NODE_PORT), str(WS_NODE_PORT)]}]


def test_the_certificate_covers_every_host_and_is_proved_by_a_record_for_each(found: Sequence[Recorded]) -> None:
    [certificate] = kind(found, "Certificate")
    assert certificate.inputs["managed"]["domains"] == list(HOSTS)
    assert [one.inputs["domain"] for one in kind(found, "DnsAuthorization")] == list(HOSTS)
    proofs = [one for one in kind(found, "RecordSet") if one.name.endswith("proof-record")]
    assert len(proofs) == len(HOSTS)
    assert all(one.inputs["type"] == "CNAME" for one in proofs)


def test_a_client_that_names_no_host_is_shown_the_certificate_too(found: Sequence[Recorded]) -> None:
    [entry] = kind(found, "CertificateMapEntry")
    assert entry.inputs["matcher"] == "PRIMARY"


def test_the_sites_own_name_is_watched_from_outside(found: Sequence[Recorded]) -> None:
    [check] = kind(found, "UptimeCheckConfig")
    assert check.inputs["monitoredResource"]["labels"]["host"] == HOSTS[1]
    assert check.inputs["httpCheck"]["validateSsl"] is True


def test_without_an_edge_nothing_is_open(staging: Sequence[Recorded]) -> None:
    for absent in ("GlobalForwardingRule", "GlobalAddress", "BackendService", "UptimeCheckConfig"):
        assert kind(staging, absent) == []
    assert not [
        one for one in kind(staging, "Firewall") if one.inputs["direction"] == "INGRESS" and "allows" in one.inputs
    ]
