"""Violations of the security baseline on Google Cloud: each is one change to a compliant site."""

from __future__ import annotations

import pytest

from tests.contracts import security_baseline
from tests.contracts.security_baseline import Change

NODE = "nodeConfig"
CHANGES: tuple[Change, ...] = (
    ("customer_managed_keys", "Bucket", ("encryption", "defaultKmsKeyName"), None),
    ("customer_managed_keys", "ProjectBucketConfig", ("cmekSettings", "kmsKeyName"), ""),
    ("customer_managed_keys", "NodePool", (NODE, "bootDiskKmsKey"), None),
    ("customer_managed_keys", "CryptoKey", ("rotationPeriod",), "31536000s"),
    ("customer_managed_keys", "CryptoKey", ("versionTemplate", "protectionLevel"), "SOFTWARE"),
    ("private_nodes", "Cluster", ("privateClusterConfig", "enablePrivateNodes"), False),
    ("private_nodes", "NodePool", ("networkConfig", "enablePrivateNodes"), False),
    ("private_nodes", "NodePool", (NODE, "workloadMetadataConfig", "mode"), "GCE_METADATA"),
    ("private_nodes", "NodePool", (NODE, "shieldedInstanceConfig", "enableSecureBoot"), False),
    ("private_nodes", "Subnetwork", ("privateIpGoogleAccess",), False),
    ("private_nodes", "Firewall", ("allows",), [{"protocol": "tcp"}]),
    ("private_api", "Cluster", ("privateClusterConfig", "enablePrivateEndpoint"), False),
    ("private_api", "Cluster", ("masterAuthorizedNetworksConfig", "gcpPublicCidrsAccessEnabled"), True),
    ("private_api", "Cluster", ("anonymousAuthenticationConfig", "mode"), "ENABLED"),
    ("audit_logs", "Cluster", ("loggingConfig", "enableComponents"), ["SYSTEM_COMPONENTS"]),
    ("audit_logs", "IAMAuditConfig", ("service",), "storage.googleapis.com"),
    ("audit_logs", "IAMAuditConfig", ("auditLogConfigs", 1, "exemptedMembers"), ["user:operator@example.org"]),
    ("audit_logs", "ProjectBucketConfig", ("retentionDays",), 30),
    ("audit_logs", "ProjectBucketConfig", ("locked",), False),
    ("flow_logs", "Subnetwork", ("logConfig", "flowSampling"), 0.1),
    ("flow_logs", "Policy", ("enableLogging",), False),
    ("flow_logs", "Firewall", ("logConfig",), None),
    ("access_logs", "IAMAuditConfig", ("auditLogConfigs", 1, "logType"), "ADMIN_READ"),
    ("access_logs", "BackendService", ("logConfig", "enable"), False),
    ("access_logs", "BackendService", ("logConfig", "sampleRate"), 0.1),
    ("deletion_protection", "Cluster", ("deletionProtection",), False),
    ("deletion_protection", "CryptoKey", ("destroyScheduledDuration",), "86400s"),
    ("deletion_protection", "Bucket", ("forceDestroy",), True),
    ("immutable_backups", "Bucket", ("retentionPolicy", "isLocked"), False),
    ("immutable_backups", "Bucket", ("retentionPolicy", "retentionPeriod"), "86400"),
    ("immutable_backups", "Bucket", ("versioning",), {"enabled": True}),
    ("immutable_backups", "Bucket", ("softDeletePolicy", "retentionDurationSeconds"), 0),
    ("immutable_backups", "Bucket", ("publicAccessPrevention",), "inherited"),
    ("replicated_backups", "TransferJob", ("transferSpec", "transferOptions", "overwriteWhen"), "ALWAYS"),
    ("replicated_backups", "TransferJob", ("schedule", "repeatInterval"), "86400s"),
    ("replicated_backups", "Bucket", ("location",), "EUROPE-WEST4"),
    ("least_privilege", "IAMMember", ("role",), "roles/editor"),
    ("least_privilege", "BucketIAMMember", ("role",), "roles/storage.objectAdmin"),
    ("least_privilege", "BucketIAMMember", ("member",), "allUsers"),
    ("least_privilege", "NodePool", (NODE, "serviceAccount"), None),
    ("named_administrators", "Cluster", ("enableLegacyAbac",), True),
    ("named_administrators", "Cluster", ("masterAuth", "clientCertificateConfig", "issueClientCertificate"), True),
    ("named_administrators", "Cluster", ("rbacBindingConfig", "enableInsecureBindingSystemAuthenticated"), True),
    ("workload_identity", "Cluster", ("workloadIdentityConfig", "workloadPool"), None),
    ("immutable_images", "Repository", ("dockerConfig", "immutableTags"), False),
    ("immutable_images", "Repository", ("vulnerabilityScanningConfig", "enablementConfig"), "DISABLED"),
    ("immutable_images", "Cluster", ("binaryAuthorization", "evaluationMode"), "DISABLED"),
    ("tls_edge", "GlobalForwardingRule", ("portRange",), "80"),
    ("tls_edge", "SSLPolicy", ("minTlsVersion",), "TLS_1_0"),
    ("tls_edge", "BackendService", ("securityPolicy",), None),
    ("tls_edge", "SecurityPolicy", ("rules", -1, "action"), "allow"),
    ("public_readiness", "SecurityPolicy", ("rules", 9, "match", "expr", "expression"), "request.path == '/ready'"),
    ("public_readiness", "SecurityPolicy", ("rules", 9, "action"), "deny(403)"),
    ("public_readiness", "SecurityPolicy", ("rules", 9, "action"), "allow"),
    ("dnssec", "ManagedZone", ("dnssecConfig", "state"), "off"),
    ("dnssec", "ManagedZone", ("cloudLoggingConfig", "enableLogging"), False),
    ("node_autoscaling", "NodePool", ("autoscaling",), None),
    ("node_autoscaling", "NodePool", ("autoscaling", "totalMaxNodeCount"), 0),
    ("encrypted_secrets", "Cluster", ("databaseEncryption", "state"), "DECRYPTED"),
    ("budget", "Budget", ("thresholdRules", 2, "spendBasis"), "CURRENT_SPEND"),
    ("budget", "Budget", ("allUpdatesRule", "monitoringNotificationChannels"), []),
)
"""Changes, each of which violates a requirement."""
MISSING: tuple[tuple[str, str], ...] = (
    ("audit_logs", "ProjectSink"),
    ("flow_logs", "ProjectSink"),
    ("replicated_backups", "TransferJob"),
    ("workload_identity", "IAMMember"),
    ("immutable_images", "Service"),
    ("tls_edge", "TargetHttpsProxy"),
    ("budget", "Budget"),
)
"""Kinds of resources without which a requirement is not met."""


@pytest.mark.parametrize("requirement", sorted({name for name, *_ in (*CHANGES, *MISSING)}))
def test_every_violation_of_a_requirement_is_detected(requirement: str) -> None:
    variants = [
        *security_baseline.changed_sites("gcp", requirement, CHANGES),
        *security_baseline.reduced_sites("gcp", requirement, MISSING),
    ]
    assert security_baseline.undetected("gcp", requirement, variants) == []


def test_an_allow_list_of_every_address_makes_the_api_public() -> None:
    public = security_baseline.with_change(
        security_baseline.production_site("gcp"), "Cluster", ("privateClusterConfig", "enablePrivateEndpoint"), False
    )
    blocks = [{"cidrBlock": "0.0.0.0/0"}]
    resources = security_baseline.with_change(
        public, "Cluster", ("masterAuthorizedNetworksConfig", "cidrBlocks"), blocks
    )
    assert security_baseline.checks("gcp")["private_api"](resources) != []


def test_an_allow_list_of_some_addresses_keeps_the_api_private() -> None:
    public = security_baseline.with_change(
        security_baseline.production_site("gcp"), "Cluster", ("privateClusterConfig", "enablePrivateEndpoint"), False
    )
    blocks = [{"cidrBlock": "198.51.100.0/24"}]
    resources = security_baseline.with_change(
        public, "Cluster", ("masterAuthorizedNetworksConfig", "cidrBlocks"), blocks
    )
    assert security_baseline.checks("gcp")["private_api"](resources) == []
