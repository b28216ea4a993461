"""A stack of everything that the rules about Azure know, all of it in order: no rule says anything."""

from __future__ import annotations

from policies.azure import backups, databases, edges, machines, networks, nodes, permissions, records, storage, vaults
from policies.azure.clusters import BUDGET, CLUSTER, MAINTENANCE
from policies.azure.openings import GUARD
from policies.azure.registries import ENDPOINT
from policies.azure.relations import DIAGNOSTICS, LOCKS
from policies.catalogue import rules_of
from policies.rule import Rule
from tests.policies.analyzer import UNKNOWN, Analyzer, Given
from tests.policies.azure import fixtures
from tests.policies.azure.fixtures import alert, diagnostics

_ACCOUNT_ID = "/subscriptions/s/storageAccounts/pouwbackups"
_WATCHED = ("Microsoft.Network/networkSecurityGroups", "Microsoft.Network/publicIPAddresses")
_GIVEN = {
    storage.ACCOUNT: [fixtures.ACCOUNT],
    backups.BLOBS: [fixtures.BLOBS],
    backups.FILES: [fixtures.FILES],
    storage.CONTAINER: [fixtures.CONTAINER],
    backups.IMMUTABILITY: [{"containerName": "backups", "immutabilityPeriodSinceCreationInDays": 35}],
    backups.REPLICATION: [{"sourceAccount": _ACCOUNT_ID, "destinationAccount": "other"}],
    LOCKS[0]: [{"scope": _ACCOUNT_ID, "level": "CanNotDelete"}],
    vaults.VAULT: [fixtures.VAULT],
    vaults.KEY: [fixtures.KEY],
    vaults.DISK_SET: [fixtures.DISK_SET],
    vaults.REGISTRY: [fixtures.REGISTRY],
    CLUSTER: [fixtures.CLUSTER],
    nodes.POOL: [fixtures.POOL],
    MAINTENANCE: [fixtures.WINDOW],
    BUDGET: [fixtures.BUDGET],
    ENDPOINT: [fixtures.ENDPOINT],
    networks.ENDPOINT_NAMES: [fixtures.ENDPOINT_NAMES],
    GUARD: [fixtures.GUARD],
    networks.NETWORK: [fixtures.NETWORK],
    networks.SUBNET: [fixtures.SUBNET],
    networks.ADDRESS: [fixtures.ADDRESS],
    storage.FLOW_LOG: [fixtures.FLOW_LOG],
    edges.GATEWAY: [fixtures.GATEWAY],
    edges.FIREWALL: [fixtures.FIREWALL],
    edges.EDGE: [fixtures.EDGE],
    edges.DOMAIN: [fixtures.DOMAIN],
    edges.SECURITY: [fixtures.SECURITY],
    edges.ROUTE: [fixtures.ROUTE],
    machines.MACHINE: [fixtures.MACHINE],
    machines.SCALE_SET: [fixtures.SCALE_SET],
    machines.DISKS[0]: [fixtures.DISK],
    databases.SQL: [fixtures.SQL],
    databases.AUDITING[0]: [fixtures.AUDITING],
    databases.POSTGRES: [fixtures.POSTGRES],
    databases.COSMOS: [fixtures.COSMOS],
    databases.REDIS: [fixtures.REDIS],
    databases.QUEUES[0]: [fixtures.QUEUE],
    "azure-native:web:WebApp": [fixtures.APPLICATION],
    records.WORKSPACE: [fixtures.WORKSPACE],
    records.CHANNEL: [fixtures.CHANNEL],
    records.ALERT: [
        alert(*(f"{name}/{verb}" for name in _WATCHED for verb in ("write", "delete"))),
        alert(category="ServiceHealth"),
    ],
    DIAGNOSTICS: [
        diagnostics(name) for name in ("vaults/pouwkeys", "registries/pouwimages", "managedClusters/pouw-dr")
    ],
    permissions.GRANT: [fixtures.GRANT],
    permissions.ROLE: [fixtures.ROLE],
    permissions.TRUST: [fixtures.TRUST],
}
STACK = [
    Given(type=kind, name=f"given{number}", props=props)
    for kind, listed in _GIVEN.items()
    for number, props in enumerate(listed)
]
RULES = {rule.id: rule for rule in rules_of("azure-native")}


def test_nothing_is_said_of_a_stack_in_order() -> None:
    analyzer = Analyzer()
    assert [said for one in STACK for said in analyzer.resource(one)] == []
    named = [
        Given(type=one.type, name=f"{number}", props=one.props, refers=one.refers) for number, one in enumerate(STACK)
    ]
    assert analyzer.stack(*named) == []


def test_most_rules_are_about_something_in_that_stack() -> None:
    types = {one.type for one in STACK}
    about = [rule for rule in RULES.values() if types & set(rule.types)]
    assert len(about) > len(RULES) * 0.9


def said(rule: str, *stack: Given) -> list[str]:
    """What one rule says of the first of these."""
    analyzer = Analyzer(RULES[rule])
    if isinstance(RULES[rule], Rule):
        return [one.text for one in analyzer.resource(stack[0])]
    return [one.text for one in analyzer.stack(*stack) if one.urn == stack[0].urn]


OWN_KEY = Given(type=vaults.KEY, name="key", props={}, refers={"vaultName": ["subject"]})
OPEN = Given(type=vaults.VAULT, props={"vaultName": UNKNOWN, "properties": {"publicNetworkAccess": "Enabled"}})
USER = Given(type=vaults.REGISTRY, name="registry", props={}, refers={"encryption": ["key"]})
HELD = Given(type=vaults.HELD, name="secret", props={}, refers={"vaultName": ["subject"]})
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
        Given(type=DIAGNOSTICS, name="log", props=log, refers={"resourceUri": ["other"]}),
    )
    assert "not evaluated" not in found
    assert (
        said(
            "azure-monitor-resource-require-audit",
            vault,
            Given(type=DIAGNOSTICS, name="log", props=log, refers={"resourceUri": ["subject"]}),
        )
        == []
    )


def test_an_owner_of_one_resource_is_no_owner_of_the_subscription() -> None:
    owner = {
        "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "scope": UNKNOWN,
    }
    over = Given(type=permissions.GRANT, props=owner, refers={"scope": ["vault"]})
    assert (
        said("azure-authorization-grant-deny-administrator", over, Given(type=vaults.VAULT, name="vault", props={}))
        == []
    )


def test_a_private_gateway_needs_neither_firewall_nor_certificate() -> None:
    frontends = [{"name": "public", "publicIPAddress": {"id": "unused"}}, {"name": "edge"}]
    listeners = [{"name": "edge", "protocol": "Http", "frontendIPConfiguration": {"id": "/x/edge"}}]
    gateway = Given(
        type=edges.GATEWAY, props={"frontendIPConfigurations": frontends, "httpListeners": listeners, "zones": ["1"]}
    )
    for rule in ("listener-require-firewall", "listener-require-tls", "gateway-require-tls12"):
        assert said(f"azure-gateway-{rule}", gateway) == []
