"""Whose a resource is: the tags by which costs, incidents and leftovers find somebody."""

from __future__ import annotations

from collections.abc import Mapping

from policies.ownership import TAGS, WHY, must_name_owner, naming_owner
from policies.rule import Absence, AnyRule, Rule, Severity

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


_MADE_ANEW = (
    "azure-native:containerservice:AgentPool",
    "azure-native:keyvault:Key",
    "azure-native:keyvault:Secret",
)
"""Of which other tags may make new machines, or another version."""

RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-tags-resource-require-owner",
        types=OWNED,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why=WHY,
        remedy=f"Set the tags {', '.join(TAGS)} on the resource; it takes none from its group.",
        reference="https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/tag-resources",
        check=must_name_owner(),
        fix=naming_owner(but=_MADE_ANEW),
    ),
)
