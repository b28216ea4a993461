"""Storage accounts with the site's key, without shared keys and without anonymous access."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_azure_native.storage.storage_account import StorageAccount

from infra.azure.keys import Keys
from infra.azure.physical_names import global_name
from infra.component import Component
from infra.contracts import SiteContext


def account(
    owner: Component, name: str, context: SiteContext, keys: Keys, *, part: str, private: bool
) -> StorageAccount:
    """Declare a zone-redundant account; ``part`` is in its name. Only a private one refuses Azure's services."""
    return StorageAccount(
        f"{name}-account",
        resource_group_name=keys.group,
        account_name=global_name(context, part),
        location=context.region,
        kind="StorageV2",
        sku={"name": "Standard_ZRS"},
        identity={"type": "UserAssigned", "userAssignedIdentities": [keys.reader]},
        encryption=encryption(keys),
        tags=context.tags,
        opts=owner.child(protect=context.protect),
        **access(private=private),
    )


def access(*, private: bool) -> dict[str, Any]:
    """Return the arguments that control access to an account."""
    return {
        "access_tier": "Hot",
        "allow_blob_public_access": False,
        "allow_cross_tenant_replication": False,
        "allow_shared_key_access": False,
        "default_to_o_auth_authentication": True,
        "enable_https_traffic_only": True,
        "is_local_user_enabled": False,
        "minimum_tls_version": "TLS1_2",
        "public_network_access": "Disabled" if private else "Enabled",
        "network_rule_set": {"bypass": "None" if private else "AzureServices", "defaultAction": "Deny"},
    }


def encryption(keys: Keys) -> dict[str, pulumi.Input[Any]]:
    """Return double encryption: by the newest version of the site's key, and by Azure's key below it."""
    services = {kind: {"enabled": True, "keyType": "Account"} for kind in ("blob", "file")}
    return {
        "keySource": "Microsoft.Keyvault",
        "keyVaultProperties": {"keyName": keys.key_name, "keyVaultUri": keys.vault_uri},
        "encryptionIdentity": {"encryptionUserAssignedIdentity": keys.reader},
        "requireInfrastructureEncryption": True,
        "services": services,
    }
