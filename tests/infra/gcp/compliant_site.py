"""A site on Google Cloud as its component declares it: settings to begin with, answers, and everything recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.infra.clouds import Cloud

GROUPS = [f"https://compute.example/zones/europe-west4-{zone}/instanceGroups/rpc" for zone in "abc"]
SITE: Mapping[str, Any] = {
    "name": "primary",
    "cloud": "gcp",
    "region": "europe-west4",
    "account": "pouw-production",
    "backups": {"copyRegion": "europe-west1"},
    "budget": {"monthly": 4000, "billingAccount": "012345-6789AB-CDEF01"},
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

CONTACTS = [f"contact-{index}@example.org" for index in range(7)]
"""More contacts than a budget may notify."""

CLOUD = Cloud(site=SITE, answers=ANSWERS)
settings, site_context, declare_site, record_site = (
    CLOUD.settings,
    CLOUD.site_context,
    CLOUD.declare_site,
    CLOUD.record_site,
)
