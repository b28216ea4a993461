"""Rules about audit logs, alerts, budgets and threat detection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.azure.clusters import CLUSTER
from policies.azure.maintenance import BUDGET
from policies.azure.network_access import FIREWALL_RULES, SECURITY_GROUP
from policies.azure.networks import ADDRESS
from policies.azure.references import DIAGNOSTICS, must_have
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
_MINIMUM_DAYS = 90
_LOGGED: Final = {VAULT: "vaultName", REGISTRY: "registryName", CLUSTER: "resourceName", PROFILE: "profileName"}
"""Types whose access must be logged, with the property that contains their name."""
_WATCHED: Final = {
    SECURITY_GROUP: "Microsoft.Network/networkSecurityGroups",
    ADDRESS: "Microsoft.Network/publicIPAddresses",
    FIREWALL_RULES[0]: "Microsoft.Sql/servers/firewallRules",
    ASSIGNMENT: "Microsoft.Authorization/policyAssignments",
}
"""Types that must not change unnoticed, with the name of their operations in the activity log."""
_RECEIVERS = (
    "armRoleReceivers", "automationRunbookReceivers", "azureAppPushReceivers", "azureFunctionReceivers",
    "emailReceivers", "eventHubReceivers", "itsmReceivers", "logicAppReceivers", "smsReceivers", "voiceReceivers",
    "webhookReceivers",
)  # fmt: skip


def _is_audit(log: Props) -> bool:
    return log.get("categoryGroup") in ("audit", "allLogs") or any(
        word in (log.get("category") or "").lower() for word in ("audit", "access", "login")
    )


def _check_diagnostics(resource: Resource, stack: Stack) -> Iterator[str]:
    by = _LOGGED[resource.type]
    yield from must_have(
        (DIAGNOSTICS,),
        "resourceUri",
        "access is not logged; got no enabled audit log; expected a DiagnosticSetting",
        by=by,
        holds=_has_audit_log,
    )(resource, stack)


def _has_audit_log(props: Props) -> bool:
    return any(
        log is not MISSING and log.get("enabled") is True and _is_audit(log) for _, log in find(props, "logs[*]")
    )


def _condition_values(alert: Resource, field: str) -> list[str]:
    """Return the values of the field in the condition of an enabled alert."""
    if alert.props.get("enabled") is False:
        return []
    parts = [
        part for path in ("condition.allOf[*]", "condition.allOf[*].anyOf[*]") for _, part in find(alert.props, path)
    ]
    return [str(part.get("equals")) for part in parts if part is not MISSING and part.get("field") == field]


def _check_change_alerts(resource: Resource, stack: Stack) -> Iterator[str]:
    operations = [name.lower() for alert in stack.of_type(ALERT) for name in _condition_values(alert, "operationName")]
    for verb in ("write", "delete"):
        operation = f"{_WATCHED[resource.type]}/{verb}"
        if operation.lower() not in operations:
            yield f"type: a change triggers no alert; got no ActivityLogAlert on {operation}; expected one"


def _check_incident_alert(cluster: Resource, stack: Stack) -> Iterator[str]:
    del cluster
    if not exists(stack.of_type(ALERT), lambda props: "ServiceHealth" in _condition_values(props, "category")):
        yield "type: an incident of Azure triggers no alert; got no ActivityLogAlert on ServiceHealth; expected one"


def _check_receivers(props: Props) -> Iterator[str]:
    if not any(props.get(name) for name in _RECEIVERS):
        yield "emailReceivers: the group has no receiver; got none; expected at least one"


def _check_budget_contacts(props: Props) -> Iterator[str]:
    notifications = props.get("notifications") or {}
    if not notifications:
        yield "notifications: is missing; got nothing; expected at least one notification"
    for name, notification in notifications.items():
        if not any(notification.get(recipients) for recipients in ("contactEmails", "contactGroups", "contactRoles")):
            yield (
                f"notifications.{name}: the notification has no contact; got none; expected contactEmails, "
                "contactGroups or contactRoles"
            )


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="azure-monitor-resource-require-audit",
        types=tuple(_LOGGED),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without an audit log, access to the resource cannot be investigated later.",
        remedy="Add a DiagnosticSetting with an enabled log of audits, logins or access.",
        reference=_MONITOR + "platform/diagnostic-settings",
        check=_check_diagnostics,
    ),
    StackRule(
        id="azure-monitor-changes-require-alert",
        types=tuple(_WATCHED),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A manual change that opens access is first noticed when it is exploited.",
        remedy="Add an ActivityLogAlert on the operation.",
        reference=_MONITOR + "alerts/alerts-types",
        check=_check_change_alerts,
    ),
    StackRule(
        id="azure-monitor-cluster-require-incident-alert",
        types=(CLUSTER,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="Without the alert, engineers search for a fault of their own during an incident of Azure.",
        remedy="Add an ActivityLogAlert on the category ServiceHealth.",
        reference="https://learn.microsoft.com/en-us/azure/service-health/overview",
        check=_check_incident_alert,
    ),
    Rule(
        id="azure-monitor-alert-require-action",
        types=(ALERT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An alert without an action group reaches no person.",
        remedy="Set actions.actionGroups.",
        reference=_MONITOR + "alerts/action-groups",
        check=must_be_set("actions.actionGroups"),
    ),
    Rule(
        id="azure-monitor-alert-deny-disabled",
        types=(ALERT,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A disabled alert does nothing, but still appears in every list.",
        remedy="Set enabled: true, or remove it.",
        reference=_MONITOR + "alerts/alerts-types",
        check=may_be("enabled", True),
    ),
    Rule(
        id="azure-monitor-channel-require-receiver",
        types=(CHANNEL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Every alert of the group reaches no person.",
        remedy="Add emailReceivers, or other receivers.",
        reference=_MONITOR + "alerts/action-groups",
        check=_check_receivers,
    ),
    Rule(
        id="azure-monitor-workspace-require-retention",
        types=(WORKSPACE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Most intrusions are noticed after weeks, when a short retention has deleted the first logs.",
        remedy=f"Set retentionInDays to at least {_MINIMUM_DAYS}.",
        reference=_MONITOR + "logs/data-retention-configure",
        check=must_be_at_least("retentionInDays", _MINIMUM_DAYS),
    ),
    Rule(
        id="azure-monitor-workspace-deny-keys",
        types=(WORKSPACE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Anyone with the workspace key can write false log entries.",
        remedy="Set features.disableLocalAuth: true.",
        reference=_MONITOR + "logs/manage-access",
        check=must_be("features.disableLocalAuth", True),
    ),
    Rule(
        id="azure-defender-plan-require-standard",
        types=(PLAN,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The free plan checks configurations, but detects no attacks.",
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
        why="A budget without a contact alerts no person, so an overrun is first seen on the invoice.",
        remedy="Add notifications with contactEmails or contactGroups.",
        reference="https://learn.microsoft.com/en-us/azure/cost-management-billing/costs/tutorial-acm-create-budgets",
        check=_check_budget_contacts,
    ),
)
