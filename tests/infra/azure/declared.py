"""An Azure site as its component declares it: settings to begin with, what Azure would answer, everything recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from infra import contracts
from infra.azure.limits import LIMITS
from infra.azure.names import Names, NamesArgs
from infra.azure.site import Site, SiteArgs
from infra.configuration import parse
from infra.contracts import Place, Target
from infra.settings import Settings
from tests.infra.recorder import Recorded, record

HOSTS = ("rpc.pouw.example.org", "primary.pouw.example.org")
SITE: Mapping[str, Any] = {
    "name": "primary",
    "cloud": "azure",
    "region": "westeurope",
    "account": "0f0e0d0c-1111-2222-3333-444455556666",
    "tenant": "99998888-7777-6666-5555-444433332222",
    "backups": {"copyRegion": "northeurope"},
    "budget": {"monthly": 4000, "since": "2026-11-01"},
}
STACK: Mapping[str, Any] = {
    "environment": "production",
    "sites": [SITE],
    "dns": {"zone": "pouw.example.org"},
    "contacts": ["oncall@pouw.example.org"],
    "tags": {"cost-centre": "network"},
    "balancer": {"exposure": {"type": "LoadBalancer", "allowFrom": ["198.51.100.0/24"]}},
}
# Identities go in as a list and come back as a mapping.
_IDENTITY: Mapping[str, Any] = {"type": "UserAssigned"}
_OWN: Mapping[str, Mapping[str, Any]] = {
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
    token: {"name": token.rpartition(":")[2].lower(), **_OWN.get(token, {})} for token in {*LIMITS, *_OWN}
}
"""Outputs that the components look into; every resource has a name."""


def settings(site: Mapping[str, Any] | None = None, **stack: Any) -> Settings:
    """The compliant stack with changes to its site and to itself."""
    values: dict[str, Any] = deepcopy({**STACK, **stack})
    values["sites"] = [{**SITE, **(site or {})}]
    return parse(values)


def place(site: Mapping[str, Any] | None = None, **stack: Any) -> Place:
    """The place of that stack's site."""
    made = settings(site, **stack)
    return contracts.place(made, made.sites[0])


def site_of(stack: Settings, *, edge: bool = True) -> Site:
    """Declare the stack's first site, and a zone with its names where it has an edge."""
    where = contracts.place(stack, stack.sites[0])
    names = Names("names", NamesArgs(place=where, zone="pouw.example.org")) if edge else None
    site = Site(
        where.site.name,
        SiteArgs(
            place=where,
            contacts=stack.contacts,
            repository="pouw-node",
            names=names,
            hosts=HOSTS,
            allow_from=stack.balancer.exposure.allow_from if edge else (),
        ),
    )
    if names is not None:
        target = Target(site="primary", active=True, kind=site.address_kind, address=site.address)
        names.failover("service", host=HOSTS[0], targets=[target])
    return site


def declared(stack: Settings | None = None, *, edge: bool = True) -> Sequence[Recorded]:
    """Everything that the site declares."""
    found = record(lambda: site_of(stack or settings(), edge=edge), ANSWERS)
    return [replace(one, inputs=whole(one.inputs)) for one in found]


def whole(value: Any) -> Any:
    """The value with whole numbers as such: on the wire every number is a fraction."""
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def kind(found: Sequence[Recorded], name: str) -> list[Recorded]:
    """Resources of one type, by the last part of its token."""
    return [one for one in found if one.token.rpartition(":")[2] == name and one.custom]
