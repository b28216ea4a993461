"""What rules about Azure say of shapes that a case cannot hold: references, exemptions, ways around."""

from __future__ import annotations

from typing import Any

import pytest

from policies.azure import edges, networks, node_pools, permissions, vaults, virtual_machines
from policies.azure.clusters import CLUSTER
from policies.azure.references import DIAGNOSTICS, GROUP
from policies.azure.storage import ACCOUNT
from policies.catalogue import rules_of
from policies.rule import Rule
from tests.policies.analyzer import UNKNOWN, Analyzer, Given
from tests.policies.azure.fixtures import diagnostics, opening

RULES = {rule.id: rule for rule in rules_of("azure-native")}


def said(rule: str, *stack: Given) -> list[str]:
    """What one rule says of the first of these."""
    analyzer = Analyzer(RULES[rule])
    if isinstance(RULES[rule], Rule):
        return [one.text for one in analyzer.resource(stack[0])]
    return [one.text for one in analyzer.stack(*stack) if one.urn == stack[0].urn]


OWN_KEY = Given(type=vaults.KEY, name="key", props={}, references={"vaultName": ["subject"]})
OPEN = Given(type=vaults.VAULT, props={"vaultName": UNKNOWN, "properties": {"publicNetworkAccess": "Enabled"}})
USER = Given(type=vaults.REGISTRY, name="registry", props={}, references={"encryption": ["key"]})
HELD = Given(type=vaults.SECRET, name="secret", props={}, references={"vaultName": ["subject"]})
VAULTS = "azure-keyvault-vault-deny-open-network"


def test_the_vault_of_a_registry_may_be_open_before_anything_has_a_name() -> None:
    assert said(VAULTS, OPEN, OWN_KEY, USER) == []


def test_a_vault_that_holds_more_than_a_registrys_key_may_not() -> None:
    assert len(said(VAULTS, OPEN, OWN_KEY, USER, HELD)) == 1
    assert len(said(VAULTS, OPEN, OWN_KEY)) == 1


def test_a_log_about_another_that_is_not_known_yet_is_no_log_about_this_one() -> None:
    vault = Given(type=vaults.VAULT, props={"vaultName": "one"})
    other = Given(type=vaults.VAULT, name="other", props={"vaultName": "two"})
    log = {**diagnostics("x"), "resourceUri": UNKNOWN}
    (found,) = said(
        "azure-monitor-resource-require-audit",
        vault,
        other,
        Given(type=DIAGNOSTICS, name="log", props=log, references={"resourceUri": ["other"]}),
    )
    assert "not evaluated" not in found
    assert (
        said(
            "azure-monitor-resource-require-audit",
            vault,
            Given(type=DIAGNOSTICS, name="log", props=log, references={"resourceUri": ["subject"]}),
        )
        == []
    )


OWNER = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@pytest.mark.parametrize("kind", [vaults.VAULT, GROUP])
def test_an_owner_of_a_resource_or_a_group_is_no_owner_of_the_subscription(kind: str) -> None:
    over = Given(
        type=permissions.ASSIGNMENT,
        props={"roleDefinitionId": OWNER, "scope": UNKNOWN},
        references={"scope": ["thing"]},
    )
    thing = Given(type=kind, name="thing", props={})
    assert said("azure-authorization-grant-deny-administrator", over, thing) == []


@pytest.mark.parametrize("scope", ["/", "/subscriptions/s/", "/providers/Microsoft.Management/managementGroups/all"])
def test_an_owner_of_more_than_a_subscription_is_found(scope: str) -> None:
    over = Given(type=permissions.ASSIGNMENT, props={"roleDefinitionId": OWNER, "scope": scope})
    assert len(said("azure-authorization-grant-deny-administrator", over)) == 1


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
def test_a_role_that_is_wide_in_other_words_is_found(action: str, rule: str) -> None:
    role = Given(type=permissions.ROLE, props={"permissions": [{"actions": [action]}]})
    assert said(f"azure-authorization-role-{rule}", role)


def test_reading_all_of_a_service_is_not_changing_it() -> None:
    role = Given(type=permissions.ROLE, props={"permissions": [{"actions": ["Microsoft.Storage/*/read"]}]})
    assert said("azure-authorization-role-deny-whole-services", role) == []


def test_a_firewall_with_an_exception_for_everybody_is_open() -> None:
    rules = {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "0.0.0.0/1"}]}
    acls = {"defaultAction": "Deny", "ipRules": [{"value": "::/0"}]}
    for rule, kind, props in (
        ("azure-storage-account-deny-open-network", ACCOUNT, {"networkRuleSet": rules}),
        ("azure-acr-registry-deny-open-network", vaults.REGISTRY, {"networkRuleSet": rules}),
        (VAULTS, vaults.VAULT, {"properties": {"networkAcls": acls}}),
    ):
        assert len(said(rule, Given(type=kind, props=props))) == 1


def test_a_rule_for_every_protocol_is_one_for_udp() -> None:
    guard = Given(type="azure-native:network:SecurityRule", props=opening("123", protocol="*"))
    assert len(said("azure-network-guard-deny-open-reflection", guard)) == 1


def test_what_holds_no_machines_and_no_subnets_is_not_taken_for_one() -> None:
    nothing: list[tuple[str, str, dict[str, Any]]] = [
        ("azure-aks-pool-require-host-encryption", CLUSTER, {"identity": {"type": "SystemAssigned"}}),
        (
            "azure-compute-machine-require-host-encryption",
            virtual_machines.SCALE_SET,
            {"orchestrationMode": "Flexible"},
        ),
        ("azure-network-subnet-require-guard", networks.NETWORK, {"subnets": []}),
    ]
    for rule, kind, props in nothing:
        assert said(rule, Given(type=kind, props=props)) == []


def test_subnets_that_the_cloud_guards_need_no_guard() -> None:
    delegated = {"name": "api", "delegations": [{"serviceName": "Microsoft.ContainerService/managedClusters"}]}
    other = {"name": "db", "delegations": [{"serviceName": "Microsoft.DBforPostgreSQL/flexibleServers"}]}
    subnets = [delegated, {"name": "GatewaySubnet"}, other]
    assert (
        len(said("azure-network-subnet-require-guard", Given(type=networks.NETWORK, props={"subnets": subnets}))) == 1
    )


def test_spot_machines_need_no_surge() -> None:
    pool = Given(type=node_pools.POOL, props={"scaleSetPriority": "Spot"})
    assert said("azure-aks-pool-require-surge", pool) == []


def test_a_private_gateway_needs_neither_firewall_nor_certificate() -> None:
    frontends = [{"name": "public", "publicIPAddress": {"id": "unused"}}, {"name": "edge"}]
    listeners = [{"name": "edge", "protocol": "Http", "frontendIPConfiguration": {"id": "/x/edge"}}]
    gateway = Given(
        type=edges.GATEWAY, props={"frontendIPConfigurations": frontends, "httpListeners": listeners, "zones": ["1"]}
    )
    for rule in ("listener-require-firewall", "listener-require-tls", "gateway-require-tls12"):
        assert said(f"azure-gateway-{rule}", gateway) == []


@pytest.mark.parametrize(
    ("listens_at", "mode", "flooded"),
    [
        ("private", None, False),
        ("public", None, True),
        ("public", "VirtualNetworkInherited", True),
        ("public", "Enabled", False),
    ],
)
def test_a_gateway_lets_floods_in_by_an_address_that_it_listens_at_and_that_nobody_protects(
    listens_at: str, mode: str | None, *, flooded: bool
) -> None:
    gateway = {
        "frontendIPConfigurations": [{"name": "public", "publicIPAddress": {"id": UNKNOWN}}, {"name": "private"}],
        "httpListeners": [{"frontendIPConfiguration": {"id": f"/frontendIPConfigurations/{listens_at}"}}],
    }
    address = {"ddosSettings": {"protectionMode": mode}} if mode else {}
    found = said(
        "azure-network-network-require-ddos-protection",
        Given(type=networks.NETWORK, props={}),
        Given(type=edges.GATEWAY, name="gateway", props=gateway, references={"frontendIPConfigurations": ["address"]}),
        Given(type=networks.ADDRESS, name="address", props=address),
    )
    assert bool(found) is flooded
    assert not any("not evaluated" in text for text in found)


def test_a_balancer_at_an_address_that_the_stack_does_not_have_is_a_door_too() -> None:
    door = {"frontendIPConfigurations": [{"name": "public", "publicIPAddress": {"id": "/publicIPAddresses/other"}}]}
    network = Given(type=networks.NETWORK, props={})
    balancer = Given(type="azure-native:network:LoadBalancer", name="door", props=door)
    assert len(said("azure-network-network-require-ddos-protection", network, balancer)) == 1
    assert said("azure-network-network-require-ddos-protection", network) == []
