"""Rules about EBS volumes and snapshots, machine images and EFS file systems."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.references import referrers
from policies.checks import all_of, exists, must_be, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Rule, Severity, StackRule
from policies.stack import Resource, Stack

VOLUME = "aws:ebs/volume:Volume"
SNAPSHOT_COPY = "aws:ebs/snapshotCopy:SnapshotCopy"
ENCRYPTION_BY_DEFAULT = "aws:ebs/encryptionByDefault:EncryptionByDefault"
SNAPSHOT_BLOCK = "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess"
IMAGE_PERMISSION = "aws:ec2/amiLaunchPermission:AmiLaunchPermission"
FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
FILE_BACKUP = "aws:efs/backupPolicy:BackupPolicy"
ACCESS_POINT = "aws:efs/accessPoint:AccessPoint"

_DISKS = "https://docs.aws.amazon.com/ebs/latest/userguide/"
_FILES = "https://docs.aws.amazon.com/efs/latest/ug/"


def _check_backup(file_system: Resource, stack: Stack) -> Iterator[str]:
    policies = referrers(file_system, stack, (FILE_BACKUP,), "fileSystemId")
    if not exists(policies, lambda resource: (resource.props.get("backupPolicy") or {}).get("status") == "ENABLED"):
        yield "encrypted: the file system is not backed up; got no enabled BackupPolicy; expected one"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-ebs-volume-require-encryption",
        types=(VOLUME, SNAPSHOT_COPY),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anyone with access to the disk or its snapshot can read the data.",
        remedy="Set encrypted: true.",
        reference=_DISKS + "ebs-encryption.html",
        check=must_be("encrypted", True),
    ),
    Rule(
        id="aws-ebs-account-require-default-encryption",
        types=(ENCRYPTION_BY_DEFAULT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Disks that a cluster or user creates without an explicit setting are unencrypted.",
        remedy="Set enabled: true, or remove it.",
        reference=_DISKS + "encryption-by-default.html",
        check=must_not_be("enabled", False),
    ),
    Rule(
        id="aws-ebs-account-deny-public-snapshots",
        types=(SNAPSHOT_BLOCK,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="A snapshot shared publicly by mistake can be copied before the mistake is noticed.",
        remedy="Set state: block-all-sharing.",
        reference=_DISKS + "block-public-access-snapshots.html",
        check=must_be("state", "block-all-sharing"),
    ),
    Rule(
        id="aws-ec2-image-deny-public",
        types=(IMAGE_PERMISSION,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Anyone can launch a public image and read its disk.",
        remedy="Replace group by the accountId or organizationArn that may launch the image.",
        reference="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html",
        check=must_not_be("group", "all"),
    ),
    Rule(
        id="aws-efs-filesystem-require-encryption",
        types=(FILE_SYSTEM,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anyone with access to the storage can read the files. Encryption cannot be enabled later.",
        remedy="Set encrypted: true.",
        reference=_FILES + "encryption-at-rest.html",
        check=must_be("encrypted", True),
    ),
    StackRule(
        id="aws-efs-filesystem-require-backup",
        types=(FILE_SYSTEM,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without a backup, deleted or maliciously encrypted files cannot be restored.",
        remedy="Add a BackupPolicy with status: ENABLED.",
        reference=_FILES + "awsbackup.html",
        check=_check_backup,
    ),
    Rule(
        id="aws-efs-accesspoint-require-identity",
        types=(ACCESS_POINT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without an enforced user and directory, a client can claim any user id and read all files.",
        remedy="Set posixUser, and a rootDirectory.path below the root.",
        reference=_FILES + "efs-access-points.html",
        check=all_of(
            must_be_set("posixUser"), must_be_set("rootDirectory.path"), must_not_be("rootDirectory.path", "/")
        ),
    ),
)
