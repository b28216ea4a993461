"""The stores of the site's audit logs: a workspace for queries, and a storage account for long retention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.monitor.diagnostic_setting import DiagnosticSetting
from pulumi_azure_native.operationalinsights.workspace import Workspace
from pulumi_azure_native.storage.management_policy import ManagementPolicy

from infra.azure import storage_accounts
from infra.azure.keys import Keys
from infra.azure.physical_names import compose_name
from infra.component import Component
from infra.contracts import SiteContext

_WORKSPACE_DAYS: Final = (30, 730)
"""Shortest and longest retention of a workspace, in days. The account retains for as long as the settings say."""


@dataclass(frozen=True, kw_only=True)
class AuditLogsArgs:
    """The audit logs of one site."""

    context: SiteContext
    keys: Keys


class AuditLogs(Component, token="pouw:azure:AuditLogs"):
    """Outputs: ``logs``, the id of the workspace, and ``archive``, the id of the storage account."""

    logs: pulumi.Output[str]
    archive: pulumi.Output[str]

    def __init__(self, name: str, args: AuditLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, group = args.context, args.keys.group
        workspace = Workspace(
            f"{name}-workspace",
            resource_group_name=group,
            workspace_name=compose_name(context, "operationalinsights:Workspace"),
            location=context.region,
            sku={"name": "PerGB2018"},
            retention_in_days=workspace_days(context.site.cluster.log_days),
            features={"disableLocalAuth": True, "enableLogAccessUsingOnlyResourcePermissions": True},
            tags=context.tags,
            opts=self.child(),
        )
        # The archive expires; compliance rules find the durable accounts by the words in their names.
        archive_name = f"{context.site.name}-log-archive"
        archive = storage_accounts.account(self, archive_name, context, args.keys, part="logs", private=False)
        ManagementPolicy(
            f"{archive_name}-retention",
            resource_group_name=group,
            account_name=archive.name,
            management_policy_name="default",
            policy={"rules": retention_rules(context)},
            opts=self.child(),
        )
        self.publish(logs=workspace.id, archive=archive.id)

    def collect(
        self,
        owner: Component,
        name: str,
        resource: pulumi.Input[str],
        *,
        categories: Sequence[str] = (),
        archived: bool = True,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        """Declare that a resource sends its logs here: ``categories``, or its audit logs.

        The workspace always receives them, the storage account only if they are ``archived``.
        """
        logs = [{"category": category, "enabled": True} for category in categories]
        DiagnosticSetting(
            name,
            name="pouw",
            resource_uri=resource,
            workspace_id=self.logs,
            storage_account_id=self.archive if archived else None,
            log_analytics_destination_type="Dedicated",
            logs=logs or [{"categoryGroup": "audit", "enabled": True}],
            opts=owner.child(depends_on=list(after)),
        )


def workspace_days(days: int) -> int:
    """Return the retention of the workspace in days, as close to ``days`` as Azure allows."""
    shortest, longest = _WORKSPACE_DAYS
    return min(max(days, shortest), longest)


def retention_rules(context: SiteContext) -> list[dict[str, Any]]:
    """Return the account's deletion rules: one for flow logs, one per prefix of the other logs that Azure writes."""
    site = context.site
    retentions = {"flows": ("insights-logs-flow", site.network.flow_log_days)}
    retentions |= {
        prefix.replace("-", ""): (f"insights-logs-{prefix}", site.cluster.log_days)
        for prefix in ("audit", "cloud", "cluster", "container", "csi", "front", "guard", "kube", "storage")
    }
    return [
        {
            "name": name,
            "type": "Lifecycle",
            "enabled": True,
            "definition": {
                "filters": {"blobTypes": ["blockBlob", "appendBlob"], "prefixMatch": [prefix]},
                "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": days}}},
            },
        }
        for name, (prefix, days) in retentions.items()
    ]
