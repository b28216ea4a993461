"""A site on Google Cloud as its component declares it: settings to begin with, answers, and everything recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from infra import contracts
from infra.configuration import parse
from infra.contracts import Target
from infra.gcp.names import Names, NamesArgs
from infra.gcp.site import Site, SiteArgs
from infra.settings import Settings
from tests.infra.recorder import Recorded, record

HOSTS = ("rpc.pouw.example.org", "primary.pouw.example.org")
GROUPS = [f"https://compute.example/zones/europe-west4-{zone}/instanceGroups/rpc" for zone in "abc"]
SITE: Mapping[str, Any] = {
    "name": "primary",
    "cloud": "gcp",
    "region": "europe-west4",
    "account": "pouw-production",
    "backups": {"copyRegion": "europe-west1"},
    "budget": {"monthly": 4000, "billingAccount": "012345-6789AB-CDEF01"},
}
STACK: Mapping[str, Any] = {
    "environment": "production",
    "sites": [SITE],
    "dns": {"zone": "pouw.example.org"},
    "contacts": ["oncall@pouw.example.org"],
    "tags": {"cost-centre": "network"},
    "balancer": {"exposure": {"type": "LoadBalancer", "allowFrom": ["198.51.100.0/24"]}},
}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "gcp:projects/serviceIdentity:ServiceIdentity": {
        "email": "service-123456789012@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    },
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": {"etag": "1"},
    "gcp:projects/iAMMember:IAMMember": {"etag": "1"},
    "gcp:container/cluster:Cluster": {
        "endpoint": "10.20.218.2",
        "masterAuth": {"clusterCaCertificate": "Y2VydGlmaWNhdGU="},
    },
    "gcp:container/nodePool:NodePool": {"managedInstanceGroupUrls": GROUPS},
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": {
        "dnsResourceRecords": [
            {"name": "_acme-challenge_1.example.", "type": "CNAME", "data": "1.authorize.certificatemanager.goog."}
        ]
    },
    "gcp:certificatemanager/certificateMap:CertificateMap": {"name": "certificates"},
    "gcp:compute/address:Address": {"address": "203.0.113.1", "selfLink": "https://compute.example/addresses/1"},
    "gcp:compute/globalAddress:GlobalAddress": {"address": "203.0.113.9"},
    "gcp:serviceaccount/account:Account": {
        "email": "account@pouw-production.iam.gserviceaccount.com",
        "name": "account",
    },
    "gcp:dns/managedZone:ManagedZone": {"nameServers": ["ns-cloud-a1.example."]},
    "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig": {"uptimeCheckId": "check"},
    "gcp:storage/transferJob:TransferJob": {"name": "transferJobs/1"},
}


def settings(site: Mapping[str, Any] | None = None, **stack: Any) -> Settings:
    """The compliant stack with changes to its site and to itself."""
    values: dict[str, Any] = deepcopy({**STACK, **stack})
    values["sites"] = [{**SITE, **(site or {})}]
    return parse(values)


def site_of(stack: Settings, *, edge: bool = True) -> Site:
    """Declare the stack's first site, and a zone with its names where it has an edge."""
    place = contracts.place(stack, stack.sites[0])
    names = Names("names", NamesArgs(place=place, zone="pouw.example.org")) if edge else None
    site = Site(
        place.site.name,
        SiteArgs(
            place=place,
            contacts=stack.contacts,
            repository="pouw",
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
