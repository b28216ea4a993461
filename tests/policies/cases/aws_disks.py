"""Cases of ``policies.aws.disks``."""

from __future__ import annotations

from policies.aws.disks import FILE_BACKUP, RULES, SNAPSHOT_COPY
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)
_ENCRYPTED = {"encrypted": True}
_BACKUP = Declaration(
    type=FILE_BACKUP,
    name="backup",
    props={"backupPolicy": {"status": "ENABLED"}},
    references={"fileSystemId": ["subject"]},
)
_DOOR = {"posixUser": {"uid": 1000, "gid": 1000}, "rootDirectory": {"path": "/chain"}}
_IDENTITY = "aws-efs-accesspoint-require-identity"

CASES = [
    _case("aws-ebs-volume-require-encryption", _ENCRYPTED, "encrypted", False),
    _case("aws-ebs-volume-require-encryption", _ENCRYPTED, "encrypted", False, type=SNAPSHOT_COPY),
    _case("aws-ebs-account-require-default-encryption", {"enabled": True}, "enabled", False),
    _case("aws-ebs-account-deny-public-snapshots", {"state": "block-all-sharing"}, "state", "unblocked"),
    _case("aws-ec2-image-deny-public", {"group": ""}, "group", "all"),
    _case("aws-efs-filesystem-require-encryption", _ENCRYPTED, "encrypted", False),
    _case("aws-efs-filesystem-require-backup", _ENCRYPTED, "backupPolicy.status", "DISABLED", related=(_BACKUP,),
          broken_related="backup"),
    _case(_IDENTITY, _DOOR, "rootDirectory.path", "/"),
    _case(_IDENTITY, _DOOR, "posixUser", {}),
]  # fmt: skip
