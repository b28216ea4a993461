"""Cases of ``policies.gcp.buckets``."""

from __future__ import annotations

from policies.gcp.buckets import AUDIT, RULES, SINKS
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_BUCKET = {
    "uniformBucketLevelAccess": True,
    "publicAccessPrevention": "enforced",
    "versioning": {"enabled": True},
    "softDeletePolicy": {"retentionDurationSeconds": 604800},
    "forceDestroy": False,
    "logging": {"logBucket": "logs"},
}
_LOCKED = {"retentionPolicy": {"retentionPeriod": "604800", "isLocked": True}}
_SINK = Declaration(type=SINKS[0], name="sink", props={}, references={"destination": ["subject"]})
_AUDITED = Declaration(
    type=AUDIT,
    name="audit",
    props={"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}, {"logType": "DATA_WRITE"}]},
)
_LOGS = "gcp-storage-bucket-require-access-logs"
_VERSIONS = "gcp-storage-bucket-require-versions"

CASES = [
    _case("gcp-storage-bucket-require-uniform-access", _BUCKET, "uniformBucketLevelAccess", False),
    _case("gcp-storage-bucket-require-public-access-prevention", _BUCKET, "publicAccessPrevention", "inherited"),
    _case(_VERSIONS, _BUCKET, "versioning.enabled", False),
    _case(_VERSIONS, _LOCKED, "retentionPolicy", {}),
    _case("gcp-storage-bucket-deny-final-deletion", _BUCKET, "softDeletePolicy.retentionDurationSeconds", 0),
    _case("gcp-storage-bucket-deny-forced-deletion", _BUCKET, "forceDestroy", True),
    _case(_LOGS, _BUCKET, "logging", {}),
    _case(_LOGS, {}, "auditLogConfigs[1].logType", "ADMIN_READ", related=(_AUDITED,), broken_related="audit"),
    _case(_LOGS, {}, "service", "pubsub.googleapis.com", related=(_AUDITED,), broken_related="audit",
          absent_path="auditLogConfigs"),
    _case("gcp-storage-bucket-require-locked-logs", _LOCKED, "retentionPolicy.isLocked", False, related=(_SINK,)),
    _case("gcp-storage-bucket-require-locked-logs", _LOCKED, "retentionPolicy", REMOVED, related=(_SINK,)),
]  # fmt: skip
