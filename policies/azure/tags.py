"""Rules about tags that identify the owner of a resource."""

from __future__ import annotations

from collections.abc import Mapping

from policies.owner_tags import TAGS, WHY, add_owner_tags, must_have_owner_tags
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
TAGGED = tuple(f"azure-native:{service}:{name}" for service, names in _NAMES.items() for name in names.split())
"""Types of resources that cost money, hold data or grant access, and that support tags."""


_REPLACED_BY_TAGS = (
    "azure-native:containerservice:AgentPool",
    "azure-native:keyvault:Key",
    "azure-native:keyvault:Secret",
)
"""Types that a change of tags may replace by new machines or another version."""

RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-tags-resource-require-owner",
        types=TAGGED,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why=WHY,
        remedy=f"Set the tags {', '.join(TAGS)} on the resource. It does not inherit tags from its resource group.",
        reference="https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/tag-resources",
        check=must_have_owner_tags(),
        fix=add_owner_tags(excluded=_REPLACED_BY_TAGS),
    ),
)
