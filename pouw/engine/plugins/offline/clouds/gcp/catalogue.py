"""Catalogue of Google Cloud's resource types, from the references of each service's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.offline.cloud_description import CatalogueEntry, Name
from pouw.engine.plugins.offline.clouds.gcp.formats import ZONES
from pouw.engine.plugins.offline.formats import cidr4, matching, range_or_all

_LOWER = "lower-case letters, digits and inner hyphens, beginning with a letter"


def _dns(longest: int = 63, shortest: int = 1, property_: str = "name") -> Name:
    return Name(
        property=property_,
        shortest=shortest,
        longest=longest,
        pattern=r"[a-z](?:[-a-z0-9]*[a-z0-9])?",
        rule=_LOWER,
        lower=True,
    )


_REGIONAL = "projects/{project}/regions/{region}"
_LOCATED = "projects/{project}/locations/{location}"


def _groups(values: Mapping[str, Value]) -> list[Value]:
    """Return the instance groups of a node pool, one per zone."""
    location = str(values.get("location", "unknown"))
    zones = values.get("nodeLocations") or [f"{location}-{letter}" for letter in ZONES.get(location, "")] or [location]
    return [
        f"https://www.googleapis.com/compute/v1/projects/{{project}}/zones/{zone}/instanceGroups/gke-{{name}}-{{hash8}}"
        for zone in zones
    ]


CATALOGUE: Final[Mapping[str, CatalogueEntry]] = {
    "gcp:compute/network:Network": CatalogueEntry(
        name=_dns(),
        replaces=["autoCreateSubnetworks", "description", "enableUlaInternalIpv6", "internalIpv6Range"],
        values={"routingMode": ["REGIONAL", "GLOBAL"]},
        computed={"selfLink": "https://www.googleapis.com/compute/v1/{id}"},
        id="projects/{project}/global/networks/{name}",
    ),
    "gcp:compute/subnetwork:Subnetwork": CatalogueEntry(
        name=_dns(),
        replaces=["network", "description", "purpose", "ipv6AccessType"],
        values={
            "purpose": [
                "PRIVATE",
                "REGIONAL_MANAGED_PROXY",
                "GLOBAL_MANAGED_PROXY",
                "PRIVATE_SERVICE_CONNECT",
                "PEER_MIGRATION",
                "PRIVATE_NAT",
                "CUSTOM_HARDWARE_LINK",
            ],
            "logConfig.aggregationInterval": [
                "INTERVAL_5_SEC",
                "INTERVAL_30_SEC",
                "INTERVAL_1_MIN",
                "INTERVAL_5_MIN",
                "INTERVAL_10_MIN",
                "INTERVAL_15_MIN",
            ],
        },
        formats={"ipCidrRange": cidr4},
        computed={"selfLink": "https://www.googleapis.com/compute/v1/{id}"},
        id=f"{_REGIONAL}/subnetworks/{{name}}",
    ),
    "gcp:compute/router:Router": CatalogueEntry(name=_dns(), replaces=["network"], id=f"{_REGIONAL}/routers/{{name}}"),
    "gcp:compute/routerNat:RouterNat": CatalogueEntry(
        name=_dns(),
        replaces=["router"],
        values={
            "natIpAllocateOption": ["AUTO_ONLY", "MANUAL_ONLY"],
            "sourceSubnetworkIpRangesToNat": [
                "ALL_SUBNETWORKS_ALL_IP_RANGES",
                "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES",
                "LIST_OF_SUBNETWORKS",
            ],
            "logConfig.filter": ["ERRORS_ONLY", "TRANSLATIONS_ONLY", "ALL"],
        },
        id="{project}/{region}/{router}/{name}",
    ),
    "gcp:compute/firewall:Firewall": CatalogueEntry(
        name=_dns(),
        replaces=["network", "direction"],
        values={
            "direction": ["INGRESS", "EGRESS"],
            "logConfig.metadata": ["EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA"],
        },
        id="projects/{project}/global/firewalls/{name}",
    ),
    "gcp:compute/address:Address": CatalogueEntry(
        name=_dns(),
        replaces=[
            "address",
            "addressType",
            "description",
            "ipVersion",
            "network",
            "networkTier",
            "prefixLength",
            "purpose",
            "subnetwork",
        ],
        values={"addressType": ["EXTERNAL", "INTERNAL"], "networkTier": ["PREMIUM", "STANDARD"]},
        computed={"address": "{address}"},
        id=f"{_REGIONAL}/addresses/{{name}}",
    ),
    "gcp:compute/globalAddress:GlobalAddress": CatalogueEntry(
        name=_dns(),
        replaces=["address", "addressType", "description", "ipVersion", "network", "prefixLength", "purpose"],
        values={"addressType": ["EXTERNAL", "INTERNAL"], "purpose": ["VPC_PEERING", "PRIVATE_SERVICE_CONNECT"]},
        computed={"address": "{address}"},
        id="projects/{project}/global/addresses/{name}",
    ),
    "gcp:container/cluster:Cluster": CatalogueEntry(
        name=_dns(40),
        replaces=[
            "clusterIpv4Cidr",
            "confidentialNodes.enabled",
            "datapathProvider",
            "defaultMaxPodsPerNode",
            "enableAutopilot",
            "initialNodeCount",
            "ipAllocationPolicy.clusterIpv4CidrBlock",
            "ipAllocationPolicy.clusterSecondaryRangeName",
            "ipAllocationPolicy.servicesIpv4CidrBlock",
            "ipAllocationPolicy.servicesSecondaryRangeName",
            "network",
            "networkingMode",
            "privateClusterConfig.enablePrivateNodes",
            "privateClusterConfig.masterIpv4CidrBlock",
            "subnetwork",
        ],
        values={
            "datapathProvider": ["LEGACY_DATAPATH", "ADVANCED_DATAPATH", "DATAPATH_PROVIDER_UNSPECIFIED"],
            "databaseEncryption.state": ["ENCRYPTED", "DECRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"],
            "networkingMode": ["VPC_NATIVE", "ROUTES"],
            "releaseChannel.channel": ["UNSPECIFIED", "RAPID", "REGULAR", "STABLE", "EXTENDED"],
            "securityPostureConfig.mode": ["DISABLED", "BASIC", "ENTERPRISE"],
            "securityPostureConfig.vulnerabilityMode": [
                "VULNERABILITY_DISABLED",
                "VULNERABILITY_BASIC",
                "VULNERABILITY_ENTERPRISE",
            ],
            "binaryAuthorization.evaluationMode": ["DISABLED", "PROJECT_SINGLETON_POLICY_ENFORCE"],
            "loggingConfig.enableComponents[*]": [
                "SYSTEM_COMPONENTS",
                "APISERVER",
                "CONTROLLER_MANAGER",
                "SCHEDULER",
                "WORKLOADS",
                "KCP_CONNECTION",
                "KCP_SSHD",
                "KCP_HPA",
            ],
        },
        computed={
            "endpoint": "{address}",
            "masterAuth": {"clusterCaCertificate": "{certificate}"},
            "masterAuth.clusterCaCertificate": "{certificate}",
            "masterVersion": "1.34.0-rehearsal",
            "selfLink": "https://container.googleapis.com/v1/{id}",
        },
        protects="deletionProtection",
        id=f"{_LOCATED}/clusters/{{name}}",
    ),
    "gcp:container/nodePool:NodePool": CatalogueEntry(
        name=_dns(40),
        replaces=[
            "cluster",
            "initialNodeCount",
            "maxPodsPerNode",
            "networkConfig.podRange",
            "nodeConfig.diskType",
            "nodeConfig.guestAccelerators",
            "nodeConfig.localSsdCount",
            "nodeConfig.minCpuPlatform",
            "nodeConfig.preemptible",
            "nodeConfig.serviceAccount",
            "nodeConfig.shieldedInstanceConfig",
            "nodeConfig.spot",
            "placementPolicy",
        ],
        values={
            "nodeConfig.diskType": [
                "pd-standard",
                "pd-balanced",
                "pd-ssd",
                "pd-extreme",
                "hyperdisk-balanced",
                "hyperdisk-extreme",
                "hyperdisk-throughput",
            ],
            "nodeConfig.workloadMetadataConfig.mode": ["MODE_UNSPECIFIED", "GCE_METADATA", "GKE_METADATA"],
            "upgradeSettings.strategy": ["SURGE", "BLUE_GREEN", "SHORT_LIVED"],
            "autoscaling.locationPolicy": ["BALANCED", "ANY"],
        },
        computed={"instanceGroupUrls": _groups, "managedInstanceGroupUrls": _groups},
        id=f"{_LOCATED}/clusters/{{cluster}}/nodePools/{{name}}",
    ),
    "gcp:artifactregistry/repository:Repository": CatalogueEntry(
        name=Name(
            property="repositoryId", longest=63, pattern=r"[a-z](?:[-a-z0-9]*[a-z0-9])?", rule=_LOWER, style="copy"
        ),
        replaces=["format", "kmsKeyName", "mode"],
        values={
            "format": ["DOCKER", "MAVEN", "NPM", "APT", "YUM", "PYTHON", "KFP", "GO", "GENERIC", "GOOGET", "RUBY"],
            "mode": ["STANDARD_REPOSITORY", "VIRTUAL_REPOSITORY", "REMOTE_REPOSITORY", "MODE_UNSPECIFIED"],
            "vulnerabilityScanningConfig.enablementConfig": ["INHERITED", "DISABLED"],
        },
        computed={"registryUri": "{location}-docker.pkg.dev/{project}/{repositoryId}", "name": "{repositoryId}"},
        id=f"{_LOCATED}/repositories/{{repositoryId}}",
    ),
    "gcp:serviceaccount/account:Account": CatalogueEntry(
        name=Name(
            property="accountId",
            shortest=6,
            longest=30,
            pattern=r"[a-z](?:[-a-z0-9]*[a-z0-9])",
            rule=_LOWER,
            style="copy",
        ),
        computed={
            "email": "{accountId}@{project}.iam.gserviceaccount.com",
            "member": "serviceAccount:{accountId}@{project}.iam.gserviceaccount.com",
            "name": "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
            "uniqueId": "{digits21}",
        },
        id="projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
    ),
    "gcp:storage/bucket:Bucket": CatalogueEntry(
        name=Name(
            shortest=3,
            longest=222,
            pattern=r"(?!goog)[a-z0-9](?:[a-z0-9_-]|\.(?!\.))*[a-z0-9]",
            rule="lower-case letters, digits and any of ._-, with a letter or digit at both ends",
            lower=True,
        ),
        replaces=["enableObjectRetention", "customPlacementConfig", "hierarchicalNamespace"],
        values={
            "publicAccessPrevention": ["inherited", "enforced"],
            "storageClass": [
                "STANDARD",
                "MULTI_REGIONAL",
                "REGIONAL",
                "NEARLINE",
                "COLDLINE",
                "ARCHIVE",
                "DURABLE_REDUCED_AVAILABILITY",
            ],
            "rpo": ["DEFAULT", "ASYNC_TURBO"],
        },
        unique=True,
        computed={"url": "gs://{name}", "selfLink": "https://www.googleapis.com/storage/v1/b/{name}"},
        id="{name}",
    ),
    "gcp:kms/keyRing:KeyRing": CatalogueEntry(
        name=Name(longest=63, pattern=r"[\w-]+", rule="letters, digits, hyphens and underscores"),
        id=f"{_LOCATED}/keyRings/{{name}}",
    ),
    "gcp:kms/cryptoKey:CryptoKey": CatalogueEntry(
        name=Name(longest=63, pattern=r"[\w-]+", rule="letters, digits, hyphens and underscores"),
        replaces=["keyRing", "purpose", "destroyScheduledDuration", "importOnly", "cryptoKeyBackend"],
        values={
            "purpose": [
                "ENCRYPT_DECRYPT",
                "ASYMMETRIC_SIGN",
                "ASYMMETRIC_DECRYPT",
                "RAW_ENCRYPT_DECRYPT",
                "MAC",
                "KEY_ENCAPSULATION",
            ],
            "versionTemplate.protectionLevel": ["SOFTWARE", "HSM", "EXTERNAL", "EXTERNAL_VPC"],
        },
        formats={"rotationPeriod": matching(r"\d+(\.\d{1,9})?s", "a duration in seconds such as 7776000s")},
        id="{keyRing}/cryptoKeys/{name}",
    ),
    "gcp:dns/managedZone:ManagedZone": CatalogueEntry(
        name=_dns(),
        replaces=["dnsName", "visibility"],
        values={"visibility": ["public", "private"]},
        formats={"dnsName": matching(r"(?:[a-z0-9_-]+\.)+", "a domain that ends with a dot")},
        computed={"nameServers": ["ns-cloud-rehearsal.invalid."]},
        id="projects/{project}/managedZones/{name}",
    ),
    "gcp:dns/recordSet:RecordSet": CatalogueEntry(
        replaces=["managedZone", "name"],
        formats={"name": matching(r"(?:[A-Za-z0-9_*-]+\.)+", "a domain that ends with a dot")},
        id="projects/{project}/managedZones/{managedZone}/rrsets/{name}/{type}",
    ),
    "gcp:projects/service:Service": CatalogueEntry(replaces=["service"], id="{project}/{service}"),
    "gcp:projects/iAMMember:IAMMember": CatalogueEntry(
        replaces=["role", "member", "condition"], id="{project}/{role}/{member}"
    ),
    "gcp:compute/healthCheck:HealthCheck": CatalogueEntry(
        name=_dns(), id="projects/{project}/global/healthChecks/{name}"
    ),
    "gcp:compute/backendService:BackendService": CatalogueEntry(
        name=_dns(),
        values={"protocol": ["HTTP", "HTTPS", "HTTP2", "TCP", "SSL", "UDP", "GRPC", "UNSPECIFIED", "H2C"]},
        id="projects/{project}/global/backendServices/{name}",
    ),
    "gcp:compute/securityPolicy:SecurityPolicy": CatalogueEntry(
        name=_dns(),
        replaces=["type"],
        formats={"rules[*].match.config.srcIpRanges[*]": range_or_all},
        id="projects/{project}/global/securityPolicies/{name}",
    ),
    "gcp:compute/instanceGroupNamedPort:InstanceGroupNamedPort": CatalogueEntry(
        replaces=["group", "name", "port"], id="{group}/{port}/{name}"
    ),
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": CatalogueEntry(
        replaces=["cryptoKeyId", "role", "member", "condition"], id="{cryptoKeyId}/{role}/{member}"
    ),
    "gcp:dns/policy:Policy": CatalogueEntry(name=_dns(), id="projects/{project}/policies/{name}"),
    "gcp:logging/projectSink:ProjectSink": CatalogueEntry(
        name=Name(longest=100, pattern=r"[\w.-]+", rule="letters, digits and any of ._-"),
        replaces=["uniqueWriterIdentity"],
        computed={"writerIdentity": "serviceAccount:service-000000000000@gcp-sa-logging.iam.gserviceaccount.com"},
        id="projects/{project}/sinks/{name}",
    ),
    "gcp:projects/serviceIdentity:ServiceIdentity": CatalogueEntry(
        replaces=["service"],
        computed={
            "email": "service-000000000000@{service}.iam.gserviceaccount.com",
            "member": "serviceAccount:service-000000000000@{service}.iam.gserviceaccount.com",
        },
        id="projects/{project}/services/{service}",
    ),
    "gcp:projects/iAMAuditConfig:IAMAuditConfig": CatalogueEntry(
        replaces=["service"],
        values={"auditLogConfigs[*].logType": ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]},
        id="projects/{project}/audit_config/{service}",
    ),
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": CatalogueEntry(
        name=_dns(),
        replaces=["domain", "type"],
        values={"type": ["FIXED_RECORD", "PER_PROJECT_RECORD"]},
        computed={
            "dnsResourceRecords": [
                {"name": "_acme-challenge.{domain}.", "type": "CNAME", "data": "{hash32}.authorize.rehearsal.invalid."}
            ]
        },
        id=f"{_LOCATED}/dnsAuthorizations/{{name}}",
    ),
    "gcp:certificatemanager/certificate:Certificate": CatalogueEntry(
        name=_dns(), replaces=["scope", "managed", "selfManaged"]
    ),
    "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry": CatalogueEntry(
        name=_dns(), replaces=["map", "hostname", "matcher"]
    ),
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": CatalogueEntry(
        name=_dns(),
        replaces=["ipAddress", "ipProtocol", "loadBalancingScheme", "portRange", "network", "subnetwork"],
        values={
            "loadBalancingScheme": ["EXTERNAL", "EXTERNAL_MANAGED", "INTERNAL_MANAGED", "INTERNAL_SELF_MANAGED"],
        },
        id="projects/{project}/global/forwardingRules/{name}",
    ),
    "gcp:compute/sSLPolicy:SSLPolicy": CatalogueEntry(
        name=_dns(),
        values={
            "minTlsVersion": ["TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3"],
            "profile": ["COMPATIBLE", "MODERN", "RESTRICTED", "CUSTOM", "FIPS_202205"],
        },
        id="projects/{project}/global/sslPolicies/{name}",
    ),
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": CatalogueEntry(
        name=_dns(), replaces=["proxyBind"], id="projects/{project}/global/targetHttpsProxies/{name}"
    ),
    "gcp:compute/uRLMap:URLMap": CatalogueEntry(name=_dns(), id="projects/{project}/global/urlMaps/{name}"),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": CatalogueEntry(
        replaces=["repository", "role", "member", "condition"], id="{repository}/{role}/{member}"
    ),
    "gcp:serviceaccount/iAMMember:IAMMember": CatalogueEntry(
        replaces=["serviceAccountId", "role", "member", "condition"], id="{serviceAccountId}/{role}/{member}"
    ),
    "gcp:storage/bucketIAMMember:BucketIAMMember": CatalogueEntry(
        replaces=["bucket", "role", "member", "condition"], id="b/{bucket}/{role}/{member}"
    ),
}
