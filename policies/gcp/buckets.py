"""Buckets: that nobody outside gets in, and that what is in them can be had back."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import MISSING, exists, find, must_be, must_not_be
from policies.gcp.relations import about
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

BUCKET = "gcp:storage/bucket:Bucket"
AUDIT = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
SINKS = tuple(f"gcp:logging/{kind}Sink:{kind.title()}Sink" for kind in ("project", "folder", "organization"))

_GUIDE = "https://cloud.google.com/storage/docs/"
_LEAST_SECONDS = 7 * 86_400
_READS = ("storage.googleapis.com", "allServices")


def _keeps_nothing(props: Props) -> Iterator[str]:
    if not props.get("retentionPolicy"):
        yield from must_be("versioning.enabled", True)(props)


def _forgets_at_once(props: Props) -> Iterator[str]:
    for at, seconds in find(props, "softDeletePolicy.retentionDurationSeconds"):
        if seconds is not MISSING and int(seconds) < _LEAST_SECONDS:
            yield f"{at}: is {int(seconds)}, and must be at least {_LEAST_SECONDS}"


def _is_logged(bucket: Resource, stack: Stack) -> Iterator[str]:
    if bucket.inputs.get("logging"):
        return
    if not exists(stack.of(AUDIT), _has_reads_and_writes):
        yield "logging: is missing, and no audit log of the project has what is read and written"


def _has_reads_and_writes(audit: Resource) -> bool:
    kinds = {kind for _, kind in find(audit.inputs, "auditLogConfigs[*].logType")}
    return audit.inputs["service"] in _READS and {"DATA_READ", "DATA_WRITE"} <= kinds


def _keeps_logs(bucket: Resource, stack: Stack) -> Iterator[str]:
    if any(about(bucket, stack, SINKS, "destination")):
        yield from must_be("retentionPolicy.isLocked", True)(bucket.inputs)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-storage-bucket-require-uniform-access",
        types=(BUCKET,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Objects have lists of their own that no policy shows, and one of them may name everybody.",
        remedy="Set uniformBucketLevelAccess: true.",
        reference=_GUIDE + "uniform-bucket-level-access",
        check=must_be("uniformBucketLevelAccess", True),
    ),
    Rule(
        id="gcp-storage-bucket-require-public-access-prevention",
        types=(BUCKET,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The next grant to everybody takes effect, whoever makes it.",
        remedy="Set publicAccessPrevention: enforced.",
        reference=_GUIDE + "public-access-prevention",
        check=must_be("publicAccessPrevention", "enforced"),
    ),
    Rule(
        id="gcp-storage-bucket-require-versions",
        types=(BUCKET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="What is overwritten by mistake, or by somebody who wants money for it, is gone.",
        remedy="Set versioning.enabled: true, or a retentionPolicy.",
        reference=_GUIDE + "object-versioning",
        check=_keeps_nothing,
    ),
    Rule(
        id="gcp-storage-bucket-deny-final-deletion",
        types=(BUCKET,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="What is deleted cannot be had back, not even a minute later.",
        remedy=f"Remove softDeletePolicy, or set retentionDurationSeconds to at least {_LEAST_SECONDS}.",
        reference=_GUIDE + "soft-delete",
        check=_forgets_at_once,
    ),
    Rule(
        id="gcp-storage-bucket-deny-forced-deletion",
        types=(BUCKET,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        production_only=True,
        why="Whoever takes production down takes everything with it that was kept; elsewhere that is wanted.",
        remedy="Remove forceDestroy.",
        reference=_GUIDE + "deleting-buckets",
        check=must_not_be("forceDestroy", True),
    ),
    StackRule(
        id="gcp-storage-bucket-require-access-logs",
        types=(BUCKET,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Nobody can say what was read by whom when something got out.",
        remedy="Log DATA_READ and DATA_WRITE of storage.googleapis.com, or set logging.logBucket.",
        reference=_GUIDE + "audit-logging",
        check=_is_logged,
    ),
    StackRule(
        id="gcp-storage-bucket-require-locked-logs",
        types=(BUCKET,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Who has done harm removes the logs of it.",
        remedy="Set retentionPolicy with isLocked: true on buckets that a sink writes to.",
        reference=_GUIDE + "bucket-lock",
        check=_keeps_logs,
    ),
)
