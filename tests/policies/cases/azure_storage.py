"""Cases of ``policies.azure.storage``."""

from __future__ import annotations

from policies.azure.storage import RULES
from tests.policies import tables
from tests.policies.azure.fixtures import ACCOUNT, CONTAINER
from tests.policies.contract import Case

_make = tables.of(RULES)


def _case(rule: str, path: str, broken_value: object) -> Case:
    return _make(f"azure-storage-{rule}", ACCOUNT, path, broken_value)


_OPEN = {**ACCOUNT, "publicNetworkAccess": "Enabled"}

CASES = [
    _case("account-require-https", "enableHttpsTrafficOnly", False),
    _case("account-require-tls12", "minimumTlsVersion", "TLS1_0"),
    _case("account-deny-public-blobs", "allowBlobPublicAccess", True),
    _make("azure-storage-container-deny-public", CONTAINER, "publicAccess", "Blob"),
    _case("account-deny-shared-key", "allowSharedKeyAccess", True),
    _case("account-require-entra-default", "defaultToOAuthAuthentication", False),
    _make("azure-storage-account-deny-open-network", _OPEN, "networkRuleSet.defaultAction", "Allow"),
    _case("account-deny-public-address", "publicNetworkAccess", "Enabled"),
    _case("account-require-own-key", "encryption.keySource", "Microsoft.Storage"),
    _case("account-require-double-encryption", "encryption.requireInfrastructureEncryption", False),
    _case("account-deny-foreign-replication", "allowCrossTenantReplication", True),
    _case("account-deny-local-users", "isSftpEnabled", True),
    _case("account-require-redundancy", "sku.name", "Standard_LRS"),
]
