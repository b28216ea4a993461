"""Cases of ``policies.gcp.audit_logs``."""

from __future__ import annotations

from policies.gcp.audit_logs import ALERT, CHANNEL, METRIC, RULES, WATCHED
from tests.policies import tables
from tests.policies.analyzer import Given

_case = tables.of(RULES)
_KINDS = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
_AUDIT = {
    "service": "allServices",
    "auditLogConfigs": [{"logType": kind, "exemptedMembers": []} for kind in _KINDS],
}
_SINK = {"disabled": False, "exclusions": [], "uniqueWriterIdentity": True}
_ALERT = {"enabled": True, "notificationChannels": ["projects/some/notificationChannels/1"]}
_CHANNELS = "gcp-monitoring-alert-require-channels"
_GAPS = "gcp-logging-sink-deny-gaps"


def watching(sign: str) -> Given:
    """An alarm whose filter names the sign."""
    condition = {"displayName": "some", "conditionMatchedLog": {"filter": f"some={sign}"}}
    return Given(type=ALERT, name="alarm", props={"conditions": [condition], "enabled": True})


_COUNTED = (
    Given(type=METRIC, name="metric", props={"name": "owners", "filter": "roles/owner"}),
    Given(
        type=ALERT, name="alarm", props={"conditions": [{"displayName": "some"}]}, references={"conditions": ["metric"]}
    ),
)

CASES = [
    _case("gcp-logging-audit-require-all", _AUDIT, "auditLogConfigs[1].logType", "ADMIN_READ",
          absent_at="auditLogConfigs"),
    _case("gcp-logging-audit-deny-exemptions", _AUDIT, "auditLogConfigs[2].exemptedMembers", ["user:some@example.org"]),
    _case("gcp-logging-bucket-require-retention", {"retentionDays": 90}, "retentionDays", 30),
    _case(_GAPS, _SINK, "disabled", True),
    _case(_GAPS, _SINK, "exclusions", [{"name": "some", "filter": "true"}]),
    _case("gcp-logging-sink-deny-shared-writer", _SINK, "uniqueWriterIdentity", False),
    _case(_CHANNELS, _ALERT, "notificationChannels", []),
    _case("gcp-monitoring-alert-deny-silence", _ALERT, "enabled", False),
    _case("gcp-monitoring-alert-deny-silence", {"enabled": True}, "enabled", False, type=CHANNEL),
    *(
        _case(f"gcp-monitoring-project-require-{topic}-alarm", _AUDIT, "conditions[0].conditionMatchedLog.filter",
              "other", others=(watching(sign),), broken_other="alarm", absent_at="conditions[0].conditionMatchedLog")
        for topic, (sign, _) in WATCHED.items()
    ),
    _case("gcp-monitoring-project-require-owners-alarm", _AUDIT, "filter", "other", others=_COUNTED,
          broken_other="metric", absent_at="filter"),
    _case("gcp-monitoring-project-require-owners-alarm", _AUDIT, "enabled", False, others=(watching("roles/owner"),),
          broken_other="alarm", absent_at="conditions"),
]  # fmt: skip
