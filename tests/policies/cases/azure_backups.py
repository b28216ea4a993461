"""Cases of ``policies.azure.backups``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.azure.backups import BLOBS, IMMUTABILITY, REPLICATION, RULES
from policies.azure.references import LOCKS
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.azure import fixtures
from tests.policies.contract import Case

_make = tables.of(RULES)
_LOCK = {"scope": "/subscriptions/s/storageAccounts/pouwbackups", "level": "CanNotDelete"}
_IMMUTABLE = {"containerName": "backups", "immutabilityPeriodSinceCreationInDays": 35}
_COPY = {"sourceAccount": "/subscriptions/s/storageAccounts/pouwbackups", "destinationAccount": "pouwother"}
_SOFT = {"securitySettings": {"softDeleteSettings": {"softDeleteState": "Enabled"}}}
_FIXED = {"securitySettings": {"immutabilitySettings": {"state": "Locked"}}}


def _beside(
    rule: str, subject: Mapping[str, Any], kind: str, props: Mapping[str, Any], path: str, broken_value: Any
) -> Case:
    """Return a case of a resource with a broken related one."""
    related = Declaration(type=kind, name="about", props=props)
    return _make(rule, subject, path, broken_value, related=(related,), broken_related="about")


_VERSIONS = "azure-backup-account-require-versions"
_LOCKED = "azure-backup-account-require-lock"

CASES = [
    _beside(_VERSIONS, fixtures.ACCOUNT, BLOBS, fixtures.BLOBS, "isVersioningEnabled", False),
    _beside(_VERSIONS, fixtures.ACCOUNT, BLOBS, fixtures.BLOBS, "accountName", "other"),
    _beside("azure-backup-container-require-immutability", fixtures.CONTAINER, IMMUTABILITY, _IMMUTABLE,
            "immutabilityPeriodSinceCreationInDays", 0),
    _beside(_LOCKED, fixtures.ACCOUNT, LOCKS[0], _LOCK, "level", "NotSpecified"),
    _beside(_LOCKED, fixtures.ACCOUNT, LOCKS[0], _LOCK, "scope", "/subscriptions/s/storageAccounts/other"),
    _beside("azure-backup-account-require-copy", fixtures.ACCOUNT, REPLICATION, _COPY, "sourceAccount", "other"),
    _make("azure-backup-blobs-require-softdelete", fixtures.BLOBS, "deleteRetentionPolicy.enabled", False),
    _make("azure-backup-blobs-require-softdelete", fixtures.BLOBS, "deleteRetentionPolicy.days", 1),
    _make("azure-backup-containers-require-softdelete", fixtures.BLOBS, "containerDeleteRetentionPolicy.enabled",
          False),
    _make("azure-backup-shares-require-softdelete", fixtures.FILES, "shareDeleteRetentionPolicy.enabled", False),
    _make("azure-storage-shares-match-protocol", fixtures.FILES, "protocolSettings.smb.versions", "SMB2.1;SMB3.1.1"),
    _make("azure-storage-shares-match-protocol", fixtures.FILES, "protocolSettings.smb.channelEncryption",
          "AES-128-CCM"),
    _make("azure-backup-vault-require-softdelete", {"properties": _SOFT},
          "properties.securitySettings.softDeleteSettings.softDeleteState", "Disabled"),
    _make("azure-backup-backupvault-require-immutability", {"properties": _FIXED},
          "properties.securitySettings.immutabilitySettings.state", "Disabled"),
]  # fmt: skip
