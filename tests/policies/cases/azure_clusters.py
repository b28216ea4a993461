"""Cases of ``policies.azure.clusters``."""

from __future__ import annotations

from typing import Any

from policies.azure.clusters import RULES
from tests.policies import tables
from tests.policies.azure.fixtures import CLUSTER
from tests.policies.contract import REMOVED, Case

_make = tables.of(RULES)


def _case(rule: str, path: str, broken_value: Any, **fields: Any) -> Case:
    return _make(f"azure-aks-cluster-{rule}", CLUSTER, path, broken_value, **fields)


_KMS = "securityProfile.azureKeyVaultKms"

CASES = [
    _case("deny-open-api", "apiServerAccessProfile.authorizedIPRanges[0]", "0.0.0.0/0",
          absent_path="apiServerAccessProfile.authorizedIPRanges"),
    _case("require-network-integration", "apiServerAccessProfile.enableVnetIntegration", False),
    _case("deny-run-command", "apiServerAccessProfile.disableRunCommand", False),
    _case("require-roles", "enableRBAC", False),
    _case("require-directory", "aadProfile.managed", False),
    _case("require-directory", "aadProfile.enableAzureRBAC", False),
    _case("deny-local-accounts", "disableLocalAccounts", False),
    _case("deny-service-principal", "servicePrincipalProfile.secret", "hidden", absent_path="identity"),
    _case("deny-service-principal", "identity.type", "None"),
    _case("require-workload-identity", "oidcIssuerProfile.enabled", False),
    _case("require-workload-identity", "securityProfile.workloadIdentity.enabled", False),
    _case("require-network-policy", "networkProfile.networkPolicy", "none"),
    _case("limit-egress", "networkProfile.outboundType", "loadBalancer"),
    _case("require-secrets-encryption", f"{_KMS}.enabled", False),
    _case("require-secrets-encryption", f"{_KMS}.keyVaultNetworkAccess", "Public"),
    _case("require-defender", "securityProfile.defender.securityMonitoring.enabled", False),
    _case("require-policy-addon", "addonProfiles.azurepolicy.enabled", False),
    _case("require-disk-encryption", "diskEncryptionSetID", REMOVED),
]  # fmt: skip
