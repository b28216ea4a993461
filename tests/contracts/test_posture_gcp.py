"""Each facet of the posture on Google Cloud sees what is broken: one compliant site, one thing broken a case."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from tests.contracts import posture
from tests.contracts.posture_gcp import FACETS
from tests.infra.recorder import Recorded

NODE = "nodeConfig"
BREAKS: tuple[tuple[str, str, tuple[str | int, ...], Any], ...] = (
    ("own_key", "Bucket", ("encryption", "defaultKmsKeyName"), None),
    ("own_key", "ProjectBucketConfig", ("cmekSettings", "kmsKeyName"), ""),
    ("own_key", "NodePool", (NODE, "bootDiskKmsKey"), None),
    ("own_key", "CryptoKey", ("rotationPeriod",), "31536000s"),
    ("own_key", "CryptoKey", ("versionTemplate", "protectionLevel"), "SOFTWARE"),
    ("private_nodes", "Cluster", ("privateClusterConfig", "enablePrivateNodes"), False),
    ("private_nodes", "NodePool", ("networkConfig", "enablePrivateNodes"), False),
    ("private_nodes", "NodePool", (NODE, "workloadMetadataConfig", "mode"), "GCE_METADATA"),
    ("private_nodes", "NodePool", (NODE, "shieldedInstanceConfig", "enableSecureBoot"), False),
    ("private_nodes", "Subnetwork", ("privateIpGoogleAccess",), False),
    ("private_nodes", "Firewall", ("allows",), [{"protocol": "tcp"}]),
    ("private_api", "Cluster", ("privateClusterConfig", "enablePrivateEndpoint"), False),
    ("private_api", "Cluster", ("masterAuthorizedNetworksConfig", "gcpPublicCidrsAccessEnabled"), True),
    ("private_api", "Cluster", ("anonymousAuthenticationConfig", "mode"), "ENABLED"),
    ("audit_log", "Cluster", ("loggingConfig", "enableComponents"), ["SYSTEM_COMPONENTS"]),
    ("audit_log", "IAMAuditConfig", ("service",), "storage.googleapis.com"),
    ("audit_log", "IAMAuditConfig", ("auditLogConfigs", 1, "exemptedMembers"), ["user:somebody@example.org"]),
    ("audit_log", "ProjectBucketConfig", ("retentionDays",), 30),
    ("audit_log", "ProjectBucketConfig", ("locked",), False),
    ("flow_log", "Subnetwork", ("logConfig", "flowSampling"), 0.1),
    ("flow_log", "Policy", ("enableLogging",), False),
    ("flow_log", "Firewall", ("logConfig",), None),
    ("access_logs", "IAMAuditConfig", ("auditLogConfigs", 1, "logType"), "ADMIN_READ"),
    ("access_logs", "BackendService", ("logConfig", "enable"), False),
    ("access_logs", "BackendService", ("logConfig", "sampleRate"), 0.1),
    ("deletion_protection", "Cluster", ("deletionProtection",), False),
    ("deletion_protection", "CryptoKey", ("destroyScheduledDuration",), "86400s"),
    ("deletion_protection", "Bucket", ("forceDestroy",), True),
    ("backups_locked", "Bucket", ("retentionPolicy", "isLocked"), False),
    ("backups_locked", "Bucket", ("retentionPolicy", "retentionPeriod"), "86400"),
    ("backups_locked", "Bucket", ("versioning",), {"enabled": True}),
    ("backups_locked", "Bucket", ("softDeletePolicy", "retentionDurationSeconds"), 0),
    ("backups_locked", "Bucket", ("publicAccessPrevention",), "inherited"),
    ("backups_copied", "TransferJob", ("transferSpec", "transferOptions", "overwriteWhen"), "ALWAYS"),
    ("backups_copied", "TransferJob", ("schedule", "repeatInterval"), "86400s"),
    ("backups_copied", "Bucket", ("location",), "EUROPE-WEST4"),
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
    ("readiness_for_all", "SecurityPolicy", ("rules", 9, "match", "expr", "expression"), "request.path == '/ready'"),
    ("readiness_for_all", "SecurityPolicy", ("rules", 9, "action"), "deny(403)"),
    ("readiness_for_all", "SecurityPolicy", ("rules", 9, "action"), "allow"),
    ("signed_names", "ManagedZone", ("dnssecConfig", "state"), "off"),
    ("signed_names", "ManagedZone", ("cloudLoggingConfig", "enableLogging"), False),
    ("pools_scale", "NodePool", ("autoscaling",), None),
    ("pools_scale", "NodePool", ("autoscaling", "totalMaxNodeCount"), 0),
    ("secrets_encrypted", "Cluster", ("databaseEncryption", "state"), "DECRYPTED"),
    ("budget", "Budget", ("thresholdRules", 2, "spendBasis"), "CURRENT_SPEND"),
    ("budget", "Budget", ("allUpdatesRule", "monitoringNotificationChannels"), []),
)


@cache
def declared() -> Sequence[Recorded]:
    """The compliant site."""
    return posture.declared("gcp")


@pytest.mark.parametrize(("facet", "kind", "path", "value"), BREAKS)
def test_a_facet_sees_one_thing_that_is_broken(facet: str, kind: str, path: tuple[str | int, ...], value: Any) -> None:
    assert FACETS[facet](posture.broken(declared(), kind, path, value)) != []


@pytest.mark.parametrize(
    ("facet", "kind"),
    [
        ("audit_log", "ProjectSink"),
        ("flow_log", "ProjectSink"),
        ("backups_copied", "TransferJob"),
        ("workload_identity", "IAMMember"),
        ("immutable_images", "Service"),
        ("tls_edge", "TargetHttpsProxy"),
        ("budget", "Budget"),
    ],
)
def test_a_facet_misses_what_is_not_there(facet: str, kind: str) -> None:
    assert FACETS[facet](posture.without(declared(), kind)) != []


def test_an_allow_list_of_everybody_leaves_no_private_api() -> None:
    opened = posture.broken(declared(), "Cluster", ("privateClusterConfig", "enablePrivateEndpoint"), False)
    blocks = [{"cidrBlock": "0.0.0.0/0"}]
    found = posture.broken(opened, "Cluster", ("masterAuthorizedNetworksConfig", "cidrBlocks"), blocks)
    assert FACETS["private_api"](found) != []


def test_an_allow_list_of_somebody_leaves_the_api_private() -> None:
    opened = posture.broken(declared(), "Cluster", ("privateClusterConfig", "enablePrivateEndpoint"), False)
    blocks = [{"cidrBlock": "198.51.100.0/24"}]
    found = posture.broken(opened, "Cluster", ("masterAuthorizedNetworksConfig", "cidrBlocks"), blocks)
    assert FACETS["private_api"](found) == []
