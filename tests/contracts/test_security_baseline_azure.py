"""Violations of the security baseline on Azure: each is one change to a compliant site."""

from __future__ import annotations

import pytest

from tests.contracts import security_baseline
from tests.contracts.security_baseline import Change

ACCESS = "apiServerAccessProfile"
KMS = ("securityProfile", "azureKeyVaultKms")
OWNER = "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CHANGES: tuple[Change, ...] = (
    ("customer_managed_keys", "StorageAccount", ("encryption", "keySource"), "Microsoft.Storage"),
    ("customer_managed_keys", "Registry", ("encryption", "status"), "disabled"),
    ("customer_managed_keys", "DiskEncryptionSet", ("rotationToLatestKeyVersionEnabled",), False),
    ("customer_managed_keys", "ManagedCluster", ("diskEncryptionSetID",), None),
    ("customer_managed_keys", "ManagedCluster", ("agentPoolProfiles", 0, "enableEncryptionAtHost"), False),
    ("customer_managed_keys", "AgentPool", ("enableEncryptionAtHost",), False),
    (
        "customer_managed_keys",
        "Key",
        ("properties", "rotationPolicy", "lifetimeActions", 0, "action", "type"),
        "notify",
    ),
    ("customer_managed_keys", "Vault", ("properties", "enablePurgeProtection"), False),
    ("private_nodes", "AgentPool", ("enableNodePublicIP",), True),
    ("private_nodes", "AgentPool", ("securityProfile", "sshAccess"), "LocalUser"),
    ("private_nodes", "ManagedCluster", ("networkProfile", "outboundType"), "loadBalancer"),
    ("private_nodes", "VirtualNetwork", ("subnets", 0, "defaultOutboundAccess"), True),
    ("private_nodes", "VirtualNetwork", ("subnets", 1), {"name": "nodes-2", "defaultOutboundAccess": False}),
    ("private_nodes", "NetworkSecurityGroup", ("securityRules", 0, "destinationPortRange"), "22"),
    ("private_api", "ManagedCluster", (ACCESS, "enablePrivateCluster"), False),
    ("private_api", "ManagedCluster", (ACCESS, "disableRunCommand"), False),
    ("private_api", "ManagedCluster", ("disableLocalAccounts",), False),
    ("audit_logs", "Workspace", ("retentionInDays",), 30),
    ("audit_logs", "DiagnosticSetting", ("workspaceId",), None),
    ("flow_logs", "FlowLog", ("enabled",), False),
    ("flow_logs", "FlowLog", ("retentionPolicy", "days"), 7),
    ("access_logs", "DiagnosticSetting backups-audit", ("logs", 0, "categoryGroup"), "other"),
    ("access_logs", "DiagnosticSetting backups-copy-audit", ("logs", 0, "enabled"), False),
    ("access_logs", "DiagnosticSetting access-log", ("logs", 0, "category"), "FrontDoorHealthProbeLog"),
    ("deletion_protection", "Vault", ("properties", "softDeleteRetentionInDays"), 7),
    ("deletion_protection", "ManagementLockByScope", ("level",), "NotSpecified"),
    ("immutable_backups", "BlobContainerImmutabilityPolicy", ("immutabilityPeriodSinceCreationInDays",), 1),
    ("immutable_backups", "BlobContainerImmutabilityPolicy", ("allowProtectedAppendWrites",), True),
    ("immutable_backups", "BlobServiceProperties", ("isVersioningEnabled",), False),
    ("immutable_backups", "BlobContainer", ("publicAccess",), "Blob"),
    ("replicated_backups", "BlobServiceProperties", ("changeFeed", "enabled"), False),
    ("replicated_backups", "ObjectReplicationPolicy", ("destinationAccount",), "another"),
    ("least_privilege", "RoleAssignment", ("roleDefinitionId",), OWNER),
    ("least_privilege", "RoleAssignment", ("scope",), "/subscriptions/x"),
    ("least_privilege", "RoleDefinition", ("permissions", 0, "actions"), ["*"]),
    ("named_administrators", "ManagedCluster", ("disableLocalAccounts",), False),
    ("named_administrators", "ManagedCluster", ("aadProfile", "enableAzureRBAC"), False),
    ("named_administrators", "ManagedCluster", ("aadProfile", "adminGroupObjectIDs"), ["a-group"]),
    ("workload_identity", "ManagedCluster", ("oidcIssuerProfile", "enabled"), False),
    ("workload_identity", "FederatedIdentityCredential", ("subject",), "system:serviceaccount:pouw-system:other"),
    ("workload_identity", "StorageAccount", ("allowSharedKeyAccess",), True),
    ("immutable_images", "Registry", ("adminUserEnabled",), True),
    ("immutable_images", "Registry", ("policies", "retentionPolicy", "status"), "disabled"),
    ("tls_edge", "Route", ("supportedProtocols",), ["Http", "Https"]),
    ("tls_edge", "AFDCustomDomain", ("tlsSettings", "minimumTlsVersion"), "TLS10"),
    ("tls_edge", "AFDOrigin", ("sharedPrivateLinkResource",), None),
    ("tls_edge", "Policy", ("policySettings", "mode"), "Detection"),
    ("tls_edge", "Policy", ("customRules", "rules"), []),
    ("tls_edge", "SecurityPolicy", ("parameters", "associations", 0, "domains"), []),
    ("public_readiness", "Policy", ("customRules", "rules", 0, "matchConditions", 1, "matchValue"), ["^/x$"]),
    ("public_readiness", "Policy", ("customRules", "rules", 1, "matchConditions", 1, "matchValue"), ["POST"]),
    ("public_readiness", "Policy", ("customRules", "rules", 2, "ruleType"), "MatchRule"),
    ("node_autoscaling", "AgentPool", ("enableAutoScaling",), False),
    ("node_autoscaling", "AgentPool", ("maxCount",), 0),
    ("encrypted_secrets", "ManagedCluster", (*KMS, "enabled"), False),
    ("encrypted_secrets", "ManagedCluster", (*KMS, "keyVaultNetworkAccess"), "Public"),
    ("budget", "Budget", ("notifications", "forecast100", "thresholdType"), "Actual"),
    ("budget", "Budget", ("filter", "dimensions", "values"), []),
    ("audit_logs", "DiagnosticSetting cluster-audit", ("logs", 0, "enabled"), False),
    ("audit_logs", "DiagnosticSetting backups-audit", ("storageAccountId",), None),
    ("immutable_backups", "StorageAccount backups-account", ("publicNetworkAccess",), "Enabled"),
    ("immutable_backups", "StorageAccount backups-account", ("allowSharedKeyAccess",), True),
    ("replicated_backups", "StorageAccount backups-copy-account", ("location",), "westeurope"),
    ("immutable_images", "RoleAssignment identity-pull", ("roleDefinitionId",), OWNER),
    ("encrypted_secrets", "Vault dr-keys-vault", ("properties", "publicNetworkAccess"), "Enabled"),
)
"""Changes, each of which violates a requirement."""
MISSING: tuple[tuple[str, str], ...] = (
    ("audit_logs", "DiagnosticSetting"),
    ("audit_logs", "ManagementPolicy"),
    ("deletion_protection", "ManagementLockByScope"),
    ("immutable_backups", "BlobContainerImmutabilityPolicy"),
    ("replicated_backups", "ObjectReplicationPolicy"),
    ("workload_identity", "FederatedIdentityCredential"),
    ("immutable_images", "ManagementLockByScope"),
    ("tls_edge", "SecurityPolicy"),
    ("dnssec", "DnssecConfig"),
)
"""Kinds of resources without which a requirement is not met."""


@pytest.mark.parametrize("requirement", sorted({name for name, *_ in (*CHANGES, *MISSING)}))
def test_every_violation_of_a_requirement_is_detected(requirement: str) -> None:
    variants = [
        *security_baseline.changed_sites("azure", requirement, CHANGES),
        *security_baseline.reduced_sites("azure", requirement, MISSING),
    ]
    assert security_baseline.undetected("azure", requirement, variants) == []


def test_an_allow_list_keeps_the_api_private_unless_it_holds_every_address() -> None:
    public = security_baseline.with_change(
        security_baseline.production_site("azure"), "ManagedCluster", (ACCESS, "enablePrivateCluster"), False
    )
    restricted = security_baseline.with_change(
        public, "ManagedCluster", (ACCESS, "authorizedIPRanges"), ["198.51.100.0/24"]
    )
    assert security_baseline.checks("azure")["private_api"](restricted) == []
    public = security_baseline.with_change(public, "ManagedCluster", (ACCESS, "authorizedIPRanges"), ["0.0.0.0/0"])
    assert security_baseline.checks("azure")["private_api"](public) != []
