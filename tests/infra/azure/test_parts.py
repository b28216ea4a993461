"""Decisions of an Azure site's parts, each by itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from infra.azure import (
    alarms,
    audit_logs,
    authorization,
    backups,
    budget,
    cluster,
    dns,
    gateway,
    identity,
    keys,
    network,
    registry,
)
from infra.azure.physical_names import compose_name, global_name, group_name
from infra.azure.site import balancer_entry, peers_entry
from infra.contracts import Target
from tests.infra.azure.declared import site_context


def test_a_worldwide_name_tells_sites_regions_and_subscriptions_apart() -> None:
    other = "0f0e0d0c-1111-2222-3333-444455556667"
    sites: list[dict[str, str]] = [{}, {"name": "second"}, {"region": "uksouth"}, {"account": other}]
    found = [global_name(site_context(site), "backups") for site in sites]
    assert (
        len({*found, global_name(site_context(environment="staging"), "backups"), global_name(site_context(), "logs")})
        == 6
    )
    assert all(len(name) <= 24 and name.isalnum() for name in found)


def test_a_name_past_its_limit_keeps_what_tells_it_apart() -> None:
    where = site_context({"name": "a-name-of-20-letters"})
    parts = [compose_name(where, "storage:BlobContainer", "x" * 60, end) for end in ("one", "two")]
    assert len(set(parts)) == 2
    assert {len(part) for part in parts} == {63}


def test_a_private_vault_admits_the_clouds_own_services_alone() -> None:
    found = keys.vault_properties(site_context(), private=True)
    assert found["publicNetworkAccess"] == "Disabled"
    assert found["networkAcls"] == {"bypass": "AzureServices", "defaultAction": "Deny"}
    assert found["tenantId"] == site_context().site.tenant


def test_what_is_deleted_from_a_vault_is_kept_longer_in_production() -> None:
    days = [keys.vault_properties(site_context(environment=one), private=True) for one in ("production", "staging")]
    assert [found["softDeleteRetentionInDays"] for found in days] == [90, 7]
    assert {found["enablePurgeProtection"] for found in days} == {True}


def test_the_key_makes_a_new_version_of_itself_every_year() -> None:
    actions = keys.key_properties()["rotationPolicy"]["lifetimeActions"]
    assert {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P1Y"}} in actions


@pytest.mark.parametrize(("days", "kept"), [(1, 30), (365, 365), (3653, 730)])
def test_the_workspace_keeps_logs_as_near_to_the_settings_as_it_can(days: int, kept: int) -> None:
    assert audit_logs.workspace_days(days) == kept


def test_the_account_keeps_flow_logs_and_audit_logs_for_their_own_days() -> None:
    where = site_context({"network": {"flowLogDays": 10}, "cluster": {"logDays": 1000}})
    days = {
        rule["definition"]["filters"]["prefixMatch"][0]: rule["definition"]["actions"]["baseBlob"]["delete"][
            "daysAfterModificationGreaterThan"
        ]
        for rule in audit_logs.retention_rules(where)
    }
    assert days.pop("insights-logs-flow") == 10
    assert set(days.values()) == {1000}
    # Azure writes each category of a log to a container of its own, by the category's name.
    for category in cluster.AUDIT_CATEGORIES:
        assert any(f"insights-logs-{category}".startswith(prefix) for prefix in days), category


@pytest.mark.parametrize(
    ("days", "retention"), [(90, {"enabled": True, "days": 90}), (400, {"enabled": False, "days": 0})]
)
def test_a_flow_log_keeps_itself_for_a_year_at_most(days: int, retention: dict[str, object]) -> None:
    assert network.flow_retention(days) == retention


def test_versions_and_the_feed_that_replication_reads_are_on() -> None:
    found = backups.protection(400)
    assert found["is_versioning_enabled"] is True
    assert found["change_feed"] == {"enabled": True, "retentionInDays": 400}
    assert found["delete_retention_policy"] == {"enabled": True, "days": 365}


def test_the_source_repeats_the_rules_of_the_target() -> None:
    rule = SimpleNamespace(rule_id="r", source_container="s", destination_container="d")
    assert backups.repeated([rule]) == [{"ruleId": "r", "sourceContainer": "s", "destinationContainer": "d"}]
    assert backups.repeated(None) == []


def test_a_backup_is_added_and_read_and_never_overwritten_or_deleted() -> None:
    assert [action.rpartition("blobs/")[2] for action in identity.BACKUP_ACTIONS] == ["read", "add/action"]


def test_a_workload_is_trusted_by_its_service_account() -> None:
    assert identity.subject("backup") == "system:serviceaccount:pouw-system:pouw-backup"


def test_a_role_is_named_within_the_subscription() -> None:
    scope = f"/subscriptions/{site_context().site.account}/"
    assert authorization.role_id(site_context(), "AcrPull").startswith(scope)


def test_images_cannot_be_copied_out_of_a_registry_without_an_outside() -> None:
    assert registry.policies(site_context())["exportPolicy"] == {"status": "disabled"}
    assert "exportPolicy" not in registry.policies(site_context({"cluster": {"apiAllowFrom": ["203.0.113.0/24"]}}))


def test_the_registrys_identity_is_known_before_it_is_made() -> None:
    assert f"/resourceGroups/{group_name(site_context())}/" in registry.reader_id(site_context())


@pytest.mark.parametrize(
    ("host", "expected"), [("pouw.example.org", "@"), ("rpc.pouw.example.org", "rpc"), ("a.b.pouw.example.org", "a.b")]
)
def test_a_record_is_named_within_its_zone(host: str, expected: str) -> None:
    assert dns.relative(host, "pouw.example.org") == expected


def test_a_name_of_another_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a name in the zone pouw\.example\.org"):
        dns.relative("rpc.notpouw.example.org", "pouw.example.org")


def test_active_targets_are_tried_before_standby_ones() -> None:
    targets = [
        Target(site=site, active=site != "dr", kind="CNAME", address=f"{site}.example") for site in ("dr", "one", "two")
    ]
    assert [(one["name"], one["priority"]) for one in dns.endpoints(targets)] == [("one", 1), ("two", 2), ("dr", 3)]


def test_a_target_is_asked_over_tls_whether_it_is_ready() -> None:
    asked = dns.monitor("rpc.pouw.example.org")
    assert (asked["protocol"], asked["port"], asked["path"]) == ("HTTPS", 443, "/ready")
    assert asked["customHeaders"] == [{"name": "host", "value": "rpc.pouw.example.org"}]


def test_websocket_has_a_port_and_a_patience_of_its_own() -> None:
    found = gateway.routing(site_context())
    ports = {one["name"]: (one["port"], one["requestTimeout"]) for one in found["backend_http_settings_collection"]}
    assert ports == {"rpc": (8545, 60), "ws": (8546, 3600)}
    [paths] = found["url_path_maps"]
    assert paths["pathRules"][0]["paths"] == ["/ws", "/ws/*"]


def test_the_gateway_leads_where_the_balancers_service_stands() -> None:
    [pool] = gateway.routing(site_context())["backend_address_pools"]
    assert pool["backendAddresses"] == [{"ipAddress": balancer_entry(site_context()).address}]


def test_the_balancers_service_stays_inside_and_the_peers_service_does_not() -> None:
    prefix = "service.beta.kubernetes.io/azure-load-balancer"
    assert balancer_entry(site_context()).annotations[f"{prefix}-internal"] == "true"
    assert f"{prefix}-internal" not in peers_entry(site_context()).annotations


def test_the_name_server_of_a_cluster_is_within_its_services() -> None:
    assert cluster.dns_address("172.20.0.0/16") == "172.20.0.10"


def test_the_budget_tells_of_what_was_spent_and_of_what_will_be() -> None:
    found = budget.notifications(["oncall@pouw.example.org"], "alarms")
    told = [(one["threshold"], one["thresholdType"]) for one in found.values()]
    assert told == [(80, "Actual"), (100, "Actual"), (100, "Forecasted")]


def test_taking_protection_away_rings() -> None:
    category, status, operations = alarms.changes()
    assert (category["equals"], status["equals"]) == ("Administrative", "Succeeded")
    told = {one["equals"] for one in operations["anyOf"]}
    for gone in ("locks/delete", "diagnosticSettings/delete", "immutabilityPolicies/write", "roleAssignments/write"):
        assert any(operation.endswith(gone) for operation in told), gone


def test_no_condition_on_the_activity_log_mixes_kinds() -> None:
    for condition in (*alarms.changes(), *alarms.incidents()):
        assert set(condition) in ({"field", "equals"}, {"anyOf"})


def test_a_network_joins_a_plan_against_floods_where_the_tenant_has_one() -> None:
    assert network.flood_protection(None) == {}
    joined = network.flood_protection("/plans/shared")
    assert joined == {"enable_ddos_protection": True, "ddos_protection_plan": {"id": "/plans/shared"}}


def test_what_enters_a_cluster_is_held_against_the_policies_of_the_subscription() -> None:
    assert cluster.settings(site_context())["addon_profiles"] == {"azurepolicy": {"enabled": True}}
