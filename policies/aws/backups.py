"""Backups on AWS: that something is backed up, kept, out of reach of whoever takes over, and elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.relations import about, must_have
from policies.checks import MISSING, find, must_be_at_least, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"

_GUIDE = "https://docs.aws.amazon.com/aws-backup/latest/devguide/"
_LEAST_DAYS = 7
_LONGEST_AT_LEAST_DAYS = 30
_KEPT = ("aws:s3/bucket:Bucket", "aws:ecr/repository:Repository", "aws:route53/zone:Zone", VAULT)


def _selects_something(plan: Resource, stack: Stack) -> Iterator[str]:
    selections = about(plan, stack, (SELECTION,), "planId")
    # Which resources they are may not be known yet; that there are some is.
    if not any(one.props.get(name) for one in selections for name in ("resources", "selectionTags", "conditions")):
        yield "rules: no selection says what is backed up"


def _copies(props: Props) -> Iterator[str]:
    if not any(rule is not MISSING and rule.get("copyActions") for _, rule in find(props, "rules[*]")):
        yield "rules: none copies to another vault"


def _keeps_long(props: Props) -> Iterator[str]:
    days = [kept for _, kept in find(props, "rules[*].lifecycle.deleteAfter")]
    if MISSING not in days and max(days) < _LONGEST_AT_LEAST_DAYS:
        yield f"rules: the longest keeps for {max(days):g} days, and must for at least {_LONGEST_AT_LEAST_DAYS}"


def _is_emptied(props: Props) -> Iterator[str]:
    for name in ("forceDestroy", "forceDelete"):
        yield from must_not_be(name, True)(props)


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="aws-backup-vault-require-lock",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever takes over the account deletes the backups before anything else.",
        remedy="Add a VaultLockConfiguration.",
        reference=_GUIDE + "vault-lock.html",
        check=must_have((LOCK,), "backupVaultName", "lock", by="name"),
    ),
    Rule(
        id="aws-backup-lock-require-retention",
        types=(LOCK,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A lock without a shortest time lets a backup be made that expires tomorrow.",
        remedy=f"Set minRetentionDays to at least {_LEAST_DAYS}.",
        reference=_GUIDE + "vault-lock.html",
        check=must_be_at_least("minRetentionDays", _LEAST_DAYS),
    ),
    Rule(
        id="aws-backup-lock-require-finality",
        types=(LOCK,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A lock in governance mode is taken off by whoever has the right to.",
        remedy="Set changeableForDays: after so many days nobody takes it off, AWS included.",
        reference=_GUIDE + "vault-lock.html",
        check=must_be_set("changeableForDays"),
    ),
    Rule(
        id="aws-backup-plan-require-copy",
        types=(PLAN,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Backups in the region that they are for are lost with it.",
        remedy="Add copyActions to a vault in another region.",
        reference=_GUIDE + "cross-region-backup.html",
        check=_copies,
    ),
    Rule(
        id="aws-backup-plan-require-retention",
        types=(PLAN,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Damage that is found after three weeks needs a backup that is older.",
        remedy=f"Let one of the rules keep for at least {_LONGEST_AT_LEAST_DAYS} days.",
        reference=_GUIDE + "creating-a-backup-plan.html",
        check=_keeps_long,
    ),
    StackRule(
        id="aws-backup-plan-require-selection",
        types=(PLAN,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A plan that selects nothing runs every night and backs up nothing.",
        remedy="Add a Selection with resources or tags.",
        reference=_GUIDE + "assigning-resources.html",
        check=_selects_something,
    ),
    Rule(
        id="aws-backup-store-deny-forced-deletion",
        types=_KEPT,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        production_only=True,
        why="Taking production down by mistake takes its images, objects and names along; elsewhere that is wanted.",
        remedy="Remove forceDestroy or forceDelete.",
        reference=_GUIDE + "deleting-backups.html",
        check=_is_emptied,
    ),
)
