"""What rings: changes that nobody should make by hand, the cloud's own incidents, an edge with nothing behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pulumi
from pulumi_azure_native.monitor.activity_log_alert import ActivityLogAlert
from pulumi_azure_native.monitor.metric_alert import MetricAlert

from infra.azure.physical_names import named
from infra.component import Component
from infra.contracts import Place

_IMMUTABILITY: Final = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies"
OPERATIONS: Final = (
    "Microsoft.Authorization/locks/delete",
    "Microsoft.Authorization/policyAssignments/delete",
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/roleAssignments/delete",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.ContainerService/managedClusters/delete",
    "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
    "Microsoft.Insights/diagnosticSettings/delete",
    "Microsoft.KeyVault/vaults/delete",
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.Network/frontDoorWebApplicationFirewallPolicies/delete",
    "Microsoft.Network/frontDoorWebApplicationFirewallPolicies/write",
    "Microsoft.Network/networkSecurityGroups/delete",
    "Microsoft.Network/networkSecurityGroups/securityRules/delete",
    "Microsoft.Network/networkSecurityGroups/securityRules/write",
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/publicIPAddresses/delete",
    "Microsoft.Network/publicIPAddresses/write",
    "Microsoft.Storage/storageAccounts/delete",
    f"{_IMMUTABILITY}/delete",
    f"{_IMMUTABILITY}/write",
)
"""A deployment makes some of them, too: whoever deploys knows."""


def activity(
    owner: Component,
    name: str,
    place: Place,
    *,
    group: pulumi.Input[str],
    alarms: pulumi.Input[str],
    part: str,
    scopes: Sequence[str],
    condition: Sequence[dict[str, Any]],
) -> None:
    """Declare an alarm on entries of the activity log, all of ``condition`` being met; ``part`` makes its name."""
    ActivityLogAlert(
        f"{name}-{part}-alarm",
        resource_group_name=group,
        activity_log_alert_name=named(place, "monitor:ActivityLogAlert", part),
        location="global",
        enabled=True,
        scopes=list(scopes),
        condition={"allOf": list(condition)},
        actions={"actionGroups": [{"actionGroupId": alarms}]},
        tags=place.tags,
        opts=owner.child(),
    )


def changes() -> list[dict[str, Any]]:
    """One of the operations was done."""
    return [
        {"field": "category", "equals": "Administrative"},
        {"field": "status", "equals": "Succeeded"},
        {"anyOf": [{"field": "operationName", "equals": operation} for operation in OPERATIONS]},
    ]


def incidents() -> list[dict[str, Any]]:
    """The cloud itself tells of an incident."""
    return [
        {"field": "category", "equals": "ServiceHealth"},
        {"field": "properties.incidentType", "equals": "Incident"},
    ]


def unhealthy(
    owner: Component,
    name: str,
    place: Place,
    *,
    group: pulumi.Input[str],
    alarms: pulumi.Input[str],
    gateway: pulumi.Input[str],
) -> None:
    """Declare an alarm on a gateway that has had nothing healthy behind it for five minutes."""
    MetricAlert(
        f"{name}-unhealthy-alarm",
        resource_group_name=group,
        rule_name=named(place, "monitor:MetricAlert", "unhealthy"),
        location="global",
        description="The edge reaches no balancer in the cluster.",
        enabled=True,
        severity=1,
        scopes=[gateway],
        evaluation_frequency="PT1M",
        window_size="PT5M",
        auto_mitigate=True,
        criteria={
            "odataType": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            "allOf": [
                {
                    "name": "healthy",
                    "criterionType": "StaticThresholdCriterion",
                    "metricName": "HealthyHostCount",
                    "metricNamespace": "Microsoft.Network/applicationGateways",
                    "operator": "LessThan",
                    "threshold": 1.0,
                    "timeAggregation": "Average",
                }
            ],
        },
        actions=[{"actionGroupId": alarms}],
        tags=place.tags,
        opts=owner.child(),
    )
