"""Tests of Azure rules that a case cannot express: references, exemptions and bypasses."""

from __future__ import annotations

from typing import Any

import pytest

from policies.azure import edges, networks, node_pools, permissions, vaults, virtual_machines
from policies.azure.clusters import CLUSTER
from policies.azure.references import DIAGNOSTICS, GROUP
from policies.azure.storage import ACCOUNT
from policies.catalogue import rules_of
from policies.rule import Rule
from tests.policies.analyzer import UNKNOWN, Analyzer, Declaration
from tests.policies.azure.fixtures import diagnostics, opening

RULES = {rule.id: rule for rule in rules_of("azure-native")}


def texts(rule: str, *stack: Declaration) -> list[str]:
    """Return the texts of one rule's diagnostics of the first resource."""
    analyzer = Analyzer(RULES[rule])
    if isinstance(RULES[rule], Rule):
        return [entry.text for entry in analyzer.resource(stack[0])]
    return [entry.text for entry in analyzer.stack(*stack) if entry.urn == stack[0].urn]


OWN_KEY = Declaration(type=vaults.KEY, name="key", props={}, references={"vaultName": ["subject"]})
OPEN = Declaration(type=vaults.VAULT, props={"vaultName": UNKNOWN, "properties": {"publicNetworkAccess": "Enabled"}})
USER = Declaration(type=vaults.REGISTRY, name="registry", props={}, references={"encryption": ["key"]})
STORED_SECRET = Declaration(type=vaults.SECRET, name="secret", props={}, references={"vaultName": ["subject"]})
VAULTS = "azure-keyvault-vault-deny-open-network"


def test_the_vault_of_a_registry_may_be_open_while_names_are_unknown() -> None:
    assert texts(VAULTS, OPEN, OWN_KEY, USER) == []


def test_a_vault_with_more_than_a_registry_key_may_not_be_open() -> None:
    assert len(texts(VAULTS, OPEN, OWN_KEY, USER, STORED_SECRET)) == 1
    assert len(texts(VAULTS, OPEN, OWN_KEY)) == 1


def test_a_log_of_another_vault_does_not_count_while_ids_are_unknown() -> None:
    vault = Declaration(type=vaults.VAULT, props={"vaultName": "one"})
    second_vault = Declaration(type=vaults.VAULT, name="other", props={"vaultName": "two"})
    log = {**diagnostics("x"), "resourceUri": UNKNOWN}
    (text,) = texts(
        "azure-monitor-resource-require-audit",
        vault,
        second_vault,
        Declaration(type=DIAGNOSTICS, name="log", props=log, references={"resourceUri": ["other"]}),
    )
    assert "not evaluated" not in text
    assert (
        texts(
            "azure-monitor-resource-require-audit",
            vault,
            Declaration(type=DIAGNOSTICS, name="log", props=log, references={"resourceUri": ["subject"]}),
        )
        == []
    )


OWNER = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@pytest.mark.parametrize("kind", [vaults.VAULT, GROUP])
def test_an_owner_of_a_resource_or_group_is_not_a_subscription_owner(kind: str) -> None:
    over = Declaration(
        type=permissions.ASSIGNMENT,
        props={"roleDefinitionId": OWNER, "scope": UNKNOWN},
        references={"scope": ["thing"]},
    )
    thing = Declaration(type=kind, name="thing", props={})
    assert texts("azure-authorization-grant-deny-administrator", over, thing) == []


@pytest.mark.parametrize("scope", ["/", "/subscriptions/s/", "/providers/Microsoft.Management/managementGroups/all"])
def test_an_owner_of_more_than_a_subscription_is_reported(scope: str) -> None:
    over = Declaration(type=permissions.ASSIGNMENT, props={"roleDefinitionId": OWNER, "scope": scope})
    assert len(texts("azure-authorization-grant-deny-administrator", over)) == 1


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        ("Microsoft.Authorization/*", "deny-escalation"),
        ("Microsoft.Authorization/elevateAccess/action", "deny-escalation"),
        ("Microsoft.Authorization/*/write", "deny-escalation"),
        ("Microsoft.Storage/*/write", "deny-whole-services"),
        ("Microsoft.*/read", "deny-everything"),
    ],
)
def test_a_role_with_another_form_of_wildcard_is_reported(action: str, rule: str) -> None:
    role = Declaration(type=permissions.ROLE, props={"permissions": [{"actions": [action]}]})
    assert texts(f"azure-authorization-role-{rule}", role)


def test_reading_a_whole_service_is_allowed() -> None:
    role = Declaration(type=permissions.ROLE, props={"permissions": [{"actions": ["Microsoft.Storage/*/read"]}]})
    assert texts("azure-authorization-role-deny-whole-services", role) == []


def test_a_firewall_with_an_exception_for_the_internet_is_open() -> None:
    rules = {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "0.0.0.0/1"}]}
    acls = {"defaultAction": "Deny", "ipRules": [{"value": "::/0"}]}
    for rule, kind, props in (
        ("azure-storage-account-deny-open-network", ACCOUNT, {"networkRuleSet": rules}),
        ("azure-acr-registry-deny-open-network", vaults.REGISTRY, {"networkRuleSet": rules}),
        (VAULTS, vaults.VAULT, {"properties": {"networkAcls": acls}}),
    ):
        assert len(texts(rule, Declaration(type=kind, props=props))) == 1


def test_a_rule_for_every_protocol_includes_udp() -> None:
    guard = Declaration(type="azure-native:network:SecurityRule", props=opening("123", protocol="*"))
    assert len(texts("azure-network-guard-deny-open-reflection", guard)) == 1


def test_a_resource_without_machines_or_subnets_passes() -> None:
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("azure-aks-pool-require-host-encryption", CLUSTER, {"identity": {"type": "SystemAssigned"}}),
        (
            "azure-compute-machine-require-host-encryption",
            virtual_machines.SCALE_SET,
            {"orchestrationMode": "Flexible"},
        ),
        ("azure-network-subnet-require-guard", networks.NETWORK, {"subnets": []}),
    ]
    for rule, kind, props in rows:
        assert texts(rule, Declaration(type=kind, props=props)) == []


def test_subnets_that_azure_protects_need_no_security_group() -> None:
    delegated = {"name": "api", "delegations": [{"serviceName": "Microsoft.ContainerService/managedClusters"}]}
    database = {"name": "db", "delegations": [{"serviceName": "Microsoft.DBforPostgreSQL/flexibleServers"}]}
    subnets = [delegated, {"name": "GatewaySubnet"}, database]
    assert (
        len(texts("azure-network-subnet-require-guard", Declaration(type=networks.NETWORK, props={"subnets": subnets})))
        == 1
    )


def test_spot_machines_need_no_surge() -> None:
    pool = Declaration(type=node_pools.POOL, props={"scaleSetPriority": "Spot"})
    assert texts("azure-aks-pool-require-surge", pool) == []


def test_a_private_gateway_needs_neither_firewall_nor_certificate() -> None:
    frontends = [{"name": "public", "publicIPAddress": {"id": "unused"}}, {"name": "edge"}]
    listeners = [{"name": "edge", "protocol": "Http", "frontendIPConfiguration": {"id": "/x/edge"}}]
    gateway = Declaration(
        type=edges.GATEWAY, props={"frontendIPConfigurations": frontends, "httpListeners": listeners, "zones": ["1"]}
    )
    for rule in ("listener-require-firewall", "listener-require-tls", "gateway-require-tls12"):
        assert texts(f"azure-gateway-{rule}", gateway) == []


@pytest.mark.parametrize(
    ("listens_at", "mode", "reported"),
    [
        ("private", None, False),
        ("public", None, True),
        ("public", "VirtualNetworkInherited", True),
        ("public", "Enabled", False),
    ],
)
def test_a_gateway_needs_ddos_protection_on_the_address_it_listens_on(
    listens_at: str, mode: str | None, *, reported: bool
) -> None:
    gateway = {
        "frontendIPConfigurations": [{"name": "public", "publicIPAddress": {"id": UNKNOWN}}, {"name": "private"}],
        "httpListeners": [{"frontendIPConfiguration": {"id": f"/frontendIPConfigurations/{listens_at}"}}],
    }
    address = {"ddosSettings": {"protectionMode": mode}} if mode else {}
    violations = texts(
        "azure-network-network-require-ddos-protection",
        Declaration(type=networks.NETWORK, props={}),
        Declaration(
            type=edges.GATEWAY, name="gateway", props=gateway, references={"frontendIPConfigurations": ["address"]}
        ),
        Declaration(type=networks.ADDRESS, name="address", props=address),
    )
    assert bool(violations) is reported
    assert not any("not evaluated" in text for text in violations)


def test_a_balancer_on_an_address_outside_the_stack_counts_as_public() -> None:
    frontend = {"frontendIPConfigurations": [{"name": "public", "publicIPAddress": {"id": "/publicIPAddresses/other"}}]}
    network = Declaration(type=networks.NETWORK, props={})
    balancer = Declaration(type="azure-native:network:LoadBalancer", name="door", props=frontend)
    assert len(texts("azure-network-network-require-ddos-protection", network, balancer)) == 1
    assert texts("azure-network-network-require-ddos-protection", network) == []
