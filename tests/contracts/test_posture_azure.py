"""Each facet of the posture on Azure sees what is broken: one compliant site, one thing broken a case."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from tests.contracts import posture
from tests.contracts.posture_azure import FACETS
from tests.infra.recorder import Recorded

ACCESS = "apiServerAccessProfile"
KMS = ("securityProfile", "azureKeyVaultKms")
OWNER = "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BREAKS: tuple[tuple[str, str, tuple[str | int, ...], Any], ...] = (
    ("own_key", "StorageAccount", ("encryption", "keySource"), "Microsoft.Storage"),
    ("own_key", "Registry", ("encryption", "status"), "disabled"),
    ("own_key", "DiskEncryptionSet", ("rotationToLatestKeyVersionEnabled",), False),
    ("own_key", "ManagedCluster", ("diskEncryptionSetID",), None),
    ("own_key", "ManagedCluster", ("agentPoolProfiles", 0, "enableEncryptionAtHost"), False),
    ("own_key", "AgentPool", ("enableEncryptionAtHost",), False),
    ("own_key", "Key", ("properties", "rotationPolicy", "lifetimeActions", 0, "action", "type"), "notify"),
    ("own_key", "Vault", ("properties", "enablePurgeProtection"), False),
    ("private_nodes", "AgentPool", ("enableNodePublicIP",), True),
    ("private_nodes", "AgentPool", ("securityProfile", "sshAccess"), "LocalUser"),
    ("private_nodes", "ManagedCluster", ("networkProfile", "outboundType"), "loadBalancer"),
    ("private_nodes", "VirtualNetwork", ("subnets", 0, "defaultOutboundAccess"), True),
    ("private_nodes", "VirtualNetwork", ("subnets", 1), {"name": "nodes-2", "defaultOutboundAccess": False}),
    ("private_nodes", "NetworkSecurityGroup", ("securityRules", 0, "destinationPortRange"), "22"),
    ("private_api", "ManagedCluster", (ACCESS, "enablePrivateCluster"), False),
    ("private_api", "ManagedCluster", (ACCESS, "disableRunCommand"), False),
    ("private_api", "ManagedCluster", ("disableLocalAccounts",), False),
    ("audit_log", "Workspace", ("retentionInDays",), 30),
    ("audit_log", "DiagnosticSetting", ("workspaceId",), None),
    ("flow_log", "FlowLog", ("enabled",), False),
    ("flow_log", "FlowLog", ("retentionPolicy", "days"), 7),
    ("access_logs", "DiagnosticSetting backups-audit", ("logs", 0, "categoryGroup"), "other"),
    ("access_logs", "DiagnosticSetting backups-copy-audit", ("logs", 0, "enabled"), False),
    ("access_logs", "DiagnosticSetting access-log", ("logs", 0, "category"), "FrontDoorHealthProbeLog"),
    ("deletion_protection", "Vault", ("properties", "softDeleteRetentionInDays"), 7),
    ("deletion_protection", "ManagementLockByScope", ("level",), "NotSpecified"),
    ("backups_locked", "BlobContainerImmutabilityPolicy", ("immutabilityPeriodSinceCreationInDays",), 1),
    ("backups_locked", "BlobContainerImmutabilityPolicy", ("allowProtectedAppendWrites",), True),
    ("backups_locked", "BlobServiceProperties", ("isVersioningEnabled",), False),
    ("backups_locked", "BlobContainer", ("publicAccess",), "Blob"),
    ("backups_copied", "BlobServiceProperties", ("changeFeed", "enabled"), False),
    ("backups_copied", "ObjectReplicationPolicy", ("destinationAccount",), "another"),
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
    ("readiness_for_all", "Policy", ("customRules", "rules", 0, "matchConditions", 1, "matchValue"), ["^/x$"]),
    ("readiness_for_all", "Policy", ("customRules", "rules", 1, "matchConditions", 1, "matchValue"), ["POST"]),
    ("readiness_for_all", "Policy", ("customRules", "rules", 2, "ruleType"), "MatchRule"),
    ("pools_scale", "AgentPool", ("enableAutoScaling",), False),
    ("pools_scale", "AgentPool", ("maxCount",), 0),
    ("secrets_encrypted", "ManagedCluster", (*KMS, "enabled"), False),
    ("secrets_encrypted", "ManagedCluster", (*KMS, "keyVaultNetworkAccess"), "Public"),
    ("budget", "Budget", ("notifications", "forecast100", "thresholdType"), "Actual"),
    ("budget", "Budget", ("filter", "dimensions", "values"), []),
)


@cache
def declared() -> Sequence[Recorded]:
    """The compliant site."""
    return posture.declared("azure")


@pytest.mark.parametrize(("facet", "kind", "path", "value"), BREAKS)
def test_a_facet_sees_one_thing_that_is_broken(facet: str, kind: str, path: tuple[str | int, ...], value: Any) -> None:
    assert FACETS[facet](posture.broken(declared(), kind, path, value)) != []


@pytest.mark.parametrize(
    ("facet", "suffix", "path", "value"),
    [
        ("audit_log", "cluster-audit", ("logs", 0, "enabled"), False),
        ("audit_log", "backups-audit", ("storageAccountId",), None),
        ("backups_locked", "backups-account", ("publicNetworkAccess",), "Enabled"),
        ("backups_locked", "backups-account", ("allowSharedKeyAccess",), True),
        ("backups_copied", "backups-copy-account", ("location",), "westeurope"),
        ("immutable_images", "identity-pull", ("roleDefinitionId",), OWNER),
        ("secrets_encrypted", "dr-keys-vault", ("properties", "publicNetworkAccess"), "Enabled"),
    ],
)
def test_a_facet_sees_it_in_the_one_resource_that_matters(
    facet: str, suffix: str, path: tuple[str | int, ...], value: Any
) -> None:
    assert FACETS[facet](posture.replaced(declared(), suffix, path, value)) != []


@pytest.mark.parametrize(
    ("facet", "kind"),
    [
        ("audit_log", "DiagnosticSetting"),
        ("audit_log", "ManagementPolicy"),
        ("deletion_protection", "ManagementLockByScope"),
        ("backups_locked", "BlobContainerImmutabilityPolicy"),
        ("backups_copied", "ObjectReplicationPolicy"),
        ("workload_identity", "FederatedIdentityCredential"),
        ("immutable_images", "ManagementLockByScope"),
        ("tls_edge", "SecurityPolicy"),
        ("signed_names", "DnssecConfig"),
    ],
)
def test_a_facet_misses_what_is_not_there(facet: str, kind: str) -> None:
    assert FACETS[facet](posture.without(declared(), kind)) != []


def test_an_allow_list_of_somebody_leaves_the_api_private_and_one_of_everybody_does_not() -> None:
    public = posture.broken(declared(), "ManagedCluster", (ACCESS, "enablePrivateCluster"), False)
    named = posture.broken(public, "ManagedCluster", (ACCESS, "authorizedIPRanges"), ["198.51.100.0/24"])
    assert FACETS["private_api"](named) == []
    opened = posture.broken(public, "ManagedCluster", (ACCESS, "authorizedIPRanges"), ["0.0.0.0/0"])
    assert FACETS["private_api"](opened) != []
