"""Vaults with what is in them: keys and secrets."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.openings import admitted
from policies.azure.relations import about, comes_from
from policies.checks import MISSING, find, may_be, must_be, must_be_set, must_not_be_set
from policies.rule import Absence, AnyRule, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

VAULT = "azure-native:keyvault:Vault"
KEY = "azure-native:keyvault:Key"
HELD = "azure-native:keyvault:Secret"
REGISTRY = "azure-native:containerregistry:Registry"
DISK_SET = "azure-native:compute:DiskEncryptionSet"

_GUIDE = "https://learn.microsoft.com/en-us/azure/key-vault/"
_LEAST_RSA = 2048


def _is_open(vault: Resource, stack: Stack) -> Iterator[str]:
    properties = vault.props["properties"]
    if properties.get("publicNetworkAccess") == "Disabled":
        return
    if (properties.get("networkAcls") or {}).get("defaultAction") == "Deny":
        yield from admitted(vault.props, "properties.networkAcls.ipRules[*].value")
    elif not _serves_registry(vault, stack):
        yield "properties.networkAcls.defaultAction: is not Deny, and every network may ask"


def _serves_registry(vault: Resource, stack: Stack) -> bool:
    """Whether it holds a registry's key and nothing else: a registry reaches no vault behind a firewall that early."""
    keys = about(vault, stack, (KEY,), "vaultName", by="vaultName")
    used = {urn for one in stack.of(REGISTRY) for urn in one.refers.get("encryption", ())}
    secrets = about(vault, stack, (HELD,), "vaultName", by="vaultName")
    return bool(keys) and all(one.urn in used for one in keys) and not secrets


def _never_rotates(props: Props) -> Iterator[str]:
    actions = [kind for _, kind in find(props, "properties.rotationPolicy.lifetimeActions[*].action.type")]
    if not any(isinstance(kind, str) and kind.lower() == "rotate" for kind in actions):
        yield "properties.rotationPolicy.lifetimeActions: none rotates the key"


def _never_ends(props: Props) -> Iterator[str]:
    paths = ("properties.attributes.expires", "properties.rotationPolicy.attributes.expiryTime")
    if all(value is MISSING for path in paths for _, value in find(props, path)):
        yield "properties.attributes.expires: is missing, and no rotation sets it"


def _is_weak(props: Props) -> Iterator[str]:
    properties = props["properties"]
    if str(properties.get("kty", "RSA")).startswith("RSA") and float(properties.get("keySize") or 2048) < _LEAST_RSA:
        yield f"properties.keySize: must be at least {_LEAST_RSA}"


def _keeps_old_version(disks: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(disks, stack, "activeKey", (KEY,)):
        yield from must_be_set("activeKey.keyUrl")(disks.props)
    yield from must_be("rotationToLatestKeyVersionEnabled", True)(disks.props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-keyvault-vault-require-roles",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever may write the vault writes an access policy for himself, and reads everything in it.",
        remedy="Set properties.enableRbacAuthorization: true and assign roles.",
        reference=_GUIDE + "general/rbac-guide",
        check=must_be("properties.enableRbacAuthorization", True),
    ),
    Rule(
        id="azure-keyvault-vault-deny-access-policies",
        types=(VAULT,),
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="Policies that roles overrule come back to life with the setting that silenced them.",
        remedy="Leave properties.accessPolicies out.",
        reference=_GUIDE + "general/rbac-migration",
        check=must_not_be_set("properties.accessPolicies"),
    ),
    Rule(
        id="azure-keyvault-vault-require-purge-protection",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A purged key takes everything with it that is encrypted under it.",
        remedy="Set properties.enablePurgeProtection: true.",
        reference=_GUIDE + "general/soft-delete-overview",
        check=must_be("properties.enablePurgeProtection", True),
    ),
    Rule(
        id="azure-keyvault-vault-require-softdelete",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A key that was deleted by mistake is gone at once.",
        remedy="Set properties.enableSoftDelete: true, or leave it out.",
        reference=_GUIDE + "general/soft-delete-overview",
        check=may_be("properties.enableSoftDelete", True),
    ),
    StackRule(
        id="azure-keyvault-vault-deny-open-network",
        types=(VAULT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever gets hold of a token asks the vault from anywhere.",
        remedy="Set publicNetworkAccess: Disabled or a default of Deny; the vault of a registry is exempt.",
        reference=_GUIDE + "general/network-security",
        check=_is_open,
    ),
    Rule(
        id="azure-keyvault-key-require-rotation",
        types=(KEY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A key that nobody replaces protects ever more, and one leak opens all of it.",
        remedy="Add a lifetime action of type rotate to properties.rotationPolicy.",
        reference=_GUIDE + "keys/how-to-configure-key-rotation",
        check=_never_rotates,
    ),
    Rule(
        id="azure-keyvault-key-require-expiry",
        types=(KEY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A version that never ends is used for ever by whoever got hold of it.",
        remedy="Set properties.attributes.expires, or expiryTime in the attributes of the rotation policy.",
        reference=_GUIDE + "keys/about-keys-details",
        check=_never_ends,
    ),
    Rule(
        id="azure-keyvault-key-require-strength",
        types=(KEY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Shorter RSA keys are within reach of whoever has enough machines.",
        remedy=f"Set properties.keySize to {_LEAST_RSA} or more.",
        reference=_GUIDE + "keys/about-keys",
        check=_is_weak,
    ),
    Rule(
        id="azure-keyvault-secret-require-expiry",
        types=(HELD,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A secret that never ends is never changed.",
        remedy="Set properties.attributes.expires.",
        reference=_GUIDE + "secrets/about-secrets",
        check=must_be_set("properties.attributes.expires"),
    ),
    StackRule(
        id="azure-compute-diskset-require-newest-key",
        types=(DISK_SET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Disks stay under the version of the key that they were made with, long after it was replaced.",
        remedy="Name a key in activeKey, and set rotationToLatestKeyVersionEnabled: true.",
        reference="https://learn.microsoft.com/en-us/azure/virtual-machines/disk-encryption",
        check=_keeps_old_version,
    ),
)
