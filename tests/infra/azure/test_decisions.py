"""Pure decisions of an Azure site's components."""

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
from tests.infra.azure.compliant_site import site_context


def test_a_global_name_depends_on_site_region_and_subscription() -> None:
    other_subscription = "0f0e0d0c-1111-2222-3333-444455556667"
    sites: list[dict[str, str]] = [{}, {"name": "second"}, {"region": "uksouth"}, {"account": other_subscription}]
    resources = [global_name(site_context(site), "backups") for site in sites]
    assert (
        len(
            {
                *resources,
                global_name(site_context(environment="staging"), "backups"),
                global_name(site_context(), "logs"),
            }
        )
        == 6
    )
    assert all(len(name) <= 24 and name.isalnum() for name in resources)


def test_long_names_that_differ_at_the_end_stay_different() -> None:
    context = site_context({"name": "a-name-of-20-letters"})
    parts = [compose_name(context, "storage:BlobContainer", "x" * 60, end) for end in ("one", "two")]
    assert len(set(parts)) == 2
    assert {len(part) for part in parts} == {63}


def test_a_private_vault_admits_only_azures_services() -> None:
    resources = keys.vault_properties(site_context(), private=True)
    assert resources["publicNetworkAccess"] == "Disabled"
    assert resources["networkAcls"] == {"bypass": "AzureServices", "defaultAction": "Deny"}
    assert resources["tenantId"] == site_context().site.tenant


def test_soft_delete_of_a_vault_lasts_longer_in_production() -> None:
    days = [
        keys.vault_properties(site_context(environment=resource), private=True)
        for resource in ("production", "staging")
    ]
    assert [resources["softDeleteRetentionInDays"] for resources in days] == [90, 7]
    assert {resources["enablePurgeProtection"] for resources in days} == {True}


def test_the_key_makes_a_new_version_of_itself_every_year() -> None:
    actions = keys.key_properties()["rotationPolicy"]["lifetimeActions"]
    assert {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P1Y"}} in actions


@pytest.mark.parametrize(("days", "retention"), [(1, 30), (365, 365), (3653, 730)])
def test_the_workspace_keeps_logs_as_near_to_the_settings_as_it_can(days: int, retention: int) -> None:
    assert audit_logs.workspace_days(days) == retention


def test_the_account_keeps_flow_logs_and_audit_logs_for_their_own_days() -> None:
    context = site_context({"network": {"flowLogDays": 10}, "cluster": {"logDays": 1000}})
    days = {
        rule["definition"]["filters"]["prefixMatch"][0]: rule["definition"]["actions"]["baseBlob"]["delete"][
            "daysAfterModificationGreaterThan"
        ]
        for rule in audit_logs.retention_rules(context)
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
    resources = backups.protection(400)
    assert resources["is_versioning_enabled"] is True
    assert resources["change_feed"] == {"enabled": True, "retentionInDays": 400}
    assert resources["delete_retention_policy"] == {"enabled": True, "days": 365}


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
    assert [(resource["name"], resource["priority"]) for resource in dns.endpoints(targets)] == [
        ("one", 1),
        ("two", 2),
        ("dr", 3),
    ]


def test_a_target_is_checked_over_tls_on_its_ready_path() -> None:
    check = dns.monitor("rpc.pouw.example.org")
    assert (check["protocol"], check["port"], check["path"]) == ("HTTPS", 443, "/ready")
    assert check["customHeaders"] == [{"name": "host", "value": "rpc.pouw.example.org"}]


def test_websocket_has_its_own_port_and_timeout() -> None:
    resources = gateway.routing(site_context())
    ports = {
        resource["name"]: (resource["port"], resource["requestTimeout"])
        for resource in resources["backend_http_settings_collection"]
    }
    assert ports == {"rpc": (8545, 60), "ws": (8546, 3600)}
    [paths] = resources["url_path_maps"]
    assert paths["pathRules"][0]["paths"] == ["/ws", "/ws/*"]


def test_the_gateway_routes_to_the_address_of_the_balancers_service() -> None:
    [pool] = gateway.routing(site_context())["backend_address_pools"]
    assert pool["backendAddresses"] == [{"ipAddress": balancer_entry(site_context()).address}]


def test_the_balancers_service_stays_inside_and_the_peers_service_does_not() -> None:
    prefix = "service.beta.kubernetes.io/azure-load-balancer"
    assert balancer_entry(site_context()).annotations[f"{prefix}-internal"] == "true"
    assert f"{prefix}-internal" not in peers_entry(site_context()).annotations


def test_the_name_server_of_a_cluster_is_within_its_services() -> None:
    assert cluster.dns_address("172.20.0.0/16") == "172.20.0.10"


def test_the_budget_notifies_of_actual_and_forecast_cost() -> None:
    resources = budget.notifications(["oncall@pouw.example.org"], "alarms")
    thresholds = [(entry["threshold"], entry["thresholdType"]) for entry in resources.values()]
    assert thresholds == [(80, "Actual"), (100, "Actual"), (100, "Forecasted")]


def test_removing_a_protection_raises_an_alarm() -> None:
    category, status, operations = alarms.changes()
    assert (category["equals"], status["equals"]) == ("Administrative", "Succeeded")
    names = {term["equals"] for term in operations["anyOf"]}
    for suffix in ("locks/delete", "diagnosticSettings/delete", "immutabilityPolicies/write", "roleAssignments/write"):
        assert any(operation.endswith(suffix) for operation in names), suffix


def test_no_condition_on_the_activity_log_mixes_kinds() -> None:
    for condition in (*alarms.changes(), *alarms.incidents()):
        assert set(condition) in ({"field", "equals"}, {"anyOf"})


def test_a_network_joins_a_plan_against_floods_where_the_tenant_has_one() -> None:
    assert network.flood_protection(None) == {}
    joined = network.flood_protection("/plans/shared")
    assert joined == {"enable_ddos_protection": True, "ddos_protection_plan": {"id": "/plans/shared"}}


def test_azure_policy_checks_the_objects_of_the_cluster() -> None:
    assert cluster.settings(site_context())["addon_profiles"] == {"azurepolicy": {"enabled": True}}
