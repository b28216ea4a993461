"""Rules about Cloud Storage buckets: access, versioning, retention and logs."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import MISSING, exists, find, must_be, must_not_be
from policies.gcp.references import referrers
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

BUCKET = "gcp:storage/bucket:Bucket"
AUDIT = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
SINKS = tuple(f"gcp:logging/{kind}Sink:{kind.title()}Sink" for kind in ("project", "folder", "organization"))

_GUIDE = "https://cloud.google.com/storage/docs/"
_MINIMUM_SECONDS = 7 * 86_400
_AUDITED_SERVICES = ("storage.googleapis.com", "allServices")


def _check_versioning(props: Props) -> Iterator[str]:
    if not props.get("retentionPolicy"):
        yield from must_be("versioning.enabled", True)(props)


def _check_soft_delete(props: Props) -> Iterator[str]:
    for path, seconds in find(props, "softDeletePolicy.retentionDurationSeconds"):
        if seconds is not MISSING and int(seconds) < _MINIMUM_SECONDS:
            yield f"{path}: is too low; got {int(seconds)}; expected at least {_MINIMUM_SECONDS}"


def _check_access_logs(bucket: Resource, stack: Stack) -> Iterator[str]:
    if bucket.inputs.get("logging"):
        return
    if not exists(stack.of_type(AUDIT), _audits_data_access):
        yield "logging: access is not logged; got no audit log of data access; expected one, or logging.logBucket"


def _audits_data_access(audit: Resource) -> bool:
    kinds = {kind for _, kind in find(audit.inputs, "auditLogConfigs[*].logType")}
    return audit.inputs["service"] in _AUDITED_SERVICES and {"DATA_READ", "DATA_WRITE"} <= kinds


def _check_log_retention(bucket: Resource, stack: Stack) -> Iterator[str]:
    if any(referrers(bucket, stack, SINKS, "destination")):
        yield from must_be("retentionPolicy.isLocked", True)(bucket.inputs)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-storage-bucket-require-uniform-access",
        types=(BUCKET,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Objects have their own access lists that no policy shows, and one list can make an object public.",
        remedy="Set uniformBucketLevelAccess: true.",
        reference=_GUIDE + "uniform-bucket-level-access",
        check=must_be("uniformBucketLevelAccess", True),
    ),
    Rule(
        id="gcp-storage-bucket-require-public-access-prevention",
        types=(BUCKET,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without prevention, the next public grant takes effect immediately.",
        remedy="Set publicAccessPrevention: enforced.",
        reference=_GUIDE + "public-access-prevention",
        check=must_be("publicAccessPrevention", "enforced"),
    ),
    Rule(
        id="gcp-storage-bucket-require-versions",
        types=(BUCKET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Data overwritten by mistake or by ransomware cannot be restored.",
        remedy="Set versioning.enabled: true, or a retentionPolicy.",
        reference=_GUIDE + "object-versioning",
        check=_check_versioning,
    ),
    Rule(
        id="gcp-storage-bucket-deny-final-deletion",
        types=(BUCKET,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A deleted object is lost immediately.",
        remedy=f"Remove softDeletePolicy, or set retentionDurationSeconds to at least {_MINIMUM_SECONDS}.",
        reference=_GUIDE + "soft-delete",
        check=_check_soft_delete,
    ),
    Rule(
        id="gcp-storage-bucket-deny-forced-deletion",
        types=(BUCKET,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        production_only=True,
        why="An accidental destroy of production deletes all kept data. Other environments are meant to be destroyed.",
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
        why="Without access logs, the readers of leaked data cannot be identified.",
        remedy=(
            "Add an IAMAuditConfig with DATA_READ and DATA_WRITE for storage.googleapis.com, or set logging.logBucket."
        ),
        reference=_GUIDE + "audit-logging",
        check=_check_access_logs,
    ),
    StackRule(
        id="gcp-storage-bucket-require-locked-logs",
        types=(BUCKET,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="An intruder can delete the logs of the intrusion.",
        remedy="Set retentionPolicy.isLocked: true on buckets that receive logs of a sink.",
        reference=_GUIDE + "bucket-lock",
        check=_check_log_retention,
    ),
)
