"""Azure. Limits: the naming rules and restrictions of Azure resources, and the REST references of each service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import Plain, ResourceType
from pouw.engine.plugins.offline.cloud import Answer, Cloud, Facts, Name
from pouw.engine.plugins.offline.formats import address, cidr, matching
from pouw.engine.plugins.offline.settings import Settings, text

SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"
"""The subscription and tenant of answers and rehearsals: no real one has this number."""
_NAMES: Final = """
    australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth
    brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral denmarkeast eastasia eastus eastus2
    francecentral francesouth germanynorth germanywestcentral global indonesiacentral israelcentral italynorth
    japaneast japanwest jioindiacentral jioindiawest koreacentral koreasouth malaysiawest mexicocentral
    newzealandnorth northcentralus northeurope norwayeast norwaywest polandcentral qatarcentral southafricanorth
    southafricawest southcentralus southindia southeastasia spaincentral swedencentral swedensouth switzerlandnorth
    switzerlandwest uaecentral uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3
    chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3 usgovarizona usgovtexas usgovvirginia
"""
LOCATIONS: Final = frozenset(_NAMES.split())
_NAMESPACES: Final[Mapping[str, str]] = {
    "authorization": "Authorization",
    "containerregistry": "ContainerRegistry",
    "containerservice": "ContainerService",
    "dataprotection": "DataProtection",
    "keyvault": "KeyVault",
    "managedidentity": "ManagedIdentity",
    "operationalinsights": "OperationalInsights",
    "recoveryservices": "RecoveryServices",
}
_SCOPES: Final = ("scope", "resourceUri", "resourceId")


def location(value: str, settings: Settings) -> str:
    """A location, as its name or as its title."""
    del settings
    return "" if value.lower().replace(" ", "") in LOCATIONS else "must be a location of Azure such as westeurope"


guid = matching(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a GUID")
arm_id = matching(r"/[^/].*", "a resource ID: /subscriptions/...")

_WORD = "letters, digits and any of ._-, beginning with a letter or digit and not ending with . or -"
_WORD_PATTERN = r"[A-Za-z0-9](?:[\w.-]*\w)?"


def _network(longest: int = 80) -> Name:
    return Name(longest=longest, pattern=_WORD_PATTERN, rule=_WORD, random=8, separator="")


def _named(property_: str, shortest: int, longest: int, pattern: str, rule: str, *, copy: bool = False) -> Name:
    return Name(
        property=property_,
        shortest=shortest,
        longest=longest,
        pattern=pattern,
        rule=rule,
        style="copy" if copy else "suffix",
        random=8,
        separator="",
    )


def _in_network(property_: str, *replaces: str, **values: list[str]) -> Facts:
    name = Name(property=property_, longest=80, pattern=_WORD_PATTERN, rule=_WORD, random=8, separator="")
    return Facts(name=name, replaces=replaces, values=values)


FACTS: Final[Mapping[str, Facts]] = {
    "azure-native:resources:ResourceGroup": Facts(
        name=_named(
            "resourceGroupName", 1, 90, r"[\w.()-]*[\w()-]", "letters, digits and any of ._()-, not ending with ."
        ),
        id="/subscriptions/{account}/resourceGroups/{resourceGroupName}",
    ),
    "azure-native:storage:StorageAccount": Facts(
        name=_named("accountName", 3, 24, r"[a-z0-9]+", "lower-case letters and digits"),
        replaces=["isHnsEnabled", "isNfsV3Enabled", "dnsEndpointType", "extendedLocation"],
        unique=True,
        computed={
            "primaryEndpoints": {
                kind: f"https://{{accountName}}.{kind}.core.windows.net/"
                for kind in ("blob", "dfs", "file", "queue", "table", "web")
            },
            "provisioningState": "Succeeded",
        },
    ),
    "azure-native:storage:BlobContainer": Facts(
        name=_named(
            "containerName",
            3,
            63,
            r"[a-z0-9](?:-?[a-z0-9])*|\$root|\$web",
            "lower-case letters, digits and single hyphens",
            copy=True,
        ),
    ),
    "azure-native:network:VirtualNetwork": _in_network("virtualNetworkName"),
    "azure-native:network:Subnet": _in_network("subnetName"),
    "azure-native:network:NetworkSecurityGroup": _in_network("networkSecurityGroupName"),
    "azure-native:network:PublicIPAddress": Facts(
        name=_named("publicIpAddressName", 1, 80, _WORD_PATTERN, _WORD),
        replaces=["sku.name", "publicIPAddressVersion", "zones", "publicIPPrefix"],
        computed={"ipAddress": "{address}", "provisioningState": "Succeeded"},
    ),
    "azure-native:network:NatGateway": _in_network("natGatewayName", "sku.name", "zones"),
    "azure-native:network:PrivateDnsZone": Facts(),
    "azure-native:privatedns:PrivateZone": Facts(
        name=_named(
            "privateZoneName", 1, 253, r"(?:[\w-]{1,63}\.)+[\w-]{1,63}", "a domain of two labels or more", copy=True
        )
    ),
    "azure-native:containerservice:ManagedCluster": Facts(
        name=_named(
            "resourceName",
            1,
            63,
            r"[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?",
            "letters, digits, inner hyphens and underscores",
        ),
        replaces=[
            "dnsPrefix",
            "fqdnSubdomain",
            "nodeResourceGroup",
            "diskEncryptionSetID",
            "linuxProfile",
            "apiServerAccessProfile.enablePrivateCluster",
            "networkProfile.dnsServiceIP",
            "networkProfile.networkPlugin",
            "networkProfile.podCidr",
            "networkProfile.serviceCidr",
            "windowsProfile.adminUsername",
        ],
        formats={"kubernetesVersion": matching(r"1\.\d+(\.\d+)?", "a Kubernetes version such as 1.34")},
        computed={
            "fqdn": "{resourceName}-{hash8}.hcp.{location}.azmk8s.io",
            "privateFQDN": "{resourceName}-{hash8}.{hash16}.privatelink.{location}.azmk8s.io",
            "currentKubernetesVersion": "{kubernetesVersion}",
            "identityProfile": {"kubeletidentity": {"clientId": "{uuid}", "objectId": "{uuid}"}},
            "oidcIssuerProfile.issuerURL": "https://{location}.oic.prod-aks.azure.com/{uuid}/{uuid}/",
            "provisioningState": "Succeeded",
        },
    ),
    "azure-native:containerservice:AgentPool": Facts(
        name=_named(
            "agentPoolName",
            1,
            12,
            r"[a-z][a-z0-9]*",
            "lower-case letters and digits, beginning with a letter",
            copy=True,
        ),
        replaces=[
            "availabilityZones",
            "enableEncryptionAtHost",
            "enableFIPS",
            "enableNodePublicIP",
            "enableUltraSSD",
            "gpuInstanceProfile",
            "kubeletDiskType",
            "osDiskSizeGB",
            "osDiskType",
            "osType",
            "podSubnetID",
            "scaleSetPriority",
            "vmSize",
            "vnetSubnetID",
        ],
    ),
    "azure-native:containerregistry:Registry": Facts(
        name=_named("registryName", 5, 50, r"[A-Za-z0-9]+", "letters and digits"),
        unique=True,
        computed={"loginServer": "{registryName}.azurecr.io", "provisioningState": "Succeeded"},
    ),
    "azure-native:keyvault:Vault": Facts(
        name=_named(
            "vaultName",
            3,
            24,
            r"[A-Za-z](?:-?[A-Za-z0-9])*",
            "letters, digits and single hyphens, beginning with a letter",
        ),
        unique=True,
        formats={"properties.tenantId": guid},
        computed={"properties.vaultUri": "https://{vaultName}.vault.azure.net/"},
    ),
    "azure-native:keyvault:Key": Facts(
        name=_named("keyName", 1, 127, r"[A-Za-z0-9-]+", "letters, digits and hyphens", copy=True),
        replaces=["properties.kty", "properties.keySize", "properties.curveName"],
        computed={
            "keyUri": "https://{vaultName}.vault.azure.net/keys/{keyName}",
            "keyUriWithVersion": "https://{vaultName}.vault.azure.net/keys/{keyName}/{hash32}",
        },
    ),
    "azure-native:managedidentity:UserAssignedIdentity": Facts(
        name=_named("resourceName", 3, 128, r"[A-Za-z0-9][\w-]*", "letters, digits, hyphens and underscores"),
        computed={"clientId": "{uuid}", "principalId": "{uuid}", "tenantId": SUBSCRIPTION},
    ),
    "azure-native:authorization:RoleAssignment": Facts(
        name=Name(property="roleAssignmentName", style="uuid"),
        replaces=["principalId", "roleDefinitionId", "principalType", "scope", "condition"],
    ),
    "azure-native:operationalinsights:Workspace": Facts(
        name=_named(
            "workspaceName", 4, 63, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])", "letters, digits and inner hyphens"
        ),
        computed={"customerId": "{uuid}", "provisioningState": "Succeeded"},
    ),
    "azure-native:dataprotection:BackupVault": Facts(
        name=_named(
            "vaultName", 2, 50, r"[A-Za-z][A-Za-z0-9-]*", "letters, digits and hyphens, beginning with a letter"
        ),
        replaces=["properties.storageSettings"],
    ),
}


def _name_of(described: ResourceType) -> Name | None:
    """The last part of the resource's address: an optional text that is an input and no output."""
    address_parts = [
        (name, one)
        for name, one in described.inputs.items()
        if name not in described.outputs and one.type == Plain("string") and name.lower().endswith("name")
    ]
    optional = [name for name, one in address_parts if not one.required]
    if len(optional) != 1:
        return None
    # A resource below another one takes its own name as it is; one in a resource group gets a suffix.
    below = any(one.required and name != "resourceGroupName" for name, one in address_parts)
    return Name(property=optional[0], style="copy" if below else "suffix", separator="", random=8)


def _settings(values: Mapping[str, Value]) -> Settings:
    return Settings(account=text(values, "subscriptionId") or SUBSCRIPTION, region=text(values, "location"))


def _client_config(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del arguments
    return {
        "subscriptionId": settings.account,
        "tenantId": SUBSCRIPTION,
        "clientId": SUBSCRIPTION,
        "objectId": SUBSCRIPTION,
    }


def _client_token(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del arguments, settings
    raise ProviderError("azure-native:authorization:getClientToken: there is no login, so there is no token")


ANSWERS: Final[Mapping[str, Answer]] = {
    "azure-native:authorization:getClientConfig": _client_config,
    "azure-native:authorization:getClientToken": _client_token,
}


def _identify(described: ResourceType, outputs: Mapping[str, Value], settings: Settings) -> str:
    """An ARM resource ID from the inputs that address the resource."""
    module, kind = described.token.split(":")[1:]
    namespace = f"Microsoft.{_NAMESPACES.get(module.partition('/')[0], module.partition('/')[0].capitalize())}"
    scope = next((str(outputs[one]) for one in _SCOPES if isinstance(outputs.get(one), str)), "")
    parts = [
        str(value)
        for name, value in outputs.items()
        if name in described.inputs
        and name not in described.outputs
        and name not in ("resourceGroupName", *_SCOPES)
        and name.endswith("Name")
        and isinstance(value, str)
    ]
    group = outputs.get("resourceGroupName")
    root = scope or f"/subscriptions/{settings.account}" + (f"/resourceGroups/{group}" if group else "")
    plural = re.sub(r"(?<!^)s$|$", "s", kind[0].lower() + kind[1:])
    return f"{root}/providers/{namespace}/{plural}/{'/'.join(parts) or '{uuid}'}"


CLOUD: Final = Cloud(
    package="azure-native",
    title="Azure",
    facts=FACTS,
    replaces=["location"],
    address_inputs=True,
    formats=[
        (r"addressPrefix(es)?|\w+Cidrs?|authorizedIPRanges|(source|destination)AddressPrefixes", cidr),
        (r"location", location),
        (r"(subscription|tenant|principal|client|object)Id", guid),
        (r"(subnet|virtualNetwork|workspaceResource|vnetSubnet|podSubnet)I[dD]", arm_id),
        (r"dnsServiceIP|privateIPAddress", address),
    ],
    open_enums=frozenset({"ContainerServiceVMSizeTypes", "VirtualMachineSizeTypes", "OSSKU"}),
    name_of=_name_of,
    answers=ANSWERS,
    settings=_settings,
    identify=_identify,
    credentials=("AZURE_", "ARM_"),
)
