"""Cases of ``policies.azure.audit_logs``."""

from __future__ import annotations

from policies.azure import clusters, networks, vaults
from policies.azure.audit_logs import ALERT, ASSIGNMENT, PROFILE, RULES
from policies.azure.network_access import FIREWALL_RULES, SECURITY_GROUP
from policies.azure.references import DIAGNOSTICS
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.azure import fixtures
from tests.policies.azure.fixtures import BUDGET, CHANNEL, CLUSTER, REGISTRY, TAGS, VAULT, WORKSPACE, alert, diagnostics

_make = tables.of(RULES)
_AUDIT = "azure-monitor-resource-require-audit"
_CHANGES = "azure-monitor-changes-require-alert"
_INCIDENTS = "azure-monitor-cluster-require-incident-alert"
_AUDITED = {
    "vaults/pouwkeys": (vaults.VAULT, VAULT),
    "registries/pouwimages": (vaults.REGISTRY, REGISTRY),
    "managedClusters/pouw-dr": (clusters.CLUSTER, CLUSTER),
    "profiles/pouw-edge": (PROFILE, {"profileName": "pouw-edge", "tags": TAGS}),
}
_CHANGE_ALERT = {
    SECURITY_GROUP: ("Microsoft.Network/networkSecurityGroups", fixtures.GUARD),
    networks.ADDRESS: ("Microsoft.Network/publicIPAddresses", fixtures.ADDRESS),
    FIREWALL_RULES[0]: ("Microsoft.Sql/servers/firewallRules", {"startIpAddress": "203.0.113.7"}),
    ASSIGNMENT: ("Microsoft.Authorization/policyAssignments", {"displayName": "ours"}),
}
_ALERT = alert("Microsoft.Network/networkSecurityGroups/write")
_HEALTH = (Declaration(type=ALERT, name="alert", props=alert(category="ServiceHealth")),)


def _settings(resource: str) -> tuple[Declaration, ...]:
    return (Declaration(type=DIAGNOSTICS, name="log", props=diagnostics(resource)),)


def _alerts(operation: str) -> tuple[Declaration, ...]:
    return (Declaration(type=ALERT, name="alert", props=alert(f"{operation}/write", f"{operation}/delete")),)


CASES = [
    *(
        _make(_AUDIT, props, "logs[0].enabled", False, related=_settings(resource), broken_related="log", type=kind)
        for resource, (kind, props) in _AUDITED.items()
    ),
    _make(_AUDIT, VAULT, "resourceUri", "/vaults/other", related=_settings("vaults/pouwkeys"), broken_related="log"),
    *(
        _make(_CHANGES, props, "condition.allOf[1].anyOf[1].equals", "another/delete", related=_alerts(operation),
              broken_related="alert", type=kind)
        for kind, (operation, props) in _CHANGE_ALERT.items()
    ),
    _make(_CHANGES, fixtures.GUARD, "enabled", False, absent_path="condition", broken_related="alert",
          related=_alerts("Microsoft.Network/networkSecurityGroups")),
    _make(_INCIDENTS, CLUSTER, "condition.allOf[0].equals", "Policy", related=_HEALTH, broken_related="alert"),
    _make("azure-monitor-alert-require-action", _ALERT, "actions.actionGroups", []),
    _make("azure-monitor-alert-deny-disabled", _ALERT, "enabled", False),
    _make("azure-monitor-channel-require-receiver", CHANNEL, "emailReceivers", []),
    _make("azure-monitor-workspace-require-retention", WORKSPACE, "retentionInDays", 30),
    _make("azure-monitor-workspace-deny-keys", WORKSPACE, "features.disableLocalAuth", False),
    _make("azure-defender-plan-require-standard", {"pricingTier": "Standard"}, "pricingTier", "Free"),
    _make("azure-costs-budget-require-notification", BUDGET, "notifications.actual.contactEmails", []),
]  # fmt: skip
