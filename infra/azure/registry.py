"""The site's image registry: no password, no anonymous pull, a key of its own, clean-up of untagged images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.containerregistry.registry import Registry as ContainerRegistry

from infra.azure.authorization import grant, identity, prevent_deletion, role_id
from infra.azure.keys import Keys, vault_and_key
from infra.azure.physical_names import compose_name, global_name, group_name, subscription
from infra.azure.settings import AzureSite
from infra.component import Component
from infra.contracts import SiteContext

_UNTAGGED_DAYS: Final = 7
_READER: Final = "registry-reader"


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """The registry of one site; ``repository`` names the images in it."""

    context: SiteContext[AzureSite]
    keys: Keys
    repository: str


class Registry(Component, token="pouw:azure:Registry"):
    """A private registry. Outputs: ``repository``, its address; ``registry``, its id; ``vault``, the id of its vault.

    Its key has a separate vault. A registry reaches a vault behind a firewall only by a system identity, which Azure
    creates with the registry, too late for its encryption. Only the registry's identity has a role on that vault.
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
        options = self.child(protect=context.protect)
        options.depends_on = [granted]
        registry = ContainerRegistry(
            f"{name}-registry",
            resource_group_name=group,
            registry_name=global_name(context, "images"),
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
        prevent_deletion(self, f"{name}-lock", context, registry.id)
        self.publish(
            repository=pulumi.Output.concat(registry.login_server, "/", args.repository),
            registry=registry.id,
            vault=vault.id,
        )


def access(context: SiteContext) -> dict[str, Any]:
    """Return the access from outside the network: the API server's allow-list may push; without one, no access."""
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
    """Return the policies: untagged images are deleted, and a private registry permits no export of images."""
    settings: dict[str, Any] = {"retentionPolicy": {"status": "enabled", "days": _UNTAGGED_DAYS}}
    if not context.site.cluster.api_allow_from:
        settings["exportPolicy"] = {"status": "disabled"}
    return settings


def reader_id(context: SiteContext) -> str:
    """Return the id of the registry's identity. It is a key of a mapping, so it must be known in advance."""
    name = compose_name(context, "managedidentity:UserAssignedIdentity", _READER)
    group = f"{subscription(context)}/resourceGroups/{group_name(context)}"
    return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
