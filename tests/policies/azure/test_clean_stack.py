"""A stack of everything that the rules about Azure know, all of it in order: no rule says anything."""

from __future__ import annotations

from policies.azure import backups, databases, edges, machines, networks, nodes, permissions, records, storage, vaults
from policies.azure.clusters import CLUSTER
from policies.azure.openings import GUARD
from policies.azure.registries import ENDPOINT
from policies.azure.relations import DIAGNOSTICS, LOCKS
from policies.azure.upkeep import BUDGET, MAINTENANCE
from policies.catalogue import rules_of
from tests.policies.analyzer import Analyzer, Given
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
