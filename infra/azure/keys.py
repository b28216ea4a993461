"""The site's encryption key, in a vault that only private endpoints and Azure's services reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.keyvault.key import Key
from pulumi_azure_native.keyvault.vault import Vault
from pulumi_azure_native.resources.resource_group import ResourceGroup

from infra.azure.authorization import grant, identity, role_id
from infra.azure.physical_names import compose_name, global_name, group_name
from infra.azure.settings import AzureSite
from infra.component import Component
from infra.contracts import SiteContext

_OPERATIONS: Final = ("encrypt", "decrypt", "wrapKey", "unwrapKey")


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """The key of one site in one region."""

    context: SiteContext[AzureSite]


class Keys(Component, token="pouw:azure:Keys"):
    """A resource group, a vault with a key, and the identity by which Azure's services use the key.

    Outputs: ``key``, its address without a version; ``key_version``, the address of its newest version; ``reader``, the
    identity's id.
    """

    key: pulumi.Output[str]
    key_version: pulumi.Output[str]
    key_name: pulumi.Output[str]
    vault: pulumi.Output[str]
    vault_uri: pulumi.Output[str]
    group: pulumi.Output[str]
    reader: pulumi.Output[str]

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        group = ResourceGroup(
            f"{name}-group",
            resource_group_name=group_name(context),
            location=context.region,
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        vault, key = vault_and_key(self, name, context, group.name, part="keys", private=True)
        reader = identity(self, f"{name}-reader", context, group.name, context.region, "key-reader")
        granted = grant(
            self,
            f"{name}-reader-grant",
            role=role_id(context, "Key Vault Crypto Service Encryption User"),
            principal=reader.principal_id,
            scope=vault.id,
        )
        self.publish(
            key=key.key_uri,
            key_version=key.key_uri_with_version,
            key_name=key.name,
            vault=vault.id,
            vault_uri=vault.properties.vault_uri,
            group=group.name,
            # Resources that encrypt by this identity wait for its permission.
            reader=pulumi.Output.all(reader.id, granted.id).apply(lambda ids: ids[0]),
        )


def vault_and_key(
    owner: Component, name: str, context: SiteContext[AzureSite], group: pulumi.Input[str], *, part: str, private: bool
) -> tuple[Vault, Key]:
    """Declare a vault with an encryption key; ``part`` is in the vault's name."""
    vault = Vault(
        f"{name}-vault",
        resource_group_name=group,
        vault_name=global_name(context, part),
        location=context.region,
        properties=vault_properties(context, private=private),
        tags=context.tags,
        opts=owner.child(protect=context.protect),
    )
    key = Key(
        f"{name}-key",
        resource_group_name=group,
        vault_name=vault.name,
        key_name=compose_name(context, "keyvault:Key", "encryption"),
        properties=key_properties(),
        tags=context.tags,
        opts=owner.child(protect=context.protect),
    )
    return vault, key


def vault_properties(context: SiteContext[AzureSite], *, private: bool) -> dict[str, Any]:
    """Return the properties of a vault. One that is not private still requires a role of its callers."""
    return {
        "tenantId": context.site.tenant,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        # Azure requires it for keys that encrypt disks, storage and registries.
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 90 if context.production else 7,
        "publicNetworkAccess": "Disabled" if private else "Enabled",
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny" if private else "Allow"},
    }


def key_properties() -> dict[str, Any]:
    """Return an RSA key that rotates every year; a version expires after two years, with a notification before."""
    return {
        "kty": "RSA",
        "keySize": 3072,
        "keyOps": list(_OPERATIONS),
        "rotationPolicy": {
            "attributes": {"expiryTime": "P2Y"},
            "lifetimeActions": [
                {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P1Y"}},
                {"action": {"type": "notify"}, "trigger": {"timeBeforeExpiry": "P30D"}},
            ],
        },
    }
