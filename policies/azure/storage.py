"""Storage accounts: who reaches them, and under which key they are."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.openings import admitted
from policies.azure.relations import DIAGNOSTICS
from policies.checks import may_be, must_be, must_match, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ACCOUNT = "azure-native:storage:StorageAccount"
CONTAINER = "azure-native:storage:BlobContainer"
FLOW_LOG = "azure-native:network:FlowLog"

_GUIDE = "https://learn.microsoft.com/en-us/azure/storage/common/"


def _is_open(props: Props) -> Iterator[str]:
    if props.get("publicNetworkAccess") == "Disabled":
        return
    if (props.get("networkRuleSet") or {}).get("defaultAction") != "Deny":
        yield "networkRuleSet.defaultAction: is not Deny, and every network may connect"
    yield from admitted(props, "networkRuleSet.ipRules[*].iPAddressOrRange")


def _has_public_address(account: Resource, stack: Stack) -> Iterator[str]:
    # Azure delivers logs to none that has no public address.
    if not stack.pointing_at(account, (DIAGNOSTICS, FLOW_LOG), "storageAccountId", "storageId"):
        yield from must_be("publicNetworkAccess", "Disabled", "SecuredByPerimeter")(account.props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-storage-account-require-https",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Over plain HTTP anybody on the way reads keys and content.",
        remedy="Set enableHttpsTrafficOnly: true, or leave it out.",
        reference=_GUIDE + "storage-require-secure-transfer",
        check=may_be("enableHttpsTrafficOnly", True),
    ),
    Rule(
        id="azure-storage-account-require-tls12",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The account takes TLS 1.0 unless told otherwise, whose weaknesses are known.",
        remedy="Set minimumTlsVersion: TLS1_2.",
        reference=_GUIDE + "transport-layer-security-configure-minimum-version",
        check=must_be("minimumTlsVersion", "TLS1_2", "TLS1_3"),
    ),
    Rule(
        id="azure-storage-account-deny-public-blobs",
        types=(ACCOUNT,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="While the account allows it, one setting on a container gives its content to everybody.",
        remedy="Set allowBlobPublicAccess: false.",
        reference="https://learn.microsoft.com/en-us/azure/storage/blobs/anonymous-read-access-prevent",
        check=must_be("allowBlobPublicAccess", False),
    ),
    Rule(
        id="azure-storage-container-deny-public",
        types=(CONTAINER,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Everybody reads what is in a public container.",
        remedy="Set publicAccess: None.",
        reference="https://learn.microsoft.com/en-us/azure/storage/blobs/anonymous-read-access-configure",
        check=must_not_be("publicAccess", "Blob", "Container"),
    ),
    Rule(
        id="azure-storage-account-deny-shared-key",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A shared key opens everything in the account, and no log says whose hand it was in.",
        remedy="Set allowSharedKeyAccess: false and give roles.",
        reference=_GUIDE + "shared-key-authorization-prevent",
        check=must_be("allowSharedKeyAccess", False),
    ),
    Rule(
        id="azure-storage-account-require-entra-default",
        types=(ACCOUNT,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="The portal goes by the account's key unless it is told to go by the user's own role.",
        remedy="Set defaultToOAuthAuthentication: true.",
        reference=_GUIDE + "authorize-data-access",
        check=must_be("defaultToOAuthAuthentication", True),
    ),
    Rule(
        id="azure-storage-account-deny-open-network",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever gets hold of a token uses it from anywhere.",
        remedy="Set publicNetworkAccess: Disabled, or networkRuleSet.defaultAction: Deny.",
        reference=_GUIDE + "storage-network-security",
        check=_is_open,
    ),
    StackRule(
        id="azure-storage-account-deny-public-address",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Rules of a public address are edited one by one; a private endpoint leaves nothing to edit.",
        remedy="Set publicNetworkAccess: Disabled; an account that takes logs is exempt.",
        reference=_GUIDE + "storage-private-endpoints",
        check=_has_public_address,
    ),
    Rule(
        id="azure-storage-account-require-own-key",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Microsoft's key cannot be taken away from whoever may read the account.",
        remedy="Set encryption.keySource: Microsoft.Keyvault, with a key and an identity that may use it.",
        reference=_GUIDE + "customer-managed-keys-overview",
        check=must_be("encryption.keySource", "Microsoft.Keyvault"),
    ),
    Rule(
        id="azure-storage-account-require-double-encryption",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="One broken algorithm or one leaked key lays the content open, and it cannot be turned on later.",
        remedy="Set encryption.requireInfrastructureEncryption: true.",
        reference=_GUIDE + "infrastructure-encryption-enable",
        check=must_be("encryption.requireInfrastructureEncryption", True),
    ),
    Rule(
        id="azure-storage-account-deny-foreign-replication",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A replication policy then copies everything into an account of somebody else's directory.",
        remedy="Set allowCrossTenantReplication: false.",
        reference="https://learn.microsoft.com/en-us/azure/storage/blobs/object-replication-prevent-cross-tenant-policies",
        check=must_be("allowCrossTenantReplication", False),
    ),
    Rule(
        id="azure-storage-account-deny-local-users",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Local users of SFTP have passwords that no directory knows of.",
        remedy="Set isSftpEnabled: false, or leave it out.",
        reference="https://learn.microsoft.com/en-us/azure/storage/blobs/secure-file-transfer-protocol-support",
        check=must_not_be("isSftpEnabled", True),
    ),
    Rule(
        id="azure-storage-account-require-redundancy",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Three copies in one building are lost with the building.",
        remedy="Set sku.name to a kind with ZRS, GRS or GZRS.",
        reference=_GUIDE + "storage-redundancy",
        check=must_match("sku.name", r".*_(RA)?(ZRS|GRS|GZRS)", "a kind with ZRS, GRS or GZRS"),
    ),
)
