"""Cases of ``policies.gcp.audit_logs``."""

from __future__ import annotations

from policies.gcp.audit_logs import ALERT, CHANNEL, METRIC, RULES, WATCHED
from tests.policies import tables
from tests.policies.analyzer import Declaration

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


def watching(sign: str) -> Declaration:
    """Return an alert whose filter contains the text."""
    condition = {"displayName": "some", "conditionMatchedLog": {"filter": f"some={sign}"}}
    return Declaration(type=ALERT, name="alarm", props={"conditions": [condition], "enabled": True})


_COUNTED = (
    Declaration(type=METRIC, name="metric", props={"name": "owners", "filter": "roles/owner"}),
    Declaration(
        type=ALERT, name="alarm", props={"conditions": [{"displayName": "some"}]}, references={"conditions": ["metric"]}
    ),
)

CASES = [
    _case("gcp-logging-audit-require-all", _AUDIT, "auditLogConfigs[1].logType", "ADMIN_READ",
          absent_path="auditLogConfigs"),
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
              "other", related=(watching(sign),), broken_related="alarm",
              absent_path="conditions[0].conditionMatchedLog")
        for topic, (sign, _) in WATCHED.items()
    ),
    _case("gcp-monitoring-project-require-owners-alarm", _AUDIT, "filter", "other", related=_COUNTED,
          broken_related="metric", absent_path="filter"),
    _case("gcp-monitoring-project-require-owners-alarm", _AUDIT, "enabled", False, related=(watching("roles/owner"),),
          broken_related="alarm", absent_path="conditions"),
]  # fmt: skip
