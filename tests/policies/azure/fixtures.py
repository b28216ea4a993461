"""One compliant resource per type. Cases break one property of it."""

from __future__ import annotations

from typing import Any

TAGS = {"project": "pouw", "environment": "production", "site": "dr", "managed-by": "pulumi"}
RETENTION = {"enabled": True, "days": 35}
ACCOUNT: dict[str, Any] = {
    "accountName": "pouwbackups",
    "sku": {"name": "Standard_ZRS"},
    "enableHttpsTrafficOnly": True,
    "minimumTlsVersion": "TLS1_2",
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": False,
    "defaultToOAuthAuthentication": True,
    "publicNetworkAccess": "Disabled",
    "networkRuleSet": {"bypass": "None", "defaultAction": "Deny"},
    "encryption": {"keySource": "Microsoft.Keyvault", "requireInfrastructureEncryption": True},
    "allowCrossTenantReplication": False,
    "isSftpEnabled": False,
    "tags": TAGS,
}
BLOBS: dict[str, Any] = {
    "accountName": "pouwbackups",
    "isVersioningEnabled": True,
    "deleteRetentionPolicy": RETENTION,
    "containerDeleteRetentionPolicy": RETENTION,
}
FILES: dict[str, Any] = {
    "shareDeleteRetentionPolicy": RETENTION,
    "protocolSettings": {"smb": {"versions": "SMB3.1.1;", "channelEncryption": "AES-256-GCM;"}},
}
CONTAINER: dict[str, Any] = {"containerName": "backups", "publicAccess": "None"}
VAULT: dict[str, Any] = {
    "vaultName": "pouwkeys",
    "properties": {
        "enableRbacAuthorization": True,
        "accessPolicies": [],
        "enablePurgeProtection": True,
        "enableSoftDelete": True,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
    },
    "tags": TAGS,
}
KEY: dict[str, Any] = {
    "vaultName": "pouwkeys",
    "properties": {
        "kty": "RSA",
        "keySize": 3072,
        "attributes": {},
        "rotationPolicy": {
            "attributes": {"expiryTime": "P2Y"},
            "lifetimeActions": [{"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P1Y"}}],
        },
    },
    "tags": TAGS,
}
DISK_SET: dict[str, Any] = {
    "activeKey": {"keyUrl": "https://pouwkeys.vault.azure.net/keys/disks/1"},
    "rotationToLatestKeyVersionEnabled": True,
    "tags": TAGS,
}
POOL: dict[str, Any] = {
    "enableEncryptionAtHost": True,
    "enableNodePublicIP": False,
    "securityProfile": {"sshAccess": "Disabled", "enableVTPM": True},
    "availabilityZones": ["1"],
    "upgradeSettings": {"maxSurge": "33%"},
    "osSKU": "Ubuntu",
    "tags": TAGS,
}
CLUSTER: dict[str, Any] = {
    "resourceName": "pouw-dr",
    "kubernetesVersion": "1.33",
    "sku": {"name": "Base", "tier": "Standard"},
    "agentPoolProfiles": [{"name": "system1", **{name: POOL[name] for name in POOL if name != "tags"}}],
    "apiServerAccessProfile": {
        "authorizedIPRanges": ["198.51.100.0/24"],
        "enableVnetIntegration": True,
        "disableRunCommand": True,
    },
    "enableRBAC": True,
    "aadProfile": {"managed": True, "enableAzureRBAC": True},
    "disableLocalAccounts": True,
    "identity": {"type": "UserAssigned"},
    "servicePrincipalProfile": {"clientId": "msi"},
    "oidcIssuerProfile": {"enabled": True},
    "networkProfile": {"networkPolicy": "cilium", "outboundType": "userAssignedNATGateway"},
    "securityProfile": {
        "azureKeyVaultKms": {"enabled": True, "keyVaultNetworkAccess": "Private"},
        "defender": {"securityMonitoring": {"enabled": True}},
        "workloadIdentity": {"enabled": True},
    },
    "addonProfiles": {"azurepolicy": {"enabled": True}},
    "autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
    "nodeResourceGroupProfile": {"restrictionLevel": "ReadOnly"},
    "diskEncryptionSetID": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/disks",
    "tags": TAGS,
}
WINDOW: dict[str, Any] = {"resourceName": "pouw-dr", "maintenanceWindow": {"durationHours": 6, "startTime": "02:00"}}
BUDGET: dict[str, Any] = {
    "category": "Cost",
    "notifications": {"actual": {"enabled": True, "threshold": 80, "contactEmails": ["ops@example.org"]}},
}
REGISTRY: dict[str, Any] = {
    "registryName": "pouwimages",
    "sku": {"name": "Premium"},
    "adminUserEnabled": False,
    "anonymousPullEnabled": False,
    "publicNetworkAccess": "Disabled",
    "encryption": {"status": "enabled"},
    "zoneRedundancy": "Enabled",
    "policies": {"retentionPolicy": {"status": "enabled", "days": 7}},
    "tags": TAGS,
}
ENDPOINT: dict[str, Any] = {
    "privateEndpointName": "pouw-registry",
    "privateLinkServiceConnections": [{"privateLinkServiceId": "/subscriptions/s/registries/pouwimages"}],
    "tags": TAGS,
}
ENDPOINT_NAMES: dict[str, Any] = {
    "privateEndpointName": "pouw-registry",
    "privateDnsZoneConfigs": [{"name": "registry", "privateDnsZoneId": "zone"}],
}


def opening(ports: str = "443", *, source: str = "Internet", protocol: str = "Tcp") -> dict[str, Any]:
    """Return a security rule that lets a source in."""
    return {
        "access": "Allow",
        "direction": "Inbound",
        "protocol": protocol,
        "sourceAddressPrefix": source,
        "destinationPortRange": ports,
    }


GUARD: dict[str, Any] = {"securityRules": [{"name": "clients", **opening()}], "tags": TAGS}
SUBNET: dict[str, Any] = {"name": "nodes", "networkSecurityGroup": {"id": "guard"}, "defaultOutboundAccess": False}
NETWORK: dict[str, Any] = {
    "virtualNetworkName": "pouw-dr",
    "addressSpace": {"addressPrefixes": ["10.40.0.0/16"]},
    "subnets": [SUBNET],
    "enableDdosProtection": True,
    "tags": TAGS,
}
FLOW_LOG: dict[str, Any] = {
    "targetResourceId": "/subscriptions/s/virtualNetworks/pouw-dr",
    "enabled": True,
    "retentionPolicy": {"enabled": True, "days": 90},
    "flowAnalyticsConfiguration": {"networkWatcherFlowAnalyticsConfiguration": {"enabled": True}},
    "tags": TAGS,
}
ADDRESS: dict[str, Any] = {"sku": {"name": "Standard"}, "zones": ["1"], "tags": TAGS}
GATEWAY: dict[str, Any] = {
    "sku": {"name": "WAF_v2", "tier": "WAF_v2"},
    "firewallPolicy": {"id": "firewall"},
    "frontendIPConfigurations": [{"name": "public", "publicIPAddress": {"id": "address"}}],
    "httpListeners": [
        {"name": "all", "protocol": "Https", "frontendIPConfiguration": {"id": "/frontendIPConfigurations/public"}},
    ],
    "requestRoutingRules": [{"name": "all", "httpListener": {"id": "/httpListeners/all"}}],
    "sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101S"},
    "zones": ["1", "2", "3"],
    "tags": TAGS,
}
FIREWALL: dict[str, Any] = {
    "policySettings": {"enabledState": "Enabled", "mode": "Prevention", "requestBodyCheck": "Enabled"},
    "managedRules": {"managedRuleSets": [{"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.1"}]},
    "tags": TAGS,
}
EDGE: dict[str, Any] = {"endpointName": "pouwedge", "tags": TAGS}
DOMAIN: dict[str, Any] = {"customDomainName": "rpc-example-org", "tlsSettings": {"minimumTlsVersion": "TLS12"}}
SECURITY: dict[str, Any] = {
    "parameters": {
        "type": "WebApplicationFirewall",
        "associations": [{"domains": [{"id": "/afdEndpoints/pouwedge"}, {"id": "/customDomains/rpc-example-org"}]}],
    }
}
ROUTE: dict[str, Any] = {"supportedProtocols": ["Https"], "httpsRedirect": "Disabled"}
MACHINE: dict[str, Any] = {
    "osProfile": {"linuxConfiguration": {"disablePasswordAuthentication": True}},
    "securityProfile": {"encryptionAtHost": True, "securityType": "TrustedLaunch"},
    "storageProfile": {"osDisk": {"createOption": "FromImage", "managedDisk": {"diskEncryptionSet": {"id": "disks"}}}},
    "identity": {"type": "UserAssigned"},
    "tags": TAGS,
}
SCALE_SET: dict[str, Any] = {
    "virtualMachineProfile": {name: MACHINE[name] for name in ("osProfile", "securityProfile", "storageProfile")},
    "identity": {"type": "SystemAssigned"},
    "tags": TAGS,
}
DISK: dict[str, Any] = {
    "networkAccessPolicy": "DenyAll",
    "publicNetworkAccess": "Disabled",
    "encryption": {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": "disks"},
    "tags": TAGS,
}
SQL: dict[str, Any] = {
    "serverName": "pouwsql",
    "minimalTlsVersion": "1.2",
    "administrators": {"azureADOnlyAuthentication": True},
    "publicNetworkAccess": "Disabled",
    "tags": TAGS,
}
AUDITING: dict[str, Any] = {"serverName": "pouwsql", "state": "Enabled"}
POSTGRES: dict[str, Any] = {
    "network": {"publicNetworkAccess": "Disabled"},
    "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled"},
    "backup": {"geoRedundantBackup": "Enabled"},
    "highAvailability": {"mode": "ZoneRedundant"},
    "tags": TAGS,
}
COSMOS: dict[str, Any] = {
    "publicNetworkAccess": "Disabled",
    "disableLocalAuth": True,
    "minimalTlsVersion": "Tls12",
    "backupPolicy": {"type": "Continuous"},
    "tags": TAGS,
}
REDIS: dict[str, Any] = {
    "publicNetworkAccess": "Disabled",
    "enableNonSslPort": False,
    "minimumTlsVersion": "1.2",
    "disableAccessKeyAuthentication": True,
    "tags": TAGS,
}
QUEUE: dict[str, Any] = {
    "publicNetworkAccess": "Disabled",
    "minimumTlsVersion": "1.2",
    "disableLocalAuth": True,
    "tags": TAGS,
}
APPLICATION: dict[str, Any] = {
    "httpsOnly": True,
    "identity": {"type": "SystemAssigned"},
    "publicNetworkAccess": "Disabled",
    "siteConfig": {
        "minTlsVersion": "1.2",
        "ftpsState": "Disabled",
        "remoteDebuggingEnabled": False,
        "cors": {"allowedOrigins": ["https://example.org"]},
    },
    "tags": TAGS,
}
WORKSPACE: dict[str, Any] = {"retentionInDays": 365, "features": {"disableLocalAuth": True}, "tags": TAGS}
CHANNEL: dict[str, Any] = {
    "enabled": True,
    "emailReceivers": [{"name": "one", "emailAddress": "ops@example.org"}],
    "tags": TAGS,
}


def alert(*operations: str, category: str = "Administrative") -> dict[str, Any]:
    """Return an alert on operations of a category."""
    any_of = [{"field": "operationName", "equals": operation} for operation in operations]
    return {
        "enabled": True,
        "condition": {"allOf": [{"field": "category", "equals": category}, *([{"anyOf": any_of}] if any_of else [])]},
        "actions": {"actionGroups": [{"actionGroupId": "alarms"}]},
        "tags": TAGS,
    }


def diagnostics(resource: str) -> dict[str, Any]:
    """Return a setting by which a resource writes down who uses it."""
    return {
        "resourceUri": f"/subscriptions/s/providers/{resource}",
        "workspaceId": "logs",
        "logs": [{"categoryGroup": "audit", "enabled": True}],
    }


GRANT: dict[str, Any] = {
    "principalType": "ServicePrincipal",
    "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "scope": "/subscriptions/s",
}
ROLE: dict[str, Any] = {
    "permissions": [
        {"actions": ["Microsoft.Network/virtualNetworks/read"], "dataActions": ["Microsoft.Storage/a/b/blobs/read"]}
    ],
    "assignableScopes": ["/subscriptions/s"],
}
TRUST: dict[str, Any] = {"subject": "system:serviceaccount:pouw:pouw-backup"}
