"""What is known of Azure's resource types: its naming rules and restrictions, and the services' REST references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.offline.cloud import Facts, Name
from pouw.engine.plugins.offline.clouds.azure_native.formats import guid
from pouw.engine.plugins.offline.formats import matching

SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"
"""The subscription and tenant of answers and rehearsals: no real one has this number."""

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
        replaces=["isHnsEnabled", "enableNfsV3", "dnsEndpointType", "extendedLocation"],
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
    "azure-native:authorization:ManagementLockByScope": Facts(
        name=_named("lockName", 1, 260, r"[^<>%&:?/]+", "a text without any of <>%&:?/", copy=True)
    ),
    "azure-native:compute:DiskEncryptionSet": Facts(
        name=_named("diskEncryptionSetName", 1, 80, r"[\w-]+", "letters, digits, hyphens and underscores"),
        replaces=["encryptionType"],
    ),
    "azure-native:monitor:DiagnosticSetting": Facts(
        name=_named("name", 1, 260, r"[^*<>%:&?+/]+", "a text without any of *<>%:&?+/", copy=True),
        replaces=["workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "resourceUri"],
    ),
    "azure-native:storage:ManagementPolicy": Facts(values={"managementPolicyName": ["default"]}),
}
