"""Logs, alarms and what detects: what is written down, for how long, and who is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.azure.clusters import CLUSTER
from policies.azure.networks import ADDRESS
from policies.azure.openings import FIREWALL_RULES, GUARD
from policies.azure.relations import DIAGNOSTICS, must_have
from policies.azure.upkeep import BUDGET
from policies.azure.vaults import REGISTRY, VAULT
from policies.checks import MISSING, exists, find, may_be, must_be, must_be_at_least, must_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

WORKSPACE = "azure-native:operationalinsights:Workspace"
ALERT = "azure-native:monitor:ActivityLogAlert"
CHANNEL = "azure-native:monitor:ActionGroup"
PLAN = "azure-native:security:Pricing"
PROFILE = "azure-native:cdn:Profile"
ASSIGNMENT = "azure-native:authorization:PolicyAssignment"

_MONITOR = "https://learn.microsoft.com/en-us/azure/azure-monitor/"
_LEAST_DAYS = 90
_AUDITED: Final = {VAULT: "vaultName", REGISTRY: "registryName", CLUSTER: "resourceName", PROFILE: "profileName"}
"""What has to write down who uses it, and the property that holds its name."""
_CHANGES: Final = {
    GUARD: "Microsoft.Network/networkSecurityGroups",
    ADDRESS: "Microsoft.Network/publicIPAddresses",
    FIREWALL_RULES[0]: "Microsoft.Sql/servers/firewallRules",
    ASSIGNMENT: "Microsoft.Authorization/policyAssignments",
}
"""What nobody should change by hand, in the words of the activity log."""
_RECEIVERS = (
    "armRoleReceivers", "automationRunbookReceivers", "azureAppPushReceivers", "azureFunctionReceivers",
    "emailReceivers", "eventHubReceivers", "itsmReceivers", "logicAppReceivers", "smsReceivers", "voiceReceivers",
    "webhookReceivers",
)  # fmt: skip


def _is_audit(log: Props) -> bool:
    return log.get("categoryGroup") in ("audit", "allLogs") or any(
        word in (log.get("category") or "").lower() for word in ("audit", "access", "login")
    )


def _is_unaudited(resource: Resource, stack: Stack) -> Iterator[str]:
    by = _AUDITED[resource.type]
    yield from must_have((DIAGNOSTICS,), "resourceUri", "nobody writes down who uses it", by=by, holds=_has_log)(
        resource, stack
    )


def _has_log(props: Props) -> bool:
    return any(
        one is not MISSING and one.get("enabled") is True and _is_audit(one) for _, one in find(props, "logs[*]")
    )


def _told(alert: Resource, field: str) -> list[str]:
    """What an alert that rings tells of: values of the field in its condition."""
    if alert.props.get("enabled") is False:
        return []
    parts = [
        one for path in ("condition.allOf[*]", "condition.allOf[*].anyOf[*]") for _, one in find(alert.props, path)
    ]
    return [str(one.get("equals")) for one in parts if one is not MISSING and one.get("field") == field]


def _changes_unseen(resource: Resource, stack: Stack) -> Iterator[str]:
    watched = [name.lower() for alert in stack.of(ALERT) for name in _told(alert, "operationName")]
    for verb in ("write", "delete"):
        operation = f"{_CHANGES[resource.type]}/{verb}"
        if operation.lower() not in watched:
            yield f"type: no alert tells of {operation}"


def _suffers_unseen(cluster: Resource, stack: Stack) -> Iterator[str]:
    del cluster
    if not exists(stack.of(ALERT), lambda one: "ServiceHealth" in _told(one, "category")):
        yield "type: no alert tells of incidents of the cloud's own"


def _reaches_nobody(props: Props) -> Iterator[str]:
    if not any(props.get(name) for name in _RECEIVERS):
        yield "emailReceivers: is missing, and so is every other receiver"


def _tells_nobody(props: Props) -> Iterator[str]:
    notifications = props.get("notifications") or {}
    if not notifications:
        yield "notifications: is missing"
    for name, one in notifications.items():
        if not any(one.get(to) for to in ("contactEmails", "contactGroups", "contactRoles")):
            yield f"notifications.{name}: tells nobody"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="azure-monitor-resource-require-audit",
        types=tuple(_AUDITED),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Who did what with it cannot be found out later.",
        remedy="Add a DiagnosticSetting with an enabled log of audits, logins or access.",
        reference=_MONITOR + "platform/diagnostic-settings",
        check=_is_unaudited,
    ),
    StackRule(
        id="azure-monitor-changes-require-alert",
        types=tuple(_CHANGES),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A door that somebody opens by hand is noticed by whoever comes through it.",
        remedy="Add an ActivityLogAlert on the operation.",
        reference=_MONITOR + "alerts/alerts-types",
        check=_changes_unseen,
    ),
    StackRule(
        id="azure-monitor-cluster-require-incident-alert",
        types=(CLUSTER,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="People look for a fault of their own while the cloud has one.",
        remedy="Add an ActivityLogAlert on the category ServiceHealth.",
        reference="https://learn.microsoft.com/en-us/azure/service-health/overview",
        check=_suffers_unseen,
    ),
    Rule(
        id="azure-monitor-alert-require-action",
        types=(ALERT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An alert that rings nowhere is read after the incident.",
        remedy="Name an action group in actions.actionGroups.",
        reference=_MONITOR + "alerts/action-groups",
        check=must_be_set("actions.actionGroups"),
    ),
    Rule(
        id="azure-monitor-alert-deny-disabled",
        types=(ALERT,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="An alert that is off still shows in every list.",
        remedy="Set enabled: true, or leave it out.",
        reference=_MONITOR + "alerts/alerts-types",
        check=may_be("enabled", True),
    ),
    Rule(
        id="azure-monitor-channel-require-receiver",
        types=(CHANNEL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Every alert that uses the group then reaches nobody.",
        remedy="Add emailReceivers, or others.",
        reference=_MONITOR + "alerts/action-groups",
        check=_reaches_nobody,
    ),
    Rule(
        id="azure-monitor-workspace-require-retention",
        types=(WORKSPACE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Most intrusions are noticed after weeks, and then the log of the first day is gone.",
        remedy=f"Set retentionInDays to {_LEAST_DAYS} or more.",
        reference=_MONITOR + "logs/data-retention-configure",
        check=must_be_at_least("retentionInDays", _LEAST_DAYS),
    ),
    Rule(
        id="azure-monitor-workspace-deny-keys",
        types=(WORKSPACE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Whoever has the workspace's key writes false entries into the log.",
        remedy="Set features.disableLocalAuth: true.",
        reference=_MONITOR + "logs/manage-access",
        check=must_be("features.disableLocalAuth", True),
    ),
    Rule(
        id="azure-defender-plan-require-standard",
        types=(PLAN,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The free plan looks at settings, and not at what happens.",
        remedy="Set pricingTier: Standard.",
        reference="https://learn.microsoft.com/en-us/azure/defender-for-cloud/defender-for-cloud-introduction",
        check=must_be("pricingTier", "Standard"),
    ),
    Rule(
        id="azure-costs-budget-require-notification",
        types=(BUDGET,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A budget that tells nobody is found with the bill.",
        remedy="Add a notification with contactEmails or contactGroups.",
        reference="https://learn.microsoft.com/en-us/azure/cost-management-billing/costs/tutorial-acm-create-budgets",
        check=_tells_nobody,
    ),
)
