"""Google Cloud: a stack that breaks every rule there is about it, and one that breaks none."""

from __future__ import annotations

from typing import Any

from tests.policies.cases.gcp_clusters import cluster
from tests.policies.cases.gcp_databases import instance
from tests.policies.cases.gcp_nodes import pool
from tests.policies.cases.gcp_servers import server
from tests.policies.planted import Part, id_of

CONFIG = {"gcp:project": "some-project", "gcp:region": "europe-west1"}
_ANYBODY = "allUsers"
_LABELS = dict.fromkeys(("project", "environment", "site", "managed-by"), "pouw")
_KEY = "projects/some-project/locations/europe-west1/keyRings/some/cryptoKeys/some"
_SOMEBODY = "group:some@example.org"
_PROGRAM = "serviceAccount:some@some-project.iam.gserviceaccount.com"
_ISSUER = {"issuerUri": "https://token.actions.githubusercontent.com"}
_LOGGED = {"filter": 'resource.type="gce_route"'}
_CONDITION = {"displayName": "some", "conditionMatchedLog": _LOGGED}
_TASK = {"containers": [{"image": "europe-docker.pkg.dev/some-project/some/some:1"}]}


def _part(what: str, name: str, /, **props: Any) -> Part:
    module, _, kind = what.partition("/")
    token = f"gcp:{module}/{kind[0].lower()}{kind[1:]}:{kind[0].upper()}{kind[1:]}"
    return Part(name=name, type=token, props=props)


def _armor(last: str, **more: Any) -> list[dict[str, Any]]:
    everybody = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
    return [{"priority": 2147483647, "action": last, "match": everybody, **more}]


def _zone(state: str, nonexistence: str, algorithm: str) -> dict[str, Any]:
    keys = [{"keyType": kind, "algorithm": algorithm, "keyLength": 256} for kind in ("keySigning", "zoneSigning")]
    return {"state": state, "nonExistence": nonexistence, "defaultKeySpecs": keys}


def _database(version: str) -> dict[str, Any]:
    return {"databaseVersion": version, "settings": {"tier": "db-custom-2-8192"}}


_LIMITED = {
    "conformAction": "allow", "exceedAction": "deny(429)", "enforceOnKey": "IP",
    "rateLimitThreshold": {"count": 100, "intervalSec": 60},
}  # fmt: skip
_ATTACKS = {"expr": {"expression": "evaluatePreconfiguredWaf('sqli-v33-stable')"}}

_BREAKS = {
    "network": "vpc-network-deny-automatic-subnets vpc-network-require-closed-egress vpc-network-require-query-logs",
    "subnet": "vpc-subnet-deny-public-addresses vpc-subnet-require-flowlogs vpc-subnet-require-private-services",
    "sampled": "vpc-subnet-limit-unlogged-flows",
    "nat": "vpc-nat-require-logs",
    "queries": "dns-policy-require-logs",
    "in":
        "vpc-firewall-deny-open-administration vpc-firewall-deny-open-data vpc-firewall-limit-open-ports "
        "vpc-firewall-require-targets",
    "out": "vpc-firewall-limit-egress",
    "refused": "vpc-firewall-require-denial-logs",
    "server":
        "compute-server-deny-default-network compute-server-deny-forwarding compute-server-deny-keys-in-metadata "
        "compute-server-deny-project-keys compute-server-deny-public-address compute-server-deny-serial-port "
        "compute-server-require-confidentiality compute-server-require-own-account compute-server-require-shielding "
        "kms-store-require-own-key labels-resource-require-owner",
    "metadata": "compute-project-require-oslogin",
    "cluster":
        "gke-cluster-deny-alpha gke-cluster-deny-anonymous gke-cluster-deny-client-certificate "
        "gke-cluster-deny-google-ranges gke-cluster-deny-legacy-authorization gke-cluster-deny-open-api "
        "gke-cluster-deny-open-bindings gke-cluster-deny-open-name gke-cluster-deny-plain-nodes "
        "gke-cluster-deny-unprotected gke-cluster-match-region gke-cluster-require-budget "
        "gke-cluster-require-image-admission gke-cluster-require-intranode-visibility gke-cluster-require-logs "
        "gke-cluster-require-maintenance-window gke-cluster-require-metrics gke-cluster-require-network-policies "
        "gke-cluster-require-posture-scan gke-cluster-require-private-nodes gke-cluster-require-release-channel "
        "gke-cluster-require-secrets-encryption gke-cluster-require-workload-identity gke-nodes-require-own-account "
        "labels-cluster-require-owner",
    "pool":
        "gke-nodepool-deny-legacy-metadata gke-nodepool-deny-open-kubelet gke-nodepool-deny-project-keys "
        "gke-nodepool-deny-public-addresses gke-nodepool-deny-unwatched-boot gke-nodepool-limit-scopes "
        "gke-nodepool-match-image gke-nodepool-require-metadata-server gke-nodepool-require-own-key "
        "gke-nodepool-require-repair gke-nodepool-require-secure-boot gke-nodepool-require-upgrades "
        "gke-nodes-require-own-account labels-nodepool-require-owner",
    "owner": "iam-grant-deny-basic-roles iam-grant-deny-everybody",
    "lent": "iam-grant-deny-impersonation iam-grant-deny-strangers",
    "program": "iam-grant-deny-administering-programs",
    "account-key": "iam-key-deny-private-key",
    "role": "iam-role-deny-escalation",
    "provider": "iam-provider-require-condition",
    "key": "kms-key-limit-destruction kms-key-match-protection kms-key-require-rotation labels-resource-require-owner",
    "bucket":
        "kms-store-require-own-key labels-resource-require-owner storage-bucket-deny-final-deletion "
        "storage-bucket-deny-forced-deletion storage-bucket-require-access-logs storage-bucket-require-locked-logs "
        "storage-bucket-require-public-access-prevention storage-bucket-require-uniform-access "
        "storage-bucket-require-versions",
    "sink": "logging-sink-deny-gaps logging-sink-deny-shared-writer",
    "images":
        "artifacts-repository-deny-unscanned artifacts-repository-require-immutable-tags kms-store-require-own-key "
        "labels-resource-require-owner",
    "zone":
        "dns-zone-deny-forced-deletion dns-zone-deny-listing dns-zone-deny-weak-signing-key dns-zone-deny-weak-zone-key"
        " dns-zone-require-logs dns-zone-require-signatures labels-resource-require-owner",
    "backend":
        "balancers-backend-require-guard balancers-backend-require-health-checks balancers-backend-require-logs",
    "tls": "balancers-tlspolicy-match-tls",
    "proxy": "balancers-proxy-deny-early-data balancers-proxy-require-tls-policy",
    "certificate": "certificates-certificate-deny-own labels-resource-require-owner",
    "guard":
        "armor-policy-deny-open-end armor-policy-deny-watching-only armor-policy-require-adaptive-protection "
        "armor-policy-require-attack-rules armor-policy-require-rate-limit labels-resource-require-owner",
    "audit":
        "logging-audit-deny-exemptions logging-audit-require-all monitoring-project-require-audits-alarm "
        "monitoring-project-require-buckets-alarm monitoring-project-require-firewalls-alarm "
        "monitoring-project-require-networks-alarm monitoring-project-require-owners-alarm "
        "monitoring-project-require-roles-alarm monitoring-project-require-routes-alarm",
    "logs": "kms-store-require-own-key logging-bucket-require-retention",
    "alarm": "labels-alarm-require-owner monitoring-alert-deny-silence monitoring-alert-require-channels",
    "mysql":
        "kms-store-require-own-key labels-database-require-owner sql-instance-deny-open-networks "
        "sql-instance-deny-public-address sql-instance-deny-unprotected sql-instance-require-backups "
        "sql-instance-require-point-in-time sql-instance-require-standby sql-instance-require-tls "
        "sql-mysql-require-flags",
    "postgres":
        "kms-store-require-own-key labels-database-require-owner sql-instance-deny-public-address "
        "sql-instance-require-backups sql-instance-require-point-in-time sql-instance-require-standby "
        "sql-instance-require-tls sql-postgres-require-flags",
    "sqlserver":
        "kms-store-require-own-key labels-database-require-owner sql-instance-deny-public-address "
        "sql-instance-require-backups sql-instance-require-point-in-time sql-instance-require-standby "
        "sql-instance-require-tls sql-sqlserver-require-flags",
    "cache":
        "kms-store-require-own-key labels-resource-require-owner redis-instance-require-password "
        "redis-instance-require-tls",
    "data":
        "bigquery-dataset-deny-deletion-of-contents bigquery-dataset-deny-open-access kms-store-require-own-key "
        "labels-resource-require-owner",
    "push": "labels-resource-require-owner pubsub-subscription-require-signed-push",
    "secret":
        "kms-store-require-own-key labels-resource-require-owner secretmanager-secret-require-rotation "
        "secretmanager-secret-require-undoing",
    "service": "labels-resource-require-owner run-service-require-inner-ingress run-service-require-own-account",
    "function":
        "labels-resource-require-owner run-function-require-tls run-service-require-inner-ingress "
        "run-service-require-own-account",
    "bucket-for-all": "storage-bucket-deny-everybody",
    "key-for-all": "kms-key-deny-everybody",
    "images-for-all": "artifacts-repository-deny-everybody",
    "topic-for-all": "pubsub-topic-deny-everybody",
    "data-for-all": "bigquery-dataset-deny-everybody",
    "secret-for-all": "secretmanager-secret-deny-everybody",
    "service-for-all": "run-service-deny-everybody",
    "plain": "balancers-proxy-require-redirect",
}  # fmt: skip
"""By part of the broken stack: the rules that it breaks."""

BROKEN = [
    _part("compute/network", "network", autoCreateSubnetworks=True),
    _part("compute/subnetwork", "subnet", network="some", ipCidrRange="10.0.0.0/20", ipv6AccessType="EXTERNAL"),
    _part("compute/subnetwork", "sampled", network="some", ipCidrRange="10.0.16.0/20", privateIpGoogleAccess=True,
          logConfig={"flowSampling": 0.1}),
    _part("compute/routerNat", "nat", router="some", sourceSubnetworkIpRangesToNat="ALL_SUBNETWORKS_ALL_IP_RANGES",
          natIpAllocateOption="AUTO_ONLY"),
    _part("dns/policy", "queries", enableLogging=False),
    _part("compute/firewall", "in", network="some", allows=[{"protocol": "all"}], sourceRanges=["0.0.0.0/0"]),
    _part("compute/firewall", "out", network="some", allows=[{"protocol": "all"}], destinationRanges=["0.0.0.0/0"],
          direction="EGRESS"),
    _part("compute/firewall", "refused", network="some", denies=[{"protocol": "all"}], sourceRanges=["0.0.0.0/0"]),
    _part("compute/instance", "server", machineType="e2-medium", zone="europe-west1-b", bootDisk={"autoDelete": True},
          networkInterfaces=[{"network": "default", "accessConfigs": [{"networkTier": "PREMIUM"}]}], canIpForward=True,
          serviceAccount={"scopes": ["cloud-platform"]},
          metadata={"serial-port-enable": "TRUE", "enable-oslogin": "FALSE"}),
    _part("compute/projectMetadata", "metadata", metadata={"some": "thing"}),
    _part("container/cluster", "cluster", location="europe-west1-b", enableLegacyAbac=True, enableKubernetesAlpha=True,
          enableShieldedNodes=False, deletionProtection=False, initialNodeCount=1,
          masterAuth={"clientCertificateConfig": {"issueClientCertificate": True}},
          controlPlaneEndpointsConfig={"dnsEndpointConfig": {"allowExternalTraffic": True}}),
    _part("container/nodePool", "pool", cluster="some", networkConfig={"enablePrivateNodes": False},
          nodeConfig={
              "oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"], "imageType": "UBUNTU_CONTAINERD",
              "metadata": {"disable-legacy-endpoints": "false"},
              "shieldedInstanceConfig": {"enableIntegrityMonitoring": False},
          }),
    _part("projects/iAMMember", "owner", project="some-project", role="roles/owner", member=_ANYBODY),
    _part("projects/iAMMember", "lent", project="some-project", role="roles/iam.serviceAccountTokenCreator",
          member="user:somebody@gmail.com"),
    _part("projects/iAMMember", "program", project="some-project", role="roles/storage.admin", member=_PROGRAM),
    _part("storage/bucketIAMMember", "bucket-for-all", bucket="some", role="roles/storage.objectViewer",
          member=_ANYBODY),
    _part("kms/cryptoKeyIAMMember", "key-for-all", cryptoKeyId=_KEY, role="roles/cloudkms.cryptoKeyDecrypter",
          member=_ANYBODY),
    _part("artifactregistry/repositoryIamMember", "images-for-all", repository="some", location="europe-west1",
          role="roles/artifactregistry.reader", member=_ANYBODY),
    _part("pubsub/topicIAMMember", "topic-for-all", topic="some", role="roles/pubsub.publisher", member=_ANYBODY),
    _part("bigquery/datasetIamMember", "data-for-all", datasetId="some", role="roles/bigquery.dataViewer",
          member=_ANYBODY),
    _part("secretmanager/secretIamMember", "secret-for-all", secretId="some",
          role="roles/secretmanager.secretAccessor", member=_ANYBODY),
    _part("cloudrunv2/serviceIamMember", "service-for-all", name="some", location="europe-west1",
          role="roles/run.invoker", member=_ANYBODY),
    _part("serviceaccount/key", "account-key", serviceAccountId="some"),
    _part("projects/iAMCustomRole", "role", roleId="some", title="some",
          permissions=["resourcemanager.projects.setIamPolicy"]),
    _part("iam/workloadIdentityPoolProvider", "provider", workloadIdentityPoolId="some",
          workloadIdentityPoolProviderId="some", oidc=_ISSUER),
    _part("kms/cryptoKey", "key", keyRing="some", destroyScheduledDuration="86400s"),
    _part("storage/bucket", "bucket", location="EUROPE-WEST1", forceDestroy=True,
          softDeletePolicy={"retentionDurationSeconds": 0}),
    _part("logging/projectSink", "sink", destination=id_of("bucket"), disabled=True, uniqueWriterIdentity=False),
    _part("artifactregistry/repository", "images", repositoryId="some", format="DOCKER", location="europe-west1",
          vulnerabilityScanningConfig={"enablementConfig": "DISABLED"}),
    _part("dns/managedZone", "zone", dnsName="some.example.org.", forceDestroy=True,
          dnssecConfig=_zone("off", "nsec", "rsasha1")),
    _part("compute/backendService", "backend", loadBalancingScheme="EXTERNAL_MANAGED", protocol="HTTP"),
    _part("compute/sSLPolicy", "tls", minTlsVersion="TLS_1_0"),
    _part("compute/targetHttpsProxy", "proxy", urlMap="some", sslCertificates=["some"], tlsEarlyData="PERMISSIVE"),
    _part("compute/targetHttpProxy", "plain", urlMap="some"),
    _part("certificatemanager/certificate", "certificate",
          selfManaged={"pemCertificate": "some", "pemPrivateKey": "some"}),
    _part("compute/securityPolicy", "guard", rules=_armor("allow", preview=True)),
    _part("projects/iAMAuditConfig", "audit", project="some-project", service="allServices",
          auditLogConfigs=[{"logType": "DATA_READ", "exemptedMembers": ["user:some@example.org"]}]),
    _part("logging/projectBucketConfig", "logs", project="some-project", location="europe-west1", bucketId="some",
          retentionDays=30),
    _part("monitoring/alertPolicy", "alarm", displayName="some", combiner="OR", enabled=False,
          conditions=[{"displayName": "some", "conditionMatchedLog": {"filter": "severity>=ERROR"}}]),
    _part("sql/databaseInstance", "mysql", deletionProtection=False, databaseVersion="MYSQL_8_4", settings={
        "tier": "db-custom-2-8192",
        "ipConfiguration": {"authorizedNetworks": [{"value": "0.0.0.0/0"}]},
    }),
    _part("sql/databaseInstance", "postgres", **_database("POSTGRES_17")),
    _part("sql/databaseInstance", "sqlserver", **_database("SQLSERVER_2022_STANDARD")),
    _part("redis/instance", "cache", memorySizeGb=1),
    _part("bigquery/dataset", "data", datasetId="some", deleteContentsOnDestroy=True,
          accesses=[{"role": "READER", "specialGroup": "allAuthenticatedUsers"}]),
    _part("pubsub/subscription", "push", topic="some", pushConfig={"pushEndpoint": "https://some.example.org"}),
    _part("secretmanager/secret", "secret", secretId="some", replication={"auto": {}}),
    _part("cloudrunv2/service", "service", location="europe-west1", ingress="INGRESS_TRAFFIC_ALL", template=_TASK),
    _part("cloudfunctions/function", "function", runtime="python313", triggerHttp=True),
]  # fmt: skip

BREAKS = {name: frozenset(f"gcp-{rule}" for rule in rules.split()) for name, rules in _BREAKS.items()}

CLEAN = [
    _part("kms/cryptoKey", "key", keyRing="some", rotationPeriod="7776000s", labels=_LABELS,
          versionTemplate={"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "HSM"}),
    _part("compute/network", "network", autoCreateSubnetworks=False),
    _part("dns/policy", "queries", enableLogging=True, networks=[{"networkUrl": id_of("network")}]),
    _part("compute/firewall", "refused", network=id_of("network"), denies=[{"protocol": "all"}], direction="EGRESS",
          destinationRanges=["0.0.0.0/0"], logConfig={"metadata": "INCLUDE_ALL_METADATA"}),
    _part("compute/firewall", "in", network=id_of("network"), allows=[{"protocol": "tcp", "ports": ["443"]}],
          sourceRanges=["0.0.0.0/0", "::/0"], targetTags=["edge"]),
    _part("compute/subnetwork", "subnet", network=id_of("network"), ipCidrRange="10.0.0.0/20",
          privateIpGoogleAccess=True, logConfig={"flowSampling": 1.0}),
    _part("compute/routerNat", "nat", router="some", sourceSubnetworkIpRangesToNat="ALL_SUBNETWORKS_ALL_IP_RANGES",
          natIpAllocateOption="AUTO_ONLY", logConfig={"enable": True, "filter": "ERRORS_ONLY"}),
    _part("compute/instance", "server", machineType="n2d-standard-2", zone="europe-west1-b", labels=_LABELS,
          bootDisk={"kmsKeySelfLink": id_of("key")}, **server()),
    _part("compute/projectMetadata", "metadata", metadata={"enable-oslogin": "TRUE"}),
    _part("container/cluster", "cluster", **{
        **cluster(), "resourceLabels": _LABELS, "initialNodeCount": 1,
        "nodeConfig": {"serviceAccount": "nodes@some-project.iam.gserviceaccount.com"},
        "databaseEncryption": {"state": "ENCRYPTED", "keyName": id_of("key")},
    }),
    _part("container/nodePool", "pool", cluster=id_of("cluster"), **{
        **pool(), "nodeConfig": {**pool()["nodeConfig"], "resourceLabels": _LABELS, "bootDiskKmsKey": id_of("key")},
    }),
    _part("billing/budget", "budget", billingAccount="012345-6789AB-CDEF01",
          amount={"specifiedAmount": {"units": "100"}}, thresholdRules=[{"thresholdPercent": 1.0}]),
    _part("projects/iAMMember", "grant", project="some-project", role="roles/logging.logWriter", member=_PROGRAM),
    _part("storage/bucket", "bucket", location="EUROPE-WEST1", labels=_LABELS, uniformBucketLevelAccess=True,
          publicAccessPrevention="enforced", encryption={"defaultKmsKeyName": id_of("key")},
          retentionPolicy={"retentionPeriod": "604800", "isLocked": True}),
    _part("storage/bucketIAMMember", "reader", bucket=id_of("bucket"), role="roles/storage.objectViewer",
          member=_SOMEBODY),
    _part("logging/projectSink", "sink", destination=id_of("bucket"), uniqueWriterIdentity=True),
    _part("artifactregistry/repository", "images", repositoryId="some", format="DOCKER", location="europe-west1",
          dockerConfig={"immutableTags": True}, kmsKeyName=id_of("key"), labels=_LABELS),
    _part("dns/managedZone", "zone", dnsName="some.example.org.", labels=_LABELS,
          cloudLoggingConfig={"enableLogging": True}, dnssecConfig=_zone("on", "nsec3", "ecdsap256sha256")),
    _part("compute/securityPolicy", "guard", labels=_LABELS,
          adaptiveProtectionConfig={"layer7DdosDefenseConfig": {"enable": True}},
          rules=[
              {"priority": 1, "action": "deny(403)", "match": _ATTACKS},
              *_armor("throttle", rateLimitOptions=_LIMITED),
          ]),
    _part("compute/healthCheck", "check", httpHealthCheck={"port": 80}),
    _part("compute/backendService", "backend", loadBalancingScheme="EXTERNAL_MANAGED", protocol="HTTP",
          securityPolicy=id_of("guard"), healthChecks=id_of("check"), logConfig={"enable": True}),
    _part("compute/sSLPolicy", "tls", minTlsVersion="TLS_1_2", profile="RESTRICTED"),
    _part("compute/targetHttpsProxy", "proxy", urlMap="some", sslCertificates=["some"], sslPolicy=id_of("tls")),
    _part("compute/uRLMap", "redirect", defaultUrlRedirect={"httpsRedirect": True, "stripQuery": False}),
    _part("compute/targetHttpProxy", "plain", urlMap=id_of("redirect")),
    _part("certificatemanager/certificate", "certificate", managed={"domains": ["some.example.org"]}, labels=_LABELS),
    _part("projects/iAMAuditConfig", "audit", project="some-project", service="allServices",
          auditLogConfigs=[{"logType": kind} for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")]),
    _part("logging/projectBucketConfig", "logs", project="some-project", location="europe-west1", bucketId="some",
          retentionDays=365, cmekSettings={"kmsKeyName": id_of("key")}),
    _part("monitoring/notificationChannel", "contact", type="email", displayName="some", userLabels=_LABELS,
          labels={"email_address": "some@example.org"}),
    _part("monitoring/alertPolicy", "alarm", displayName="some", combiner="OR", userLabels=_LABELS,
          notificationChannels=[id_of("contact")], conditions=[
              {"displayName": sign, "conditionMatchedLog": {"filter": f'text:"{sign}"'}}
              for sign in ("roles/owner", "auditConfigDeltas", "iam_role", "gce_firewall_rule", "gce_route",
                           "gce_network", "gcs_bucket")
          ]),
    *(
        _part("sql/databaseInstance", version.lower().replace("_", "-"), encryptionKeyName=id_of("key"), **{
            **instance(version), "settings": {
                **instance(version)["settings"], "tier": "db-custom-2-8192", "userLabels": _LABELS,
            },
        })
        for version in ("MYSQL_8_4", "POSTGRES_17", "SQLSERVER_2022_STANDARD")
    ),
    _part("redis/instance", "cache", memorySizeGb=1, authEnabled=True, transitEncryptionMode="SERVER_AUTHENTICATION",
          customerManagedKey=id_of("key"), labels=_LABELS),
    _part("bigquery/dataset", "data", datasetId="some", labels=_LABELS,
          defaultEncryptionConfiguration={"kmsKeyName": id_of("key")},
          accesses=[{"role": "OWNER", "specialGroup": "projectOwners"}]),
    _part("pubsub/topic", "topic", kmsKeyName=id_of("key"), labels=_LABELS),
    _part("pubsub/subscription", "push", topic=id_of("topic"), labels=_LABELS,
          pushConfig={"pushEndpoint": "https://some.example.org", "oidcToken": {"serviceAccountEmail": "some"}}),
    _part("secretmanager/secret", "secret", secretId="some", labels=_LABELS, versionDestroyTtl="604800s",
          rotation={"rotationPeriod": "7776000s", "nextRotationTime": "2027-01-01T00:00:00Z"},
          topics=[{"name": id_of("topic")}],
          replication={"auto": {"customerManagedEncryption": {"kmsKeyName": id_of("key")}}}),
    _part("cloudrunv2/service", "service", location="europe-west1", ingress="INGRESS_TRAFFIC_INTERNAL_ONLY",
          labels=_LABELS, template={**_TASK, "serviceAccount": "some@some-project.iam.gserviceaccount.com"}),
]  # fmt: skip
