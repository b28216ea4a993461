"""Rules about virtual machines, scale sets, disks and snapshots."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.references import comes_from
from policies.azure.vaults import DISK_SET
from policies.checks import MISSING, Check, find, must_be
from policies.rule import Absence, AnyRule, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

MACHINE = "azure-native:compute:VirtualMachine"
SCALE_SET = "azure-native:compute:VirtualMachineScaleSet"
MACHINES = (MACHINE, SCALE_SET)
DISKS = ("azure-native:compute:Disk", "azure-native:compute:Snapshot")

_GUIDE = "https://learn.microsoft.com/en-us/azure/virtual-machines/"


def _for_machine(check: Check) -> Check:
    """Return the check for the machine's configuration: the resource itself or the profile of a scale set."""

    def check_applicable(props: Props) -> Iterator[str]:
        if "virtualMachineProfile" in props or "orchestrationMode" in props:
            # A scale set without a profile creates no machines; its members are judged separately.
            profile = props.get("virtualMachineProfile")
            yield from (f"virtualMachineProfile.{text}" for text in (check(profile) if profile else ()))
        else:
            yield from check(props)

    return check_applicable


def _check_password_login(profile: Props) -> Iterator[str]:
    system = profile.get("osProfile") or {}
    if "windowsConfiguration" not in system:
        yield from (
            f"osProfile.{text}" for text in must_be("linuxConfiguration.disablePasswordAuthentication", True)(system)
        )


def _check_encryption_set(machine: Resource, stack: Stack) -> Iterator[str]:
    profile = "virtualMachineProfile" if machine.type == SCALE_SET else "storageProfile"
    if comes_from(machine, stack, profile, (DISK_SET,)):
        return
    storage_path = f"{profile}.storageProfile" if machine.type == SCALE_SET else profile
    for path, name in find(machine.inputs, f"{storage_path}.osDisk.managedDisk.diskEncryptionSet.id"):
        if name is MISSING:
            yield f"{path}: the disk uses a Microsoft-managed key; got nothing; expected a DiskEncryptionSet"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-compute-machine-deny-passwords",
        types=MACHINES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A password can be guessed by continuous automated attempts.",
        remedy="Set osProfile.linuxConfiguration.disablePasswordAuthentication: true.",
        reference=_GUIDE + "linux/create-ssh-keys-detailed",
        check=_for_machine(_check_password_login),
    ),
    Rule(
        id="azure-compute-machine-require-host-encryption",
        types=MACHINES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Temporary disks and caches are stored unencrypted on the host.",
        remedy="Set securityProfile.encryptionAtHost: true.",
        reference=_GUIDE + "disk-encryption",
        check=_for_machine(must_be("securityProfile.encryptionAtHost", True)),
    ),
    Rule(
        id="azure-compute-machine-require-trusted-launch",
        types=MACHINES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A modification of the boot process stays undetected.",
        remedy="Set securityProfile.securityType: TrustedLaunch or ConfidentialVM.",
        reference=_GUIDE + "trusted-launch",
        check=_for_machine(must_be("securityProfile.securityType", "TrustedLaunch", "ConfidentialVM")),
    ),
    Rule(
        id="azure-compute-machine-require-identity",
        types=MACHINES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A machine without a managed identity needs a stored secret.",
        remedy="Set identity.type: SystemAssigned or UserAssigned.",
        reference="https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/overview",
        check=must_be("identity.type", "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"),
    ),
    StackRule(
        id="azure-compute-machine-require-own-key",
        types=MACHINES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Access to disks under a Microsoft-managed key cannot be revoked.",
        remedy="Set diskEncryptionSet on the managed disk.",
        reference=_GUIDE + "disk-encryption",
        check=_check_encryption_set,
    ),
    Rule(
        id="azure-compute-disk-deny-export",
        types=DISKS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anyone who may read the disk resource can create a public download link for the disk.",
        remedy="Set networkAccessPolicy: DenyAll or AllowPrivate.",
        reference=_GUIDE + "disks-restrict-import-export-overview",
        check=must_be("networkAccessPolicy", "DenyAll", "AllowPrivate"),
    ),
    Rule(
        id="azure-compute-disk-deny-public-network",
        types=DISKS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A download link of the disk works from anywhere.",
        remedy="Set publicNetworkAccess: Disabled.",
        reference=_GUIDE + "disks-restrict-import-export-overview",
        check=must_be("publicNetworkAccess", "Disabled"),
    ),
    Rule(
        id="azure-compute-disk-require-own-key",
        types=DISKS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Access to disks under a Microsoft-managed key cannot be revoked.",
        remedy="Set encryption.diskEncryptionSetId, and encryption.type to a customer-managed key.",
        reference=_GUIDE + "disk-encryption",
        check=must_be(
            "encryption.type",
            "EncryptionAtRestWithCustomerKey",
            "EncryptionAtRestWithPlatformAndCustomerKeys",
        ),
    ),
)
