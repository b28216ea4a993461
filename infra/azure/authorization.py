"""Role assignments, identities and delete locks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pulumi
from pulumi_azure_native.authorization.management_lock_by_scope import ManagementLockByScope
from pulumi_azure_native.authorization.role_assignment import RoleAssignment
from pulumi_azure_native.managedidentity.user_assigned_identity import UserAssignedIdentity

from infra.azure.physical_names import compose_name, subscription
from infra.component import Component
from infra.contracts import SiteContext

ROLES: Final[Mapping[str, str]] = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Disk Encryption Set Operator for Managed Disks": "136d308c-0937-4a49-9bd7-edfb42adbffc",
    "Key Vault Contributor": "f25e0fa2-a7c8-4377-a976-54943a77a395",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
}
"""Ids of built-in roles, the same in every tenant."""


def role_id(context: SiteContext, role: str) -> str:
    """Return the id of a built-in role for an assignment."""
    return f"{subscription(context)}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}"


def identity(
    owner: Component, name: str, context: SiteContext, group: pulumi.Input[str], *parts: str
) -> UserAssignedIdentity:
    """Declare an identity; ``parts`` are in its name in Azure."""
    return UserAssignedIdentity(
        name,
        resource_group_name=group,
        resource_name_=compose_name(context, "managedidentity:UserAssignedIdentity", *parts),
        location=context.region,
        tags=context.tags,
        opts=owner.child(),
    )


def grant(
    owner: Component,
    name: str,
    *,
    role: pulumi.Input[str],
    principal: pulumi.Input[str],
    scope: pulumi.Input[str],
) -> RoleAssignment:
    """Grant ``principal`` the role (its id) on ``scope``. Azure names it, so that a successor can replace it."""
    return RoleAssignment(
        name,
        principal_id=principal,
        # Azure may not find a principal right after its creation; the type spares the look-up.
        principal_type="ServicePrincipal",
        role_definition_id=role,
        scope=scope,
        opts=owner.child(),
    )


def prevent_deletion(owner: Component, name: str, context: SiteContext, scope: pulumi.Input[str]) -> None:
    """Declare a lock, on a protected site, that prevents the deletion of ``scope`` and everything in it."""
    if context.protect:
        ManagementLockByScope(
            name,
            level="CanNotDelete",
            lock_name="pouw-keep",
            notes="Declared by pouw. To delete the resource, remove this lock first.",
            scope=scope,
            opts=owner.child(),
        )
