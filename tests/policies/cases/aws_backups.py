"""Cases of ``policies.aws.backups``."""

from __future__ import annotations

from policies.aws.backups import LOCK, RULES, SELECTION
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_COPY = {"destinationVaultArn": "arn:aws:backup:eu-central-1:123456789012:backup-vault:pouw"}
_PLAN = {
    "rules": [
        {"ruleName": "hourly", "lifecycle": {"deleteAfter": 7}},
        {"ruleName": "daily", "lifecycle": {"deleteAfter": 35}, "copyActions": [_COPY]},
    ]
}
_VAULT = {"name": "pouw"}
_LOCK = {"backupVaultName": "pouw", "minRetentionDays": 7, "changeableForDays": 3}
_LOCKED = Declaration(type=LOCK, name="lock", props=_LOCK)
_SELECTED = Declaration(
    type=SELECTION, name="disks", props={"resources": ["arn:aws:ec2:*:*:volume/*"]}, references={"planId": ["subject"]}
)
_FORCED = "aws-backup-store-deny-forced-deletion"

CASES = [
    _case(
        "aws-backup-vault-require-lock", _VAULT, "backupVaultName", "other", related=(_LOCKED,), broken_related="lock"
    ),
    _case("aws-backup-lock-require-retention", _LOCK, "minRetentionDays", 1),
    _case("aws-backup-lock-require-finality", _LOCK, "changeableForDays", REMOVED),
    _case("aws-backup-plan-require-copy", _PLAN, "rules[1].copyActions", []),
    _case("aws-backup-plan-require-retention", _PLAN, "rules[1].lifecycle.deleteAfter", 14),
    _case("aws-backup-plan-require-selection", _PLAN, "resources", [], related=(_SELECTED,), broken_related="disks"),
    _case(_FORCED, {"forceDestroy": False}, "forceDestroy", True),
    _case(_FORCED, {"forceDelete": False}, "forceDelete", True, type="aws:ecr/repository:Repository"),
]
