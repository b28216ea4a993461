"""Logs and alarms: what is written down, how long it stays, and who is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from policies.checks import MISSING, both, exists, find, must_be_at_least, must_not_be, must_not_be_set
from policies.gcp.relations import must_name
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
_LEAST_DAYS = 90
WATCHED: Mapping[str, tuple[str, str]] = {
    "owners": ("roles/owner", "who owns the project"),
    "audits": ("auditConfigDeltas", "what is audited"),
    "roles": ("iam_role", "custom roles"),
    "firewalls": ("gce_firewall_rule", "firewall rules"),
    "routes": ("gce_route", "routes"),
    "networks": ("gce_network", "networks"),
    "buckets": ("gcs_bucket", "who may use buckets"),
}
"""By topic: what a filter of the logs names, and what has changed then, in words."""


def _audits_all(props: Props) -> Iterator[str]:
    if props["service"] != "allServices":
        return
    kinds = [kind for _, kind in find(props, "auditLogConfigs[*].logType")]
    if missing := [kind for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE") if kind not in kinds]:
        yield f"auditLogConfigs: lacks {', '.join(missing)}"


def _watches(sign: str, stack: Stack, alert: Resource) -> bool:
    """Whether the alarm looks for the sign in the logs, by itself or by a metric that counts it."""
    if alert.inputs.get("enabled") is False:
        return False
    conditions = [one for _, one in find(alert.inputs, "conditions[*]") if one is not MISSING]
    matched = [one["conditionMatchedLog"] for one in conditions if "conditionMatchedLog" in tuple(one)]
    if exists(matched, lambda one: sign in one["filter"]):
        return True
    metrics = [one for one in stack.of(METRIC) if one.urn in alert.refers.get("conditions", ())]
    return exists(metrics, lambda one: sign in (one.inputs.get("filter") or ""))


def _is_watched(topic: str) -> StackRule:
    sign, words = WATCHED[topic]

    def check(audit: Resource, stack: Stack) -> Iterator[str]:
        if audit.inputs["service"] != "allServices":
            return
        if not exists(stack.of(ALERT), partial(_watches, sign, stack)):
            yield f"service: nobody is told of changes to {words}"

    return StackRule(
        id=f"gcp-monitoring-project-require-{topic}-alarm",
        types=(AUDIT,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why=f"Somebody who changes {words} is heard of when it is too late.",
        remedy=f"Let an AlertPolicy look for {sign} in the logs, by conditionMatchedLog or by a metric.",
        reference=_ALERTS,
        check=check,
    )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-logging-audit-require-all",
        types=(AUDIT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Who read and wrote data is in no log, unless it is asked for.",
        remedy="Name ADMIN_READ, DATA_READ and DATA_WRITE in auditLogConfigs.",
        reference=_AUDIT,
        check=_audits_all,
    ),
    Rule(
        id="gcp-logging-audit-deny-exemptions",
        types=(AUDIT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whoever becomes an exempted member leaves no trace.",
        remedy="Remove exemptedMembers.",
        reference=_AUDIT,
        check=must_not_be_set("auditLogConfigs[*].exemptedMembers"),
    ),
    Rule(
        id="gcp-logging-bucket-require-retention",
        types=(LOG_BUCKET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Break-ins are found after months, and by then the log of them is gone.",
        remedy=f"Set retentionDays to at least {_LEAST_DAYS}.",
        reference=_LOGGING + "buckets",
        check=must_be_at_least("retentionDays", _LEAST_DAYS),
    ),
    Rule(
        id="gcp-logging-sink-deny-gaps",
        types=(SINK,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A sink that is off, or leaves something out, keeps what nobody will ask for.",
        remedy="Remove disabled and exclusions; say in filter what is wanted.",
        reference=_LOGGING + "routing/overview",
        check=both(must_not_be("disabled", True), must_not_be_set("exclusions")),
    ),
    Rule(
        id="gcp-logging-sink-deny-shared-writer",
        types=(SINK,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Sinks of all of Google's customers write as one account, and whoever lets it in lets in them all.",
        remedy="Remove uniqueWriterIdentity, or set it to true.",
        reference=_LOGGING + "export/configure_export_v2",
        check=must_not_be("uniqueWriterIdentity", False),
    ),
    StackRule(
        id="gcp-monitoring-alert-require-channels",
        types=(ALERT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An alarm that nobody hears is none.",
        remedy="Name notification channels in notificationChannels.",
        reference=_ALERTS,
        check=must_name("notificationChannels", (CHANNEL,), "name nobody"),
    ),
    Rule(
        id="gcp-monitoring-alert-deny-silence",
        types=(ALERT, CHANNEL),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="What was switched off for a night stays off for years.",
        remedy="Remove enabled, or set it to true.",
        reference=_ALERTS,
        check=must_not_be("enabled", False),
    ),
    *(_is_watched(topic) for topic in WATCHED),
)
