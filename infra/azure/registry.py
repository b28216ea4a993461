"""A private registry: no password, no anonymous pull, own key, nothing kept that has no tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.containerregistry.registry import Registry as ContainerRegistry

from infra.azure.keys import Keys, vault_and_key
from infra.azure.physical_names import group_name, named, subscription, worldwide
from infra.azure.roles import grant, guard, identity, kept, role_id
from infra.component import Component
from infra.contracts import SiteContext

_UNTAGGED_DAYS: Final = 7
_READER: Final = "registry-reader"


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """What the repository is called."""

    context: SiteContext
    keys: Keys
    repository: str


class Registry(Component, token="pouw:azure:Registry"):
    """A registry. ``registry`` is its id, ``vault`` that of its key's vault.

    Its key has a vault of its own: a registry reaches a vault behind a firewall by an identity that exists only once
    the registry does, too late to encrypt by. That vault answers nobody but the registry's identity either.
    """

    repository: pulumi.Output[str]
    registry: pulumi.Output[str]
    vault: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, group = args.context, args.keys.group
        vault, key = vault_and_key(self, name, context, group, part="registry", private=False)
        reader = identity(self, f"{name}-reader", context, group, _READER)
        granted = grant(
            self,
            f"{name}-reader-grant",
            role=role_id(context, "Key Vault Crypto Service Encryption User"),
            principal=reader.principal_id,
            scope=vault.id,
        )
        options = kept(self, context)
        options.depends_on = [granted]
        registry = ContainerRegistry(
            f"{name}-registry",
            resource_group_name=group,
            registry_name=worldwide(context, "images"),
            location=context.region,
            sku={"name": "Premium"},
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            data_endpoint_enabled=True,
            zone_redundancy="Enabled",
            identity={"type": "UserAssigned", "userAssignedIdentities": {reader_id(context): {}}},
            encryption={
                "status": "enabled",
                "keyVaultProperties": {"keyIdentifier": key.key_uri, "identity": reader.client_id},
            },
            policies=policies(context),
            tags=context.tags,
            opts=options,
            **access(context),
        )
        guard(self, f"{name}-lock", context, registry.id)
        self.publish(
            repository=pulumi.Output.concat(registry.login_server, "/", args.repository),
            registry=registry.id,
            vault=vault.id,
        )


def access(context: SiteContext) -> dict[str, Any]:
    """Who reaches the registry from outside the network: whoever reaches the API server, to push; else nobody."""
    ranges = context.site.cluster.api_allow_from
    if not ranges:
        return {"public_network_access": "Disabled", "network_rule_bypass_options": "AzureServices"}
    return {
        "public_network_access": "Enabled",
        "network_rule_bypass_options": "AzureServices",
        "network_rule_set": {
            "defaultAction": "Deny",
            "ipRules": [{"action": "Allow", "iPAddressOrRange": cidr} for cidr in ranges],
        },
    }


def policies(context: SiteContext) -> dict[str, Any]:
    """What the registry does by itself: forget what has no tag, and let no image be copied out of a private network."""
    found: dict[str, Any] = {"retentionPolicy": {"status": "enabled", "days": _UNTAGGED_DAYS}}
    if not context.site.cluster.api_allow_from:
        found["exportPolicy"] = {"status": "disabled"}
    return found


def reader_id(context: SiteContext) -> str:
    """Id of the registry's identity: a key of a mapping, so it must be known before the identity is."""
    name = named(context, "managedidentity:UserAssignedIdentity", _READER)
    group = f"{subscription(context)}/resourceGroups/{group_name(context)}"
    return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
