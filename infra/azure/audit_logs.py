"""Where logs and alarms go: a workspace to ask, an account that keeps for years, a group that writes mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.monitor.action_group import ActionGroup
from pulumi_azure_native.monitor.diagnostic_setting import DiagnosticSetting
from pulumi_azure_native.operationalinsights.workspace import Workspace
from pulumi_azure_native.storage.management_policy import ManagementPolicy

from infra.azure import alarms, storage_accounts
from infra.azure.keys import Keys
from infra.azure.physical_names import copy_of, group_name, named, subscription
from infra.component import Component
from infra.contracts import Place

_WORKSPACE_DAYS: Final = (30, 730)
"""What a workspace can keep; the account keeps for as long as the settings say."""


@dataclass(frozen=True, kw_only=True)
class AuditLogsArgs:
    """Whom to tell."""

    place: Place
    keys: Keys
    contacts: Sequence[str]


class AuditLogs(Component, token="pouw:azure:AuditLogs"):
    """``logs`` is the workspace's id, ``store`` the id of the account that keeps, ``alarms`` the action group's."""

    logs: pulumi.Output[str]
    alarms: pulumi.Output[str]
    store: pulumi.Output[str]
    group: pulumi.Output[str]

    def __init__(self, name: str, args: AuditLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place, group = args.place, args.keys.group
        workspace = Workspace(
            f"{name}-workspace",
            resource_group_name=group,
            workspace_name=named(place, "operationalinsights:Workspace"),
            location=place.region,
            sku={"name": "PerGB2018"},
            retention_in_days=workspace_days(place.site.cluster.log_days),
            features={"disableLocalAuth": True, "enableLogAccessUsingOnlyResourcePermissions": True},
            tags=place.tags,
            opts=self.child(),
        )
        store = storage_accounts.account(self, f"{name}-store", place, args.keys, part="logs", private=False)
        ManagementPolicy(
            f"{name}-store-retention",
            resource_group_name=group,
            account_name=store.name,
            management_policy_name="default",
            policy={"rules": retention_rules(place)},
            opts=self.child(),
        )
        channel = ActionGroup(
            f"{name}-alarms",
            resource_group_name=group,
            action_group_name=named(place, "monitor:ActionGroup"),
            group_short_name="pouw",
            location="global",
            enabled=True,
            email_receivers=receivers(args.contacts),
            tags=place.tags,
            opts=self.child(),
        )
        own = [f"{subscription(place)}/resourceGroups/{group_name(where)}" for where in (place, copy_of(place))]
        rings: dict[str, Any] = {"group": group, "alarms": channel.id}
        alarms.activity(self, name, place, part="changes", scopes=own, condition=alarms.changes(), **rings)
        whole = [subscription(place)]
        alarms.activity(self, name, place, part="incidents", scopes=whole, condition=alarms.incidents(), **rings)
        self.publish(logs=workspace.id, alarms=channel.id, store=store.id, group=group)

    def write_down(
        self,
        owner: Component,
        name: str,
        resource: pulumi.Input[str],
        *,
        categories: Sequence[str] = (),
        kept: bool = True,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        """Have a resource write its log: ``categories``, or all that audits it; ``kept`` in the account, too."""
        logs = [{"category": category, "enabled": True} for category in categories]
        DiagnosticSetting(
            name,
            name="pouw",
            resource_uri=resource,
            workspace_id=self.logs,
            storage_account_id=self.store if kept else None,
            log_analytics_destination_type="Dedicated",
            logs=logs or [{"categoryGroup": "audit", "enabled": True}],
            opts=owner.child(depends_on=list(after)),
        )


def workspace_days(days: int) -> int:
    """Days that the workspace keeps, as near to ``days`` as it can."""
    least, most = _WORKSPACE_DAYS
    return min(max(days, least), most)


def retention_rules(place: Place) -> list[dict[str, Any]]:
    """Rules by which the account forgets: flow logs after their days, everything else that Azure writes after those."""
    site = place.site
    wanted = {"flows": ("insights-logs-flow", site.network.flow_log_days)}
    wanted |= {
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
        for name, (prefix, days) in wanted.items()
    ]


def receivers(contacts: Sequence[str]) -> list[dict[str, Any]]:
    """Mail receivers; the names only have to differ."""
    return [
        {"name": f"contact-{number}", "emailAddress": address, "useCommonAlertSchema": True}
        for number, address in enumerate(contacts, start=1)
    ]
