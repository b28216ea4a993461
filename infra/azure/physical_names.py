"""Names of resources in Azure, within Azure's limits of length and characters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from infra.contracts import SiteContext
from infra.naming import fitted
from infra.settings.site import ManagedSite

_Site = TypeVar("_Site", bound=ManagedSite)

_WORDS: Final = r"^[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9_]$"
_HOST: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_COMPACT: Final = r"^[a-z0-9]+$"
_DIGEST_CHARACTERS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The limits of the name of one resource type, and the property that holds it."""

    property: str
    characters: int
    pattern: str = _WORDS
    minimum: int = 1


LIMITS: Final[Mapping[str, Limit]] = {
    "azure-native:authorization:ManagementLockByScope": Limit(property="lockName", characters=90),
    "azure-native:cdn:AFDCustomDomain": Limit(property="customDomainName", characters=260, pattern=_HOST),
    "azure-native:cdn:AFDEndpoint": Limit(property="endpointName", characters=46, pattern=_HOST, minimum=2),
    "azure-native:cdn:AFDOriginGroup": Limit(property="originGroupName", characters=90, pattern=_HOST),
    "azure-native:cdn:Profile": Limit(property="profileName", characters=90, pattern=_HOST),
    "azure-native:compute:DiskEncryptionSet": Limit(property="diskEncryptionSetName", characters=80),
    "azure-native:consumption:Budget": Limit(property="budgetName", characters=63),
    "azure-native:containerregistry:Registry": Limit(
        property="registryName", characters=50, pattern=_COMPACT, minimum=5
    ),
    "azure-native:containerservice:AgentPool": Limit(
        property="agentPoolName", characters=12, pattern=r"^[a-z][a-z0-9]*$"
    ),
    "azure-native:containerservice:ManagedCluster": Limit(property="resourceName", characters=63),
    "azure-native:dns:Zone": Limit(property="zoneName", characters=253),
    "azure-native:frontdoor:Policy": Limit(property="policyName", characters=128, pattern=r"^[A-Za-z][A-Za-z0-9]*$"),
    "azure-native:keyvault:Key": Limit(property="keyName", characters=127),
    "azure-native:keyvault:Vault": Limit(property="vaultName", characters=24, pattern=r"^[a-z][a-z0-9]+$", minimum=3),
    "azure-native:managedidentity:UserAssignedIdentity": Limit(property="resourceName", characters=128, minimum=3),
    "azure-native:monitor:ActionGroup": Limit(property="actionGroupName", characters=260),
    "azure-native:monitor:ActivityLogAlert": Limit(property="activityLogAlertName", characters=260),
    "azure-native:monitor:MetricAlert": Limit(property="ruleName", characters=260),
    "azure-native:network:ApplicationGateway": Limit(property="applicationGatewayName", characters=80),
    "azure-native:network:FlowLog": Limit(property="flowLogName", characters=80),
    "azure-native:network:NatGateway": Limit(property="natGatewayName", characters=80),
    "azure-native:network:NetworkSecurityGroup": Limit(property="networkSecurityGroupName", characters=80),
    "azure-native:network:PrivateEndpoint": Limit(property="privateEndpointName", characters=64),
    "azure-native:network:PublicIPAddress": Limit(property="publicIpAddressName", characters=80),
    "azure-native:network:VirtualNetwork": Limit(property="virtualNetworkName", characters=64),
    "azure-native:operationalinsights:Workspace": Limit(property="workspaceName", characters=63, minimum=4),
    "azure-native:privatedns:PrivateZone": Limit(property="privateZoneName", characters=253),
    "azure-native:resources:Deployment": Limit(property="deploymentName", characters=64),
    "azure-native:resources:ResourceGroup": Limit(property="resourceGroupName", characters=90),
    "azure-native:storage:BlobContainer": Limit(property="containerName", characters=63, pattern=_HOST, minimum=3),
    "azure-native:storage:StorageAccount": Limit(property="accountName", characters=24, pattern=_COMPACT, minimum=3),
    "azure-native:trafficmanager:Profile": Limit(property="profileName", characters=63, pattern=_HOST),
}
"""Limits by type token. Other types have a fixed name, or a name in their parent's scope."""


def compose_name(context: SiteContext, token: str, *parts: str) -> str:
    """Return the name of a resource of type ``azure-native:<token>``, unique in its subscription."""
    limit = LIMITS[f"azure-native:{token}"]
    return fitted("pouw", context.environment, context.site.name, *parts, limit=limit.characters)


def global_name(context: SiteContext, part: str, *parts: str) -> str:
    """Return a globally unique name of ``part`` (8 letters at most) and a digest of subscription, site and region."""
    key = "/".join((context.site.account, context.environment, context.site.name, context.region, part, *parts))
    return f"pouw{part}{hashlib.sha256(key.encode()).hexdigest()[:_DIGEST_CHARACTERS]}"


def group_name(context: SiteContext) -> str:
    """Return the name of the resource group of a site in one region."""
    return compose_name(context, "resources:ResourceGroup", context.region)


def machines_group_name(context: SiteContext) -> str:
    """Return the name of the resource group of the managed cluster's machines."""
    return compose_name(context, "resources:ResourceGroup", context.region, "machines")


def copy_of(context: SiteContext[_Site]) -> SiteContext[_Site]:
    """Return the context in the region of the backups' copy."""
    return replace(context, region=context.site.backups.copy_region)


def subscription(context: SiteContext) -> str:
    """Return the scope of the subscription."""
    return f"/subscriptions/{context.site.account}"
