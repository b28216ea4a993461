"""An Azure site as its component declares it: settings to begin with, what Azure would answer, everything recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.azure.physical_names import LIMITS
from tests.infra.clouds import Cloud

SITE: Mapping[str, Any] = {
    "name": "primary",
    "cloud": "azure",
    "region": "westeurope",
    "account": "0f0e0d0c-1111-2222-3333-444455556666",
    "tenant": "99998888-7777-6666-5555-444433332222",
    "backups": {"copyRegion": "northeurope"},
    "budget": {"monthly": 4000, "since": "2026-11-01"},
}
# Identities go in as a list and come back as a mapping.
_IDENTITY: Mapping[str, Any] = {"type": "UserAssigned"}
_EXTRA_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "azure-native:cdn:AFDCustomDomain": {"validationProperties": {"expirationDate": "", "validationToken": "token"}},
    "azure-native:cdn:AFDEndpoint": {"hostName": "edge.z01.azurefd.net"},
    "azure-native:compute:DiskEncryptionSet": {"identity": _IDENTITY},
    "azure-native:containerregistry:Registry": {"loginServer": "images.azurecr.io", "identity": _IDENTITY},
    "azure-native:containerservice:ManagedCluster": {
        "fqdn": "cluster.hcp.westeurope.azmk8s.io",
        "privateFQDN": "cluster.privatelink.westeurope.azmk8s.io",
        "identity": _IDENTITY,
        "oidcIssuerProfile": {"enabled": True, "issuerURL": "https://westeurope.oic.prod-aks.azure.com/1/"},
    },
    "azure-native:dns:DnssecConfig": {
        "signingKeys": [
            {"delegationSignerInfo": [{"digestAlgorithmType": 2, "digestValue": "00", "record": "1 13 2 00"}]},
            {"delegationSignerInfo": []},
        ]
    },
    "azure-native:dns:Zone": {"nameServers": ["ns1.azure-dns.example"]},
    "azure-native:keyvault:Key": {"keyUri": "https://v/keys/k", "keyUriWithVersion": "https://v/keys/k/1"},
    "azure-native:managedidentity:UserAssignedIdentity": {"principalId": "principal", "clientId": "client"},
    "azure-native:network:FlowLog": {"identity": _IDENTITY},
    "azure-native:network:PublicIPAddress": {"ipAddress": "203.0.113.1"},
    "azure-native:resources:Deployment": {
        "properties": {
            "outputs": {"kubeconfig": {"value": "clusters: [{cluster: {certificate-authority-data: YXV0aG9yaXR5}}]"}}
        }
    },
    "azure-native:storage:ObjectReplicationPolicy": {"policyId": "policy"},
    "azure-native:storage:StorageAccount": {
        "identity": _IDENTITY,
        "primaryEndpoints": {"blob": "https://account.blob.core.windows.net/"},
    },
    "azure-native:trafficmanager:Profile": {"dnsConfig": {"fqdn": "service.trafficmanager.net"}},
}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    token: {"name": token.rpartition(":")[2].lower(), **_EXTRA_ANSWERS.get(token, {})}
    for token in {*LIMITS, *_EXTRA_ANSWERS}
}
"""Outputs that the components look into; every resource has a name."""

CLOUD = Cloud(site=SITE, answers=ANSWERS)
settings, site_context, declare_site, record_site = (
    CLOUD.settings,
    CLOUD.site_context,
    CLOUD.declare_site,
    CLOUD.record_site,
)
