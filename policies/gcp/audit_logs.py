"""Rules about audit logs, log retention and alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from policies.checks import MISSING, all_of, exists, find, format_value, must_be_at_least, must_not_be, must_not_be_set
from policies.gcp.references import must_name
from policies.rule import Absence, AnyRule, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

AUDIT = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
LOG_BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
SINK = "gcp:logging/projectSink:ProjectSink"
METRIC = "gcp:logging/metric:Metric"
ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"

_AUDIT = "https://cloud.google.com/logging/docs/audit/configure-data-access"
_LOGGING = "https://cloud.google.com/logging/docs/"
_ALERTS = "https://cloud.google.com/monitoring/alerts"
_MINIMUM_DAYS = 90
WATCHED: Mapping[str, tuple[str, str]] = {
    "owners": ("roles/owner", "project owners"),
    "audits": ("auditConfigDeltas", "the audit configuration"),
    "roles": ("iam_role", "custom roles"),
    "firewalls": ("gce_firewall_rule", "firewall rules"),
    "routes": ("gce_route", "routes"),
    "networks": ("gce_network", "networks"),
    "buckets": ("gcs_bucket", "bucket permissions"),
}
"""Watched changes by topic: the text in the log filter, and a description of the change."""


def _check_log_types(props: Props) -> Iterator[str]:
    if props["service"] != "allServices":
        return
    kinds = [kind for _, kind in find(props, "auditLogConfigs[*].logType")]
    if missing := [kind for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE") if kind not in kinds]:
        yield f"auditLogConfigs: log types are missing; got {format_value(kinds)}; expected also {', '.join(missing)}"


def _matches_logs(text: str, stack: Stack, alert: Resource) -> bool:
    """True if the alert matches the text in the logs, directly or through a log-based metric."""
    if alert.inputs.get("enabled") is False:
        return False
    conditions = [entry for _, entry in find(alert.inputs, "conditions[*]") if entry is not MISSING]
    log_conditions = [entry["conditionMatchedLog"] for entry in conditions if "conditionMatchedLog" in tuple(entry)]
    if exists(log_conditions, lambda entry: text in entry["filter"]):
        return True
    metrics = [entry for entry in stack.of_type(METRIC) if entry.urn in alert.references.get("conditions", ())]
    return exists(metrics, lambda entry: text in (entry.inputs.get("filter") or ""))


def _require_alert(topic: str) -> StackRule:
    text, description = WATCHED[topic]

    def check(audit: Resource, stack: Stack) -> Iterator[str]:
        if audit.inputs["service"] != "allServices":
            return
        if not exists(stack.of_type(ALERT), partial(_matches_logs, text, stack)):
            yield (
                f"service: changes of {description} trigger no alert; got no AlertPolicy on {text}; expected at least "
                "one"
            )

    return StackRule(
        id=f"gcp-monitoring-project-require-{topic}-alarm",
        types=(AUDIT,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why=f"Without an alert, a change of {description} is noticed only after the damage.",
        remedy=f"Add an AlertPolicy on {text} in the logs, by conditionMatchedLog or by a log-based metric.",
        reference=_ALERTS,
        check=check,
    )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-logging-audit-require-all",
        types=(AUDIT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="By default no log records which client read or wrote data.",
        remedy="Add ADMIN_READ, DATA_READ and DATA_WRITE to auditLogConfigs.",
        reference=_AUDIT,
        check=_check_log_types,
    ),
    Rule(
        id="gcp-logging-audit-deny-exemptions",
        types=(AUDIT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An attacker who becomes an exempted member leaves no trace.",
        remedy="Remove exemptedMembers.",
        reference=_AUDIT,
        check=must_not_be_set("auditLogConfigs[*].exemptedMembers"),
    ),
    Rule(
        id="gcp-logging-bucket-require-retention",
        types=(LOG_BUCKET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Intrusions are often found after months, when a short retention has deleted the logs.",
        remedy=f"Set retentionDays to at least {_MINIMUM_DAYS}.",
        reference=_LOGGING + "buckets",
        check=must_be_at_least("retentionDays", _MINIMUM_DAYS),
    ),
    Rule(
        id="gcp-logging-sink-deny-gaps",
        types=(SINK,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A disabled sink, or one with exclusions, lacks the logs that an investigation needs.",
        remedy="Remove disabled and exclusions, and select log entries with filter.",
        reference=_LOGGING + "routing/overview",
        check=all_of(must_not_be("disabled", True), must_not_be_set("exclusions")),
    ),
    Rule(
        id="gcp-logging-sink-deny-shared-writer",
        types=(SINK,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="All Google Cloud customers share the default writer account, so its permissions apply to all of them.",
        remedy="Remove uniqueWriterIdentity, or set it to true.",
        reference=_LOGGING + "export/configure_export_v2",
        check=must_not_be("uniqueWriterIdentity", False),
    ),
    StackRule(
        id="gcp-monitoring-alert-require-channels",
        types=(ALERT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An alert without a channel reaches no person.",
        remedy="Set notificationChannels.",
        reference=_ALERTS,
        check=must_name(
            "notificationChannels", (CHANNEL,), "the alert reaches no person; got no channel; expected at least one"
        ),
    ),
    Rule(
        id="gcp-monitoring-alert-deny-silence",
        types=(ALERT, CHANNEL),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="An alert disabled temporarily is often never enabled again.",
        remedy="Remove enabled, or set it to true.",
        reference=_ALERTS,
        check=must_not_be("enabled", False),
    ),
    *(_require_alert(topic) for topic in WATCHED),
)
