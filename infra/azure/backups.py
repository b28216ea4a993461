"""Backups of the site: versioned, immutable for their retention, encrypted, with a copy in another region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.storage.blob_container import BlobContainer
from pulumi_azure_native.storage.blob_container_immutability_policy import BlobContainerImmutabilityPolicy
from pulumi_azure_native.storage.blob_service_properties import BlobServiceProperties
from pulumi_azure_native.storage.object_replication_policy import ObjectReplicationPolicy
from pulumi_azure_native.storage.storage_account import StorageAccount

from infra.azure import storage_accounts
from infra.azure.alarms import Alarms
from infra.azure.audit_logs import AuditLogs
from infra.azure.authorization import prevent_deletion
from infra.azure.keys import Keys, KeysArgs
from infra.azure.physical_names import copy_of
from infra.azure.settings import AzureSite
from infra.component import Component
from infra.contracts import SiteContext

CONTAINER: Final = "backups"


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """The backups of one site."""

    context: SiteContext[AzureSite]
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms


@dataclass(frozen=True, kw_only=True)
class _Store:
    """The account and the container of one region; ``ready`` lists the resources that replication needs."""

    account: StorageAccount
    container: BlobContainer
    ready: list[pulumi.Resource]


class Backups(Component, token="pouw:azure:Backups"):
    """Two containers, the second with a vault and a key in its own region.

    Outputs: ``bucket`` and ``copy``, the containers' addresses; ``account``, the id of the first container's account;
    ``scope``, the id of the first container.
    """

    bucket: pulumi.Output[str]
    copy: pulumi.Output[str]
    account: pulumi.Output[str]
    scope: pulumi.Output[str]

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        copy_context = copy_of(context)
        keys = Keys(f"{name}-copy-keys", KeysArgs(context=copy_context), self.child())
        source = self._store(name, context, args.keys)
        target = self._store(f"{name}-copy", copy_context, keys)
        for part, store in ((name, source), (f"{name}-copy", target)):
            blobs = pulumi.Output.concat(store.account.id, "/blobServices/default")
            # An account accepts logs only from its own region, so the copy's logs are only in the workspace.
            args.audit_logs.collect(self, f"{part}-audit", blobs, archived=store is source, after=store.ready)
        args.audit_logs.collect(self, f"{name}-copy-vault-audit", keys.vault, archived=False)
        rules = [{"sourceContainer": CONTAINER, "destinationContainer": CONTAINER}]
        accounts = {"source_account": source.account.id, "destination_account": target.account.id}
        # The target assigns the ids of the policy and of its rules; the source repeats them.
        received = ObjectReplicationPolicy(
            f"{name}-received",
            resource_group_name=keys.group,
            account_name=target.account.name,
            object_replication_policy_id="default",
            rules=rules,
            opts=self.child(depends_on=[*source.ready, *target.ready]),
            **accounts,
        )
        ObjectReplicationPolicy(
            f"{name}-sent",
            resource_group_name=args.keys.group,
            account_name=source.account.name,
            object_replication_policy_id=received.policy_id,
            rules=received.rules.apply(repeated),
            opts=self.child(),
            **accounts,
        )
        self.publish(
            bucket=address(source),
            copy=address(target),
            account=source.account.id,
            scope=source.container.id,
        )

    def _store(self, name: str, context: SiteContext, keys: Keys) -> _Store:
        account = storage_accounts.account(self, name, context, keys, part="backups", private=True)
        service = BlobServiceProperties(
            f"{name}-service",
            resource_group_name=keys.group,
            account_name=account.name,
            blob_services_name="default",
            opts=self.child(),
            **protection(context.site.backups.retention_days),
        )
        container = BlobContainer(
            f"{name}-container",
            resource_group_name=keys.group,
            account_name=account.name,
            container_name=CONTAINER,
            public_access="None",
            opts=self.child(depends_on=[service]),
        )
        lock = BlobContainerImmutabilityPolicy(
            f"{name}-immutability",
            resource_group_name=keys.group,
            account_name=account.name,
            container_name=container.name,
            immutability_policy_name="default",
            immutability_period_since_creation_in_days=context.site.backups.retention_days,
            allow_protected_append_writes=False,
            opts=self.child(),
        )
        prevent_deletion(self, f"{name}-lock", context, account.id)
        return _Store(account=account, container=container, ready=[service, container, lock])


def protection(days: int) -> dict[str, Any]:
    """Return arguments of an account's blob service: versions, a change feed for replication, and soft delete."""
    retained = {"enabled": True, "days": min(days, 365)}
    return {
        "is_versioning_enabled": True,
        "change_feed": {"enabled": True, "retentionInDays": days},
        "delete_retention_policy": retained,
        "container_delete_retention_policy": retained,
    }


def address(store: _Store) -> pulumi.Output[str]:
    """Return the address of a store's container."""
    return pulumi.Output.concat(store.account.primary_endpoints.blob, CONTAINER)


def repeated(rules: list[Any] | None) -> list[dict[str, Any]]:
    """Return the target's rules in the form that the source expects."""
    return [
        {
            "ruleId": rule.rule_id,
            "sourceContainer": rule.source_container,
            "destinationContainer": rule.destination_container,
        }
        for rule in rules or []
    ]
