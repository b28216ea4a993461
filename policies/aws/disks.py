"""Disks, snapshots and images, and what the account does where nobody says anything."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.relations import about
from policies.checks import both, exists, must_be, must_be_set, must_not_be
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


def _is_backed_up(files: Resource, stack: Stack) -> Iterator[str]:
    policies = about(files, stack, (FILE_BACKUP,), "fileSystemId")
    if not exists(policies, lambda one: (one.props.get("backupPolicy") or {}).get("status") == "ENABLED"):
        yield "encrypted: no backup policy is about this file system"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-ebs-volume-require-encryption",
        types=(VOLUME, SNAPSHOT_COPY),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever gets hold of a disk or its snapshot reads the data.",
        remedy="Set encrypted: true.",
        reference=_DISKS + "ebs-encryption.html",
        check=must_be("encrypted", True),
    ),
    Rule(
        id="aws-ebs-account-require-default-encryption",
        types=(ENCRYPTION_BY_DEFAULT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Disks that a cluster or a person makes without saying anything are readable.",
        remedy="Set enabled: true, or leave it out.",
        reference=_DISKS + "encryption-by-default.html",
        check=must_not_be("enabled", False),
    ),
    Rule(
        id="aws-ebs-account-deny-public-snapshots",
        types=(SNAPSHOT_BLOCK,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="A snapshot that is shared with everybody by mistake is copied before anybody notices.",
        remedy="Set state: block-all-sharing.",
        reference=_DISKS + "block-public-access-snapshots.html",
        check=must_be("state", "block-all-sharing"),
    ),
    Rule(
        id="aws-ec2-image-deny-public",
        types=(IMAGE_PERMISSION,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="An image that everybody may launch gives everybody what is on its disk.",
        remedy="Name the accounts or the organisation that may launch it.",
        reference="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html",
        check=must_not_be("group", "all"),
    ),
    Rule(
        id="aws-efs-filesystem-require-encryption",
        types=(FILE_SYSTEM,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A file system cannot be encrypted once it is made.",
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
        why="Files that are deleted or encrypted by somebody else are gone.",
        remedy="Add a BackupPolicy with status ENABLED, or name the file system in a backup selection.",
        reference=_FILES + "awsbackup.html",
        check=_is_backed_up,
    ),
    Rule(
        id="aws-efs-accesspoint-require-identity",
        types=(ACCESS_POINT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a user and a folder of its own a client reads every file as whoever it says it is.",
        remedy="Set posixUser, and a rootDirectory.path below the root.",
        reference=_FILES + "efs-access-points.html",
        check=both(must_be_set("posixUser"), must_be_set("rootDirectory.path"), must_not_be("rootDirectory.path", "/")),
    ),
)
