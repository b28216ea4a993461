"""Identities of the site's workloads: Azure accepts tokens of the cluster, so no secret key exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native.authorization.role_definition import RoleDefinition
from pulumi_azure_native.managedidentity.federated_identity_credential import FederatedIdentityCredential

from infra.azure.authorization import grant, identity, role_id
from infra.azure.backups import Backups
from infra.azure.cluster import Cluster
from infra.azure.keys import Keys
from infra.azure.physical_names import group_name, subscription
from infra.azure.registry import Registry
from infra.component import Component
from infra.contracts import PodIdentity, SiteContext
from infra.identities import BACKUP, SERVICE_ACCOUNTS
from infra.naming import NAMESPACE

POD: Final = PodIdentity(labels={"azure.workload.identity/use": "true"}, cidr="0.0.0.0/0", port=443)
"""AKS mounts a token into pods with the label. Microsoft Entra ID, which accepts it, has no fixed addresses."""
_BLOBS: Final = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
BACKUP_ACTIONS: Final = (f"{_BLOBS}/read", f"{_BLOBS}/add/action")
"""Permissions to read objects and to add new ones, not to overwrite or delete them."""


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """The workloads of one cluster."""

    context: SiteContext
    keys: Keys
    cluster: Cluster
    registry: Registry
    backups: Backups


class Identity(Component, token="pouw:azure:Identity"):
    """One identity per workload, and the machines' permission to pull images. Output: ``annotations`` by workload."""

    annotations: pulumi.Output[Mapping[str, Mapping[str, str]]]

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, group = args.context, args.keys.group
        pull = role_id(context, "AcrPull")
        grant(self, f"{name}-pull", role=pull, principal=args.cluster.puller, scope=args.registry.registry)
        backup = identity(self, f"{name}-{BACKUP}", context, group, BACKUP)
        FederatedIdentityCredential(
            f"{name}-{BACKUP}-trust",
            resource_group_name=group,
            resource_name_=backup.name,
            federated_identity_credential_resource_name="cluster",
            issuer=args.cluster.issuer,
            subject=subject(BACKUP),
            audiences=["api://AzureADTokenExchange"],
            opts=self.child(),
        )
        scope = f"{subscription(context)}/resourceGroups/{group_name(context)}"
        role = RoleDefinition(
            f"{name}-{BACKUP}-role",
            role_name=f"{group_name(context)}-{BACKUP}",
            role_type="CustomRole",
            description="Adds backups and reads them; neither overwrites nor deletes.",
            scope=scope,
            assignable_scopes=[scope],
            permissions=[{"actions": [], "dataActions": list(BACKUP_ACTIONS)}],
            opts=self.child(),
        )
        grant(self, f"{name}-{BACKUP}-grant", role=role.id, principal=backup.principal_id, scope=args.backups.scope)
        self.publish(annotations={BACKUP: {"azure.workload.identity/client-id": backup.client_id}})


def subject(workload: str) -> str:
    """Return the subject of the tokens that a workload's identity trusts."""
    return f"system:serviceaccount:{NAMESPACE}:{SERVICE_ACCOUNTS[workload]}"
