"""The channel that sends the site's alarms to its contacts, and alarms on the activity log and on the gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.monitor.action_group import ActionGroup
from pulumi_azure_native.monitor.activity_log_alert import ActivityLogAlert
from pulumi_azure_native.monitor.metric_alert import MetricAlert

from infra.azure.keys import Keys
from infra.azure.physical_names import compose_name, copy_of, group_name, subscription
from infra.component import Component
from infra.contracts import SiteContext

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
"""Operations that raise an alarm. A deployment performs some of them, too."""
_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "changes": (
        "A protected resource of the site was changed or deleted. If no deployment did it, open the activity log, "
        "identify the caller, and run `pouw refresh` to see the difference."
    ),
    "incidents": "Azure reports an incident of a service in the subscription. Read Service Health in the portal.",
}


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """The contacts of one site."""

    context: SiteContext
    keys: Keys
    contacts: Sequence[str]


class Alarms(Component, token="pouw:azure:Alarms"):
    """An action group that mails the contacts. Output: ``channel``, the id of the group.

    It carries alarms on changes in the site's resource groups and on incidents of Azure itself.
    """

    channel: pulumi.Output[str]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        context = args.context
        channel = ActionGroup(
            f"{name}-channel",
            resource_group_name=args.keys.group,
            action_group_name=compose_name(context, "monitor:ActionGroup"),
            group_short_name="pouw",
            location="global",
            enabled=True,
            email_receivers=receivers(args.contacts),
            tags=context.tags,
            opts=self.child(),
        )
        site_groups = [
            f"{subscription(context)}/resourceGroups/{group_name(region)}" for region in (context, copy_of(context))
        ]
        self._activity(name, channel.id, part="changes", scopes=site_groups, conditions=changes())
        self._activity(name, channel.id, part="incidents", scopes=[subscription(context)], conditions=incidents())
        self.publish(channel=channel.id)

    def _activity(
        self,
        name: str,
        channel: pulumi.Input[str],
        *,
        part: str,
        scopes: Sequence[str],
        conditions: Sequence[dict[str, Any]],
    ) -> None:
        """Declare an alarm on entries of the activity log that meet all of ``conditions``."""
        context = self._args.context
        ActivityLogAlert(
            f"{name}-{part}",
            resource_group_name=self._args.keys.group,
            activity_log_alert_name=compose_name(context, "monitor:ActivityLogAlert", part),
            location="global",
            description=_DESCRIPTIONS[part],
            enabled=True,
            scopes=list(scopes),
            condition={"allOf": list(conditions)},
            actions={"actionGroups": [{"actionGroupId": channel}]},
            tags=context.tags,
            opts=self.child(),
        )

    def watch_gateway(self, owner: Component, name: str, gateway: pulumi.Input[str]) -> None:
        """Declare an alarm, a child of ``owner``, on a gateway without a healthy backend for five minutes."""
        context = self._args.context
        MetricAlert(
            f"{name}-unhealthy-alarm",
            resource_group_name=self._args.keys.group,
            rule_name=compose_name(context, "monitor:MetricAlert", "unhealthy"),
            location="global",
            description=(
                f"The edge of the site {context.site.name} has reached no healthy balancer in the cluster for five "
                "minutes, so clients get errors. Run `pouw status` and check the balancer's pods."
            ),
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
            actions=[{"actionGroupId": self.channel}],
            tags=context.tags,
            opts=owner.child(),
        )


def receivers(contacts: Sequence[str]) -> list[dict[str, Any]]:
    """Return one mail receiver per contact; receivers of a group need distinct names."""
    return [
        {"name": f"contact-{number}", "emailAddress": address, "useCommonAlertSchema": True}
        for number, address in enumerate(contacts, start=1)
    ]


def changes() -> list[dict[str, Any]]:
    """Return the conditions of a successful operation out of ``OPERATIONS``."""
    return [
        {"field": "category", "equals": "Administrative"},
        {"field": "status", "equals": "Succeeded"},
        {"anyOf": [{"field": "operationName", "equals": operation} for operation in OPERATIONS]},
    ]


def incidents() -> list[dict[str, Any]]:
    """Return the conditions of an incident that Azure reports."""
    return [
        {"field": "category", "equals": "ServiceHealth"},
        {"field": "properties.incidentType", "equals": "Incident"},
    ]
