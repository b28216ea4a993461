"""Rules about AWS Backup: vaults, locks, plans and what they select."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.references import must_have, referrers
from policies.checks import MISSING, find, must_be_at_least, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"

_GUIDE = "https://docs.aws.amazon.com/aws-backup/latest/devguide/"
_MINIMUM_DAYS = 7
_MINIMUM_LONGEST_DAYS = 30
_DURABLE = ("aws:s3/bucket:Bucket", "aws:ecr/repository:Repository", "aws:route53/zone:Zone", VAULT)


def _check_selection(plan: Resource, stack: Stack) -> Iterator[str]:
    selections = referrers(plan, stack, (SELECTION,), "planId")
    # The selected resources may be unknown in a preview; the presence of a selection is known.
    if not any(
        selection.props.get(name) for selection in selections for name in ("resources", "selectionTags", "conditions")
    ):
        yield (
            "rules: the plan selects no resources; got no Selection with resources, tags or conditions; expected at "
            "least one"
        )


def _check_copies(props: Props) -> Iterator[str]:
    if not any(rule is not MISSING and rule.get("copyActions") for _, rule in find(props, "rules[*]")):
        yield (
            "rules: no rule copies backups to another vault; got no copyActions; expected copyActions in at least one "
            "rule"
        )


def _check_longest_retention(props: Props) -> Iterator[str]:
    days = [kept for _, kept in find(props, "rules[*].lifecycle.deleteAfter")]
    if MISSING not in days and max(days) < _MINIMUM_LONGEST_DAYS:
        yield (
            f"rules: every backup expires too early; got a longest deleteAfter of {max(days):g} days; expected at "
            f"least {_MINIMUM_LONGEST_DAYS} days"
        )


def _check_forced_deletion(props: Props) -> Iterator[str]:
    for name in ("forceDestroy", "forceDelete"):
        yield from must_not_be(name, True)(props)


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="aws-backup-vault-require-lock",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="An attacker who takes over the account can delete every backup in an unlocked vault.",
        remedy="Add a VaultLockConfiguration for the vault.",
        reference=_GUIDE + "vault-lock.html",
        check=must_have((LOCK,), "backupVaultName", "lock", by="name"),
    ),
    Rule(
        id="aws-backup-lock-require-retention",
        types=(LOCK,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a minimum retention, a backup can be created that expires the next day.",
        remedy=f"Set minRetentionDays to at least {_MINIMUM_DAYS}.",
        reference=_GUIDE + "vault-lock.html",
        check=must_be_at_least("minRetentionDays", _MINIMUM_DAYS),
    ),
    Rule(
        id="aws-backup-lock-require-finality",
        types=(LOCK,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="An administrator can remove a lock in governance mode, and so can an attacker with that role.",
        remedy="Set changeableForDays. After that many days the lock is permanent, even for AWS.",
        reference=_GUIDE + "vault-lock.html",
        check=must_be_set("changeableForDays"),
    ),
    Rule(
        id="aws-backup-plan-require-copy",
        types=(PLAN,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A failure of the region destroys the backups together with the data.",
        remedy="Add copyActions to a vault in another region.",
        reference=_GUIDE + "cross-region-backup.html",
        check=_check_copies,
    ),
    Rule(
        id="aws-backup-plan-require-retention",
        types=(PLAN,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Damage is often discovered weeks later, when a short retention has already deleted the last good backup.",
        remedy=f"Set lifecycle.deleteAfter to at least {_MINIMUM_LONGEST_DAYS} in one of the rules.",
        reference=_GUIDE + "creating-a-backup-plan.html",
        check=_check_longest_retention,
    ),
    StackRule(
        id="aws-backup-plan-require-selection",
        types=(PLAN,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A plan without a selection runs on schedule and backs up nothing.",
        remedy="Add a Selection with resources or selectionTags.",
        reference=_GUIDE + "assigning-resources.html",
        check=_check_selection,
    ),
    Rule(
        id="aws-backup-store-deny-forced-deletion",
        types=_DURABLE,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        production_only=True,
        why=(
            "An accidental destroy of production deletes its images, objects and DNS records. Other environments are "
            "meant to be destroyed."
        ),
        remedy="Remove forceDestroy or forceDelete.",
        reference=_GUIDE + "deleting-backups.html",
        check=_check_forced_deletion,
    ),
)
