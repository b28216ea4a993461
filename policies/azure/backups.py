"""What has to outlive a mistake or an intruder: versions, locks against change, time to undo, copies elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.relations import LOCKS, about, keeps, must_have, where
from policies.azure.storage import ACCOUNT, CONTAINER
from policies.checks import both, find, may_be, must_be, must_be_at_least
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

BLOBS = "azure-native:storage:BlobServiceProperties"
FILES = "azure-native:storage:FileServiceProperties"
IMMUTABILITY = "azure-native:storage:BlobContainerImmutabilityPolicy"
REPLICATION = "azure-native:storage:ObjectReplicationPolicy"
VAULT = "azure-native:recoveryservices:Vault"
BACKUP_VAULT = "azure-native:dataprotection:BackupVault"

_LEAST_DAYS = 7
_GUIDE = "https://learn.microsoft.com/en-us/azure/storage/blobs/"
_BACKUP = "https://learn.microsoft.com/en-us/azure/backup/"
_is_kept = keeps("accountName")


def _is_copied(account: Resource, stack: Stack) -> Iterator[str]:
    if "GRS" in account.props["sku"]["name"] or "GZRS" in account.props["sku"]["name"]:
        return
    policies = (REPLICATION,)
    if not any(
        about(account, stack, policies, end, by="accountName") for end in ("sourceAccount", "destinationAccount")
    ):
        yield "accountName: nothing copies it to another region"


def _is_immutable(props: Props) -> bool:
    return float(props.get("immutabilityPeriodSinceCreationInDays") or 0) >= 1


def _speaks_old_dialects(props: Props) -> Iterator[str]:
    for name, wanted in (("versions", "SMB3.1.1"), ("channelEncryption", "AES-256-GCM")):
        for at, text in find(props, f"protocolSettings.smb.{name}"):
            # Left out, it is everything that the service knows.
            if not isinstance(text, str) or {one for one in text.split(";") if one} != {wanted}:
                yield f"{at}: must be {wanted}, and nothing else"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="azure-backup-account-require-versions",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="What is overwritten in an account without versions is gone.",
        remedy="Add a BlobServiceProperties with isVersioningEnabled; it is asked of what is named backup or the like.",
        reference=_GUIDE + "versioning-overview",
        check=where(
            _is_kept,
            must_have(
                (BLOBS,),
                "accountName",
                "it keeps no versions",
                by="accountName",
                holds=lambda one: one.get("isVersioningEnabled") is True,
            ),
        ),
    ),
    StackRule(
        id="azure-backup-container-require-immutability",
        types=(CONTAINER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever takes over the subscription deletes the backups first.",
        remedy="Add a BlobContainerImmutabilityPolicy; it is asked of containers named backup, evidence or audit.",
        reference=_GUIDE + "immutable-storage-overview",
        check=where(
            keeps("containerName"),
            must_have(
                (IMMUTABILITY,),
                "containerName",
                "what is in it can be changed and deleted",
                by="containerName",
                holds=_is_immutable,
            ),
        ),
    ),
    StackRule(
        id="azure-backup-account-require-lock",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        production_only=True,
        why="One call deletes the account with all that was to be kept; elsewhere a stack is meant to be taken down.",
        remedy="Add a ManagementLockByScope with level CanNotDelete.",
        reference="https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/lock-resources",
        check=where(
            _is_kept,
            must_have(
                LOCKS,
                "scope",
                "no lock keeps it from being deleted",
                by="accountName",
                holds=lambda one: one.get("level") in ("CanNotDelete", "ReadOnly"),
            ),
        ),
    ),
    StackRule(
        id="azure-backup-account-require-copy",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Backups in the region that they are for are lost with it.",
        remedy="Add an ObjectReplicationPolicy to an account of another region, or use a kind with GRS.",
        reference=_GUIDE + "object-replication-overview",
        check=where(_is_kept, _is_copied),
    ),
    Rule(
        id="azure-backup-blobs-require-softdelete",
        types=(BLOBS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A blob that was deleted by mistake is gone at once.",
        remedy="Set deleteRetentionPolicy to enabled, with 7 days at least.",
        reference=_GUIDE + "soft-delete-blob-overview",
        check=both(
            must_be("deleteRetentionPolicy.enabled", True), must_be_at_least("deleteRetentionPolicy.days", _LEAST_DAYS)
        ),
    ),
    Rule(
        id="azure-backup-containers-require-softdelete",
        types=(BLOBS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A container that was deleted by mistake takes every version of every blob with it.",
        remedy="Set containerDeleteRetentionPolicy to enabled, with 7 days at least.",
        reference=_GUIDE + "soft-delete-container-overview",
        check=both(
            must_be("containerDeleteRetentionPolicy.enabled", True),
            must_be_at_least("containerDeleteRetentionPolicy.days", _LEAST_DAYS),
        ),
    ),
    Rule(
        id="azure-backup-shares-require-softdelete",
        types=(FILES,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A share that was deleted by mistake is gone at once.",
        remedy="Set shareDeleteRetentionPolicy to enabled, with 7 days at least.",
        reference="https://learn.microsoft.com/en-us/azure/storage/files/storage-files-prevent-file-share-deletion",
        check=both(
            must_be("shareDeleteRetentionPolicy.enabled", True),
            must_be_at_least("shareDeleteRetentionPolicy.days", _LEAST_DAYS),
        ),
    ),
    Rule(
        id="azure-storage-shares-match-protocol",
        types=(FILES,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Old versions of SMB are talked down to no encryption, or to a weak one.",
        remedy="Set protocolSettings.smb.versions: SMB3.1.1 and channelEncryption: AES-256-GCM.",
        reference="https://learn.microsoft.com/en-us/azure/storage/files/files-smb-protocol",
        check=_speaks_old_dialects,
    ),
    Rule(
        id="azure-backup-vault-require-softdelete",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Backups that an intruder deletes are gone before anybody notices.",
        remedy="Set properties.securitySettings.softDeleteSettings.softDeleteState: Enabled or AlwaysON.",
        reference=_BACKUP + "secure-by-default",
        check=may_be("properties.securitySettings.softDeleteSettings.softDeleteState", "Enabled", "AlwaysON"),
    ),
    Rule(
        id="azure-backup-backupvault-require-immutability",
        types=(BACKUP_VAULT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Whoever administers the vault shortens the retention, and waits for the backups to go.",
        remedy="Set properties.securitySettings.immutabilitySettings.state: Locked or Unlocked.",
        reference=_BACKUP + "backup-azure-immutable-vault-concept",
        check=must_be("properties.securitySettings.immutabilitySettings.state", "Locked", "Unlocked"),
    ),
)
