"""Catalogue of Azure's resource types, from its naming rules and restrictions and the services' REST references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.offline.cloud_description import CatalogueEntry, Name
from pouw.engine.plugins.offline.clouds.azure_native.formats import guid
from pouw.engine.plugins.offline.formats import matching

SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"
"""Subscription and tenant of functions and rehearsals: no real one has this identifier."""

_KUBECONFIG: Final = (
    '{{"apiVersion": "v1", "kind": "Config", "clusters": [{{"name": "rehearsal", "cluster": '
    '{{"server": "https://{hash16}.rehearsal.invalid", "certificate-authority-data": "{certificate}"}}}}]}}'
)
_WORD = "letters, digits and any of ._-, beginning with a letter or digit and not ending with . or -"
_WORD_PATTERN = r"[A-Za-z0-9](?:[\w.-]*\w)?"


def _network(longest: int = 80) -> Name:
    return Name(longest=longest, pattern=_WORD_PATTERN, rule=_WORD, random=8, separator="")


def _name(property_: str, shortest: int, longest: int, pattern: str, rule: str, *, copy: bool = False) -> Name:
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


def _in_network(property_: str, *replaces: str, **values: list[str]) -> CatalogueEntry:
    name = Name(property=property_, longest=80, pattern=_WORD_PATTERN, rule=_WORD, random=8, separator="")
    return CatalogueEntry(name=name, replaces=replaces, values=values)


def _outputs(values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the outputs of a deployment. Only Azure can evaluate them; a text is a kubeconfig, which sites need."""
    template = (values.get("properties") or {}).get("template") or {}
    outputs = template.get("outputs") if isinstance(template, dict) else None
    return {
        name: {
            "type": output.get("type"),
            "value": _KUBECONFIG if str(output.get("type")).lower() == "string" else None,
        }
        for name, output in (outputs or {}).items()
    }


CATALOGUE: Final[Mapping[str, CatalogueEntry]] = {
    "azure-native:resources:ResourceGroup": CatalogueEntry(
        name=_name(
            "resourceGroupName", 1, 90, r"[\w.()-]*[\w()-]", "letters, digits and any of ._()-, not ending with ."
        ),
        id="/subscriptions/{account}/resourceGroups/{resourceGroupName}",
    ),
    "azure-native:storage:StorageAccount": CatalogueEntry(
        name=_name("accountName", 3, 24, r"[a-z0-9]+", "lower-case letters and digits"),
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
    "azure-native:storage:BlobContainer": CatalogueEntry(
        name=_name(
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
    "azure-native:network:PublicIPAddress": CatalogueEntry(
        name=_name("publicIpAddressName", 1, 80, _WORD_PATTERN, _WORD),
        replaces=["sku.name", "publicIPAddressVersion", "zones", "publicIPPrefix"],
        computed={"ipAddress": "{address}", "provisioningState": "Succeeded"},
    ),
    "azure-native:network:NatGateway": _in_network("natGatewayName", "sku.name", "zones"),
    "azure-native:privatedns:PrivateZone": CatalogueEntry(
        name=_name(
            "privateZoneName", 1, 253, r"(?:[\w-]{1,63}\.)+[\w-]{1,63}", "a domain of two labels or more", copy=True
        )
    ),
    "azure-native:containerservice:ManagedCluster": CatalogueEntry(
        name=_name(
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
    "azure-native:containerservice:AgentPool": CatalogueEntry(
        name=_name(
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
    "azure-native:containerregistry:Registry": CatalogueEntry(
        name=_name("registryName", 5, 50, r"[A-Za-z0-9]+", "letters and digits"),
        unique=True,
        computed={"loginServer": "{registryName}.azurecr.io", "provisioningState": "Succeeded"},
    ),
    "azure-native:keyvault:Vault": CatalogueEntry(
        name=_name(
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
    "azure-native:keyvault:Key": CatalogueEntry(
        name=_name("keyName", 1, 127, r"[A-Za-z0-9-]+", "letters, digits and hyphens", copy=True),
        replaces=["properties.kty", "properties.keySize", "properties.curveName"],
        computed={
            "keyUri": "https://{vaultName}.vault.azure.net/keys/{keyName}",
            "keyUriWithVersion": "https://{vaultName}.vault.azure.net/keys/{keyName}/{hash32}",
        },
    ),
    "azure-native:managedidentity:UserAssignedIdentity": CatalogueEntry(
        name=_name("resourceName", 3, 128, r"[A-Za-z0-9][\w-]*", "letters, digits, hyphens and underscores"),
        computed={"clientId": "{uuid}", "principalId": "{uuid}", "tenantId": SUBSCRIPTION},
    ),
    "azure-native:authorization:RoleAssignment": CatalogueEntry(
        name=Name(property="roleAssignmentName", style="uuid"),
        replaces=["principalId", "roleDefinitionId", "principalType", "scope", "condition"],
    ),
    "azure-native:operationalinsights:Workspace": CatalogueEntry(
        name=_name(
            "workspaceName", 4, 63, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])", "letters, digits and inner hyphens"
        ),
        computed={"customerId": "{uuid}", "provisioningState": "Succeeded"},
    ),
    "azure-native:dataprotection:BackupVault": CatalogueEntry(
        name=_name(
            "vaultName", 2, 50, r"[A-Za-z][A-Za-z0-9-]*", "letters, digits and hyphens, beginning with a letter"
        ),
        replaces=["properties.storageSettings"],
    ),
    "azure-native:authorization:ManagementLockByScope": CatalogueEntry(
        name=_name("lockName", 1, 260, r"[^<>%&:?/]+", "a text without any of <>%&:?/", copy=True)
    ),
    "azure-native:compute:DiskEncryptionSet": CatalogueEntry(
        name=_name("diskEncryptionSetName", 1, 80, r"[\w-]+", "letters, digits, hyphens and underscores"),
        replaces=["encryptionType"],
    ),
    "azure-native:monitor:DiagnosticSetting": CatalogueEntry(
        name=_name("name", 1, 260, r"[^*<>%:&?+/]+", "a text without any of *<>%:&?+/", copy=True),
        replaces=["workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "resourceUri"],
    ),
    "azure-native:storage:ManagementPolicy": CatalogueEntry(values={"managementPolicyName": ["default"]}),
    "azure-native:authorization:RoleDefinition": CatalogueEntry(
        name=Name(property="roleDefinitionId", style="uuid"), formats={"roleDefinitionId": guid}
    ),
    "azure-native:cdn:Profile": CatalogueEntry(
        name=_name(
            "profileName", 1, 260, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", "letters, digits and inner hyphens"
        ),
        replaces=["sku.name"],
        computed={"frontDoorId": "{uuid}", "provisioningState": "Succeeded"},
    ),
    "azure-native:cdn:AFDEndpoint": CatalogueEntry(computed={"hostName": "{endpointName}-{hash16}.z01.azurefd.net"}),
    "azure-native:cdn:AFDCustomDomain": CatalogueEntry(
        replaces=["hostName"],
        computed={
            "validationProperties": {"expirationDate": "1970-01-01T00:00:00Z", "validationToken": "{hash32}"},
            "domainValidationState": "Pending",
        },
    ),
    "azure-native:dns:Zone": CatalogueEntry(
        name=_name("zoneName", 1, 253, r"(?:[\w-]{1,63}\.)+[\w-]{1,63}", "a domain of two labels or more", copy=True),
        computed={"nameServers": ["ns1-rehearsal.invalid."]},
    ),
    "azure-native:dns:RecordSet": CatalogueEntry(replaces=["recordType"]),
    "azure-native:managedidentity:FederatedIdentityCredential": CatalogueEntry(
        name=_name(
            "federatedIdentityCredentialResourceName",
            3,
            120,
            r"[A-Za-z0-9][\w-]*",
            "letters, digits, - and _",
            copy=True,
        ),
    ),
    "azure-native:network:PrivateEndpoint": _in_network("privateEndpointName"),
    "azure-native:resources:Deployment": CatalogueEntry(
        name=_name("deploymentName", 1, 64, r"[\w.()-]+", "letters, digits and any of ._()-"),
        computed={"properties.outputs": _outputs, "properties.provisioningState": "Succeeded"},
    ),
    "azure-native:trafficmanager:Profile": CatalogueEntry(
        name=_name(
            "profileName", 1, 63, r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", "letters, digits, inner - and ."
        ),
        values={"trafficRoutingMethod": ["Performance", "Priority", "Weighted", "Geographic", "MultiValue", "Subnet"]},
        computed={"dnsConfig.fqdn": "{profileName}.trafficmanager.net"},
    ),
}
