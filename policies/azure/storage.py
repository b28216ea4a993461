"""Rules about storage accounts: network access, keys and encryption."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.network_access import open_exceptions
from policies.azure.references import DIAGNOSTICS
from policies.checks import may_be, must_be, must_match, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ACCOUNT = "azure-native:storage:StorageAccount"
CONTAINER = "azure-native:storage:BlobContainer"
FLOW_LOG = "azure-native:network:FlowLog"

_GUIDE = "https://learn.microsoft.com/en-us/azure/storage/common/"


def _check_network(props: Props) -> Iterator[str]:
    if props.get("publicNetworkAccess") == "Disabled":
        return
    if (props.get("networkRuleSet") or {}).get("defaultAction") != "Deny":
        yield "networkRuleSet.defaultAction: every network may connect; got another action than Deny; expected Deny"
    yield from open_exceptions(props, "networkRuleSet.ipRules[*].iPAddressOrRange")


def _check_public_address(account: Resource, stack: Stack) -> Iterator[str]:
    # Azure delivers logs only to accounts with a public address.
    if not stack.referrers(account, (DIAGNOSTICS, FLOW_LOG), "storageAccountId", "storageId"):
        yield from must_be("publicNetworkAccess", "Disabled", "SecuredByPerimeter")(account.props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-storage-account-require-https",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Over plain HTTP, anyone on the network path can read keys and data.",
        remedy="Set enableHttpsTrafficOnly: true, or remove it.",
        reference=_GUIDE + "storage-require-secure-transfer",
        check=may_be("enableHttpsTrafficOnly", True),
    ),
    Rule(
        id="azure-storage-account-require-tls12",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="By default the account accepts TLS 1.0, which has known attacks.",
        remedy="Set minimumTlsVersion: TLS1_2.",
        reference=_GUIDE + "transport-layer-security-configure-minimum-version",
        check=must_be("minimumTlsVersion", "TLS1_2", "TLS1_3"),
    ),
    Rule(
        id="azure-storage-account-deny-public-blobs",
        types=(ACCOUNT,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="While the account allows it, one setting on a container makes its data public.",
        remedy="Set allowBlobPublicAccess: false.",
        reference="https://learn.microsoft.com/en-us/azure/storage/blobs/anonymous-read-access-prevent",
        check=must_be("allowBlobPublicAccess", False),
    ),
    Rule(
        id="azure-storage-container-deny-public",
        types=(CONTAINER,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Anyone can read the data of a public container.",
        remedy="Set publicAccess: None.",
        reference="https://learn.microsoft.com/en-us/azure/storage/blobs/anonymous-read-access-configure",
        check=must_not_be("publicAccess", "Blob", "Container"),
    ),
    Rule(
        id="azure-storage-account-deny-shared-key",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A shared key grants access to all data, and no log identifies its users.",
        remedy="Set allowSharedKeyAccess: false, and assign roles.",
        reference=_GUIDE + "shared-key-authorization-prevent",
        check=must_be("allowSharedKeyAccess", False),
    ),
    Rule(
        id="azure-storage-account-require-entra-default",
        types=(ACCOUNT,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="By default the portal uses the account key instead of the user's role.",
        remedy="Set defaultToOAuthAuthentication: true.",
        reference=_GUIDE + "authorize-data-access",
        check=must_be("defaultToOAuthAuthentication", True),
    ),
    Rule(
        id="azure-storage-account-deny-open-network",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A leaked token works from anywhere.",
        remedy="Set publicNetworkAccess: Disabled, or networkRuleSet.defaultAction: Deny.",
        reference=_GUIDE + "storage-network-security",
        check=_check_network,
    ),
    StackRule(
        id="azure-storage-account-deny-public-address",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Firewall rules of a public address change over time. A private endpoint has no rules to get wrong.",
        remedy="Set publicNetworkAccess: Disabled. An account that receives logs is exempt.",
        reference=_GUIDE + "storage-private-endpoints",
        check=_check_public_address,
    ),
    Rule(
        id="azure-storage-account-require-own-key",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Access to data under a Microsoft-managed key cannot be revoked.",
        remedy="Set encryption.keySource: Microsoft.Keyvault, with a key and an identity that may use it.",
        reference=_GUIDE + "customer-managed-keys-overview",
        check=must_be("encryption.keySource", "Microsoft.Keyvault"),
    ),
    Rule(
        id="azure-storage-account-require-double-encryption",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="One broken algorithm or leaked key exposes the data. The setting cannot be enabled later.",
        remedy="Set encryption.requireInfrastructureEncryption: true.",
        reference=_GUIDE + "infrastructure-encryption-enable",
        check=must_be("encryption.requireInfrastructureEncryption", True),
    ),
    Rule(
        id="azure-storage-account-deny-foreign-replication",
        types=(ACCOUNT,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A replication policy can copy all data to an account in a foreign directory.",
        remedy="Set allowCrossTenantReplication: false.",
        reference="https://learn.microsoft.com/en-us/azure/storage/blobs/object-replication-prevent-cross-tenant-policies",
        check=must_be("allowCrossTenantReplication", False),
    ),
    Rule(
        id="azure-storage-account-deny-local-users",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Local SFTP users have passwords outside the directory.",
        remedy="Set isSftpEnabled: false, or remove it.",
        reference="https://learn.microsoft.com/en-us/azure/storage/blobs/secure-file-transfer-protocol-support",
        check=must_not_be("isSftpEnabled", True),
    ),
    Rule(
        id="azure-storage-account-require-redundancy",
        types=(ACCOUNT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Three copies in one data centre are lost together with it.",
        remedy="Set sku.name to a kind with ZRS, GRS or GZRS.",
        reference=_GUIDE + "storage-redundancy",
        check=must_match("sku.name", r".*_(RA)?(ZRS|GRS|GZRS)", "a kind with ZRS, GRS or GZRS"),
    ),
)
