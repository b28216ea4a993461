"""Whose a resource is: the tags by which costs, incidents and leftovers find somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.rule import Absence, AnyRule, Props, Rule, Severity

TAGS = ("project", "environment", "site", "managed-by")

_NAMES: Mapping[str, str] = {
    "cdn": "AFDEndpoint Profile",
    "compute": "Disk DiskEncryptionSet Snapshot VirtualMachine VirtualMachineScaleSet",
    "containerregistry": "Registry",
    "containerservice": "AgentPool ManagedCluster",
    "cosmosdb": "DatabaseAccount",
    "dbforpostgresql": "Server",
    "dns": "Zone",
    "eventhub": "Namespace",
    "frontdoor": "Policy",
    "keyvault": "Key Secret Vault",
    "managedidentity": "UserAssignedIdentity",
    "monitor": "ActionGroup ActivityLogAlert MetricAlert",
    "network": "ApplicationGateway AzureFirewall BastionHost FlowLog LoadBalancer NatGateway NetworkInterface"
    " NetworkSecurityGroup PrivateEndpoint PublicIPAddress RouteTable VirtualNetwork WebApplicationFirewallPolicy",
    "operationalinsights": "Workspace",
    "privatedns": "PrivateZone",
    "redis": "Redis",
    "resources": "ResourceGroup",
    "servicebus": "Namespace",
    "sql": "Database Server",
    "storage": "StorageAccount",
    "trafficmanager": "Profile",
    "web": "WebApp",
}
OWNED = tuple(f"azure-native:{service}:{name}" for service, names in _NAMES.items() for name in names.split())
"""What costs, holds or lets through something, and takes tags."""


def _is_nobodys(props: Props) -> Iterator[str]:
    tags = props.get("tags") or {}
    if missing := [name for name in TAGS if not tags.get(name)]:
        yield f"tags: lacks {', '.join(missing)}"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-tags-resource-require-owner",
        types=OWNED,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="What nobody's name is on is paid for, and left open, because nobody dares to delete it.",
        remedy=f"Set the tags {', '.join(TAGS)} on the resource; it takes none from its group.",
        reference="https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/tag-resources",
        check=_is_nobodys,
    ),
)
