"""Rules about backups: versions, immutability, soft delete, locks and copies in other regions."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.references import LOCKS, is_durable, must_have, only_if, referrers
from policies.azure.storage import ACCOUNT, CONTAINER
from policies.checks import all_of, find, format_value, may_be, must_be, must_be_at_least
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

BLOBS = "azure-native:storage:BlobServiceProperties"
FILES = "azure-native:storage:FileServiceProperties"
IMMUTABILITY = "azure-native:storage:BlobContainerImmutabilityPolicy"
REPLICATION = "azure-native:storage:ObjectReplicationPolicy"
VAULT = "azure-native:recoveryservices:Vault"
BACKUP_VAULT = "azure-native:dataprotection:BackupVault"

_MINIMUM_DAYS = 7
_GUIDE = "https://learn.microsoft.com/en-us/azure/storage/blobs/"
_BACKUP = "https://learn.microsoft.com/en-us/azure/backup/"
_is_durable = is_durable("accountName")


def _check_copy(account: Resource, stack: Stack) -> Iterator[str]:
    if "GRS" in account.props["sku"]["name"] or "GZRS" in account.props["sku"]["name"]:
        return
    policies = (REPLICATION,)
    if not any(
        referrers(account, stack, policies, end, by="accountName") for end in ("sourceAccount", "destinationAccount")
    ):
        yield (
            "accountName: the account is not copied to another region; got no ObjectReplicationPolicy; expected one, "
            "or a GRS kind"
        )


def _is_immutable(props: Props) -> bool:
    return float(props.get("immutabilityPeriodSinceCreationInDays") or 0) >= 1


def _check_smb_protocol(props: Props) -> Iterator[str]:
    for name, required in (("versions", "SMB3.1.1"), ("channelEncryption", "AES-256-GCM")):
        for path, text in find(props, f"protocolSettings.smb.{name}"):
            # A missing value allows every version that the service supports.
            if not isinstance(text, str) or {entry for entry in text.split(";") if entry} != {required}:
                yield f"{path}: an old protocol is accepted; got {format_value(text)}; expected only {required}"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="azure-backup-account-require-versions",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without versions, overwritten data cannot be restored.",
        remedy=(
            "Add a BlobServiceProperties with isVersioningEnabled: true. The rule applies to accounts named backup, "
            "evidence or audit."
        ),
        reference=_GUIDE + "versioning-overview",
        check=only_if(
            _is_durable,
            must_have(
                (BLOBS,),
                "accountName",
                "versioning is off; got no BlobServiceProperties with isVersioningEnabled; expected one",
                by="accountName",
                holds=lambda props: props.get("isVersioningEnabled") is True,
            ),
        ),
    ),
    StackRule(
        id="azure-backup-container-require-immutability",
        types=(CONTAINER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="An attacker who takes over the subscription can delete the backups.",
        remedy="Add a BlobContainerImmutabilityPolicy. The rule applies to containers named backup, evidence or audit.",
        reference=_GUIDE + "immutable-storage-overview",
        check=only_if(
            is_durable("containerName"),
            must_have(
                (IMMUTABILITY,),
                "containerName",
                "blobs can be changed and deleted; got no BlobContainerImmutabilityPolicy; expected one",
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
        why=(
            "One API call can delete the account and all its backups. Stacks outside production are meant to be "
            "deleted."
        ),
        remedy="Add a ManagementLockByScope with level: CanNotDelete.",
        reference="https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/lock-resources",
        check=only_if(
            _is_durable,
            must_have(
                LOCKS,
                "scope",
                "the account can be deleted; got no lock; expected a ManagementLockByScope",
                by="accountName",
                holds=lambda props: props.get("level") in ("CanNotDelete", "ReadOnly"),
            ),
        ),
    ),
    StackRule(
        id="azure-backup-account-require-copy",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A failure of the region destroys the backups together with the data.",
        remedy="Add an ObjectReplicationPolicy to an account in another region, or set sku.name to a GRS kind.",
        reference=_GUIDE + "object-replication-overview",
        check=only_if(_is_durable, _check_copy),
    ),
    Rule(
        id="azure-backup-blobs-require-softdelete",
        types=(BLOBS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A blob deleted by mistake is lost immediately.",
        remedy="Set deleteRetentionPolicy.enabled: true, and deleteRetentionPolicy.days to at least 7.",
        reference=_GUIDE + "soft-delete-blob-overview",
        check=all_of(
            must_be("deleteRetentionPolicy.enabled", True),
            must_be_at_least("deleteRetentionPolicy.days", _MINIMUM_DAYS),
        ),
    ),
    Rule(
        id="azure-backup-containers-require-softdelete",
        types=(BLOBS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A container deleted by mistake is lost with every version of its blobs.",
        remedy=(
            "Set containerDeleteRetentionPolicy.enabled: true, and containerDeleteRetentionPolicy.days to at least 7."
        ),
        reference=_GUIDE + "soft-delete-container-overview",
        check=all_of(
            must_be("containerDeleteRetentionPolicy.enabled", True),
            must_be_at_least("containerDeleteRetentionPolicy.days", _MINIMUM_DAYS),
        ),
    ),
    Rule(
        id="azure-backup-shares-require-softdelete",
        types=(FILES,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A file share deleted by mistake is lost immediately.",
        remedy="Set shareDeleteRetentionPolicy.enabled: true, and shareDeleteRetentionPolicy.days to at least 7.",
        reference="https://learn.microsoft.com/en-us/azure/storage/files/storage-files-prevent-file-share-deletion",
        check=all_of(
            must_be("shareDeleteRetentionPolicy.enabled", True),
            must_be_at_least("shareDeleteRetentionPolicy.days", _MINIMUM_DAYS),
        ),
    ),
    Rule(
        id="azure-storage-shares-match-protocol",
        types=(FILES,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Old SMB versions can be downgraded to weak encryption or none.",
        remedy="Set protocolSettings.smb.versions: SMB3.1.1, and channelEncryption: AES-256-GCM.",
        reference="https://learn.microsoft.com/en-us/azure/storage/files/files-smb-protocol",
        check=_check_smb_protocol,
    ),
    Rule(
        id="azure-backup-vault-require-softdelete",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Backups that an intruder deletes are lost before the intrusion is noticed.",
        remedy="Set properties.securitySettings.softDeleteSettings.softDeleteState: Enabled or AlwaysON.",
        reference=_BACKUP + "secure-by-default",
        check=may_be("properties.securitySettings.softDeleteSettings.softDeleteState", "Enabled", "AlwaysON"),
    ),
    Rule(
        id="azure-backup-backupvault-require-immutability",
        types=(BACKUP_VAULT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An attacker with access to the vault can shorten the retention until the backups expire.",
        remedy="Set properties.securitySettings.immutabilitySettings.state: Locked or Unlocked.",
        reference=_BACKUP + "backup-azure-immutable-vault-concept",
        check=must_be("properties.securitySettings.immutabilitySettings.state", "Locked", "Unlocked"),
    ),
)
