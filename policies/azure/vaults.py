"""Rules about key vaults, keys, secrets and disk encryption sets."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.network_access import open_exceptions
from policies.azure.references import comes_from, referrers
from policies.checks import MISSING, find, may_be, must_be, must_be_set, must_not_be_set
from policies.rule import Absence, AnyRule, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

VAULT = "azure-native:keyvault:Vault"
KEY = "azure-native:keyvault:Key"
SECRET = "azure-native:keyvault:Secret"  # noqa: S105 - a type token
REGISTRY = "azure-native:containerregistry:Registry"
DISK_SET = "azure-native:compute:DiskEncryptionSet"

_GUIDE = "https://learn.microsoft.com/en-us/azure/key-vault/"
_MINIMUM_RSA_BITS = 2048


def _check_network(vault: Resource, stack: Stack) -> Iterator[str]:
    properties = vault.props["properties"]
    if properties.get("publicNetworkAccess") == "Disabled":
        return
    if (properties.get("networkAcls") or {}).get("defaultAction") == "Deny":
        yield from open_exceptions(vault.props, "properties.networkAcls.ipRules[*].value")
    elif not _serves_registry(vault, stack):
        yield (
            "properties.networkAcls.defaultAction: every network may connect; got another action than Deny; expected "
            "Deny"
        )


def _serves_registry(vault: Resource, stack: Stack) -> bool:
    """True if the vault contains only a registry's key. A new registry cannot reach a vault behind a firewall."""
    keys = referrers(vault, stack, (KEY,), "vaultName", by="vaultName")
    registry_keys = {urn for resource in stack.of_type(REGISTRY) for urn in resource.references.get("encryption", ())}
    secrets = referrers(vault, stack, (SECRET,), "vaultName", by="vaultName")
    return bool(keys) and all(key.urn in registry_keys for key in keys) and not secrets


def _check_rotation(props: Props) -> Iterator[str]:
    actions = [kind for _, kind in find(props, "properties.rotationPolicy.lifetimeActions[*].action.type")]
    if not any(isinstance(kind, str) and kind.lower() == "rotate" for kind in actions):
        yield (
            "properties.rotationPolicy.lifetimeActions: the key is never rotated; got no action of type rotate; "
            "expected one"
        )


def _check_expiry(props: Props) -> Iterator[str]:
    paths = ("properties.attributes.expires", "properties.rotationPolicy.attributes.expiryTime")
    if all(value is MISSING for path in paths for _, value in find(props, path)):
        yield (
            "properties.attributes.expires: the key never expires; got nothing; expected a date, or expiryTime in the "
            "rotation policy"
        )


def _check_key_size(props: Props) -> Iterator[str]:
    properties = props["properties"]
    if (
        str(properties.get("kty", "RSA")).startswith("RSA")
        and float(properties.get("keySize") or 2048) < _MINIMUM_RSA_BITS
    ):
        yield (
            f"properties.keySize: is too low; got {float(properties['keySize']):g}; expected at least "
            f"{_MINIMUM_RSA_BITS}"
        )


def _check_active_key(disk_set: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(disk_set, stack, "activeKey", (KEY,)):
        yield from must_be_set("activeKey.keyUrl")(disk_set.props)
    yield from must_be("rotationToLatestKeyVersionEnabled", True)(disk_set.props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-keyvault-vault-require-roles",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anyone who may write the vault can grant itself access to all its secrets.",
        remedy="Set properties.enableRbacAuthorization: true, and assign roles.",
        reference=_GUIDE + "general/rbac-guide",
        check=must_be("properties.enableRbacAuthorization", True),
    ),
    Rule(
        id="azure-keyvault-vault-deny-access-policies",
        types=(VAULT,),
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="Access policies that roles override become active again when role-based access is disabled.",
        remedy="Remove properties.accessPolicies.",
        reference=_GUIDE + "general/rbac-migration",
        check=must_not_be_set("properties.accessPolicies"),
    ),
    Rule(
        id="azure-keyvault-vault-require-purge-protection",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="All data under a purged key is lost.",
        remedy="Set properties.enablePurgeProtection: true.",
        reference=_GUIDE + "general/soft-delete-overview",
        check=must_be("properties.enablePurgeProtection", True),
    ),
    Rule(
        id="azure-keyvault-vault-require-softdelete",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A key deleted by mistake is lost immediately, with all data under it.",
        remedy="Set properties.enableSoftDelete: true, or remove it.",
        reference=_GUIDE + "general/soft-delete-overview",
        check=may_be("properties.enableSoftDelete", True),
    ),
    StackRule(
        id="azure-keyvault-vault-deny-open-network",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A leaked token can read the vault from anywhere.",
        remedy=(
            "Set properties.publicNetworkAccess: Disabled, or properties.networkAcls.defaultAction: Deny. The vault "
            "of a registry is exempt."
        ),
        reference=_GUIDE + "general/network-security",
        check=_check_network,
    ),
    Rule(
        id="azure-keyvault-key-require-rotation",
        types=(KEY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The longer a key is in use, the more data a leak of the key exposes.",
        remedy="Add a lifetime action of type rotate to properties.rotationPolicy.",
        reference=_GUIDE + "keys/how-to-configure-key-rotation",
        check=_check_rotation,
    ),
    Rule(
        id="azure-keyvault-key-require-expiry",
        types=(KEY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A leaked key version without expiry remains usable forever.",
        remedy="Set properties.attributes.expires, or expiryTime in properties.rotationPolicy.attributes.",
        reference=_GUIDE + "keys/about-keys-details",
        check=_check_expiry,
    ),
    Rule(
        id="azure-keyvault-key-require-strength",
        types=(KEY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Short RSA keys can be broken with affordable computing power.",
        remedy=f"Set properties.keySize to at least {_MINIMUM_RSA_BITS}.",
        reference=_GUIDE + "keys/about-keys",
        check=_check_key_size,
    ),
    Rule(
        id="azure-keyvault-secret-require-expiry",
        types=(SECRET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A secret without expiry is never rotated.",
        remedy="Set properties.attributes.expires.",
        reference=_GUIDE + "secrets/about-secrets",
        check=must_be_set("properties.attributes.expires"),
    ),
    StackRule(
        id="azure-compute-diskset-require-newest-key",
        types=(DISK_SET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Disks keep using the old key version long after the key was rotated.",
        remedy="Set activeKey.keyUrl, and rotationToLatestKeyVersionEnabled: true.",
        reference="https://learn.microsoft.com/en-us/azure/virtual-machines/disk-encryption",
        check=_check_active_key,
    ),
)
