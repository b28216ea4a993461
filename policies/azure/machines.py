"""Virtual machines, their scale sets, disks and snapshots."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.relations import comes_from
from policies.azure.vaults import DISK_SET
from policies.checks import MISSING, Check, find, must_be
from policies.rule import Absence, AnyRule, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

MACHINE = "azure-native:compute:VirtualMachine"
SCALE_SET = "azure-native:compute:VirtualMachineScaleSet"
MACHINES = (MACHINE, SCALE_SET)
DISKS = ("azure-native:compute:Disk", "azure-native:compute:Snapshot")

_GUIDE = "https://learn.microsoft.com/en-us/azure/virtual-machines/"


def _of_machine(check: Check) -> Check:
    """The check on what a machine is made by: the resource itself, or the profile of a set's machines."""

    def checked(props: Props) -> Iterator[str]:
        if "virtualMachineProfile" in props or "orchestrationMode" in props:
            # A set without a profile makes no machines; those that are put into it are judged themselves.
            profile = props.get("virtualMachineProfile")
            yield from (f"virtualMachineProfile.{text}" for text in (check(profile) if profile else ()))
        else:
            yield from check(props)

    return checked


def _takes_passwords(profile: Props) -> Iterator[str]:
    system = profile.get("osProfile") or {}
    if "windowsConfiguration" not in system:
        yield from (
            f"osProfile.{text}" for text in must_be("linuxConfiguration.disablePasswordAuthentication", True)(system)
        )


def _names_no_set(machine: Resource, stack: Stack) -> Iterator[str]:
    profile = "virtualMachineProfile" if machine.type == SCALE_SET else "storageProfile"
    if comes_from(machine, stack, profile, (DISK_SET,)):
        return
    path = f"{profile}.storageProfile" if machine.type == SCALE_SET else profile
    for at, name in find(machine.inputs, f"{path}.osDisk.managedDisk.diskEncryptionSet.id"):
        if name is MISSING:
            yield f"{at}: is missing, and the disk is under Microsoft's key"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-compute-machine-deny-passwords",
        types=MACHINES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A password is guessed, and the guessing never ends.",
        remedy="Set osProfile.linuxConfiguration.disablePasswordAuthentication: true.",
        reference=_GUIDE + "linux/create-ssh-keys-detailed",
        check=_of_machine(_takes_passwords),
    ),
    Rule(
        id="azure-compute-machine-require-host-encryption",
        types=MACHINES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Temporary disks and caches lie on the host in the clear.",
        remedy="Set securityProfile.encryptionAtHost: true.",
        reference=_GUIDE + "disk-encryption",
        check=_of_machine(must_be("securityProfile.encryptionAtHost", True)),
    ),
    Rule(
        id="azure-compute-machine-require-trusted-launch",
        types=MACHINES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="What changes a machine before its system starts is noticed by nothing.",
        remedy="Set securityProfile.securityType: TrustedLaunch or ConfidentialVM.",
        reference=_GUIDE + "trusted-launch",
        check=_of_machine(must_be("securityProfile.securityType", "TrustedLaunch", "ConfidentialVM")),
    ),
    Rule(
        id="azure-compute-machine-require-identity",
        types=MACHINES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A machine without an identity carries somebody's secret.",
        remedy="Set identity.type: SystemAssigned or UserAssigned.",
        reference="https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/overview",
        check=must_be("identity.type", "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"),
    ),
    StackRule(
        id="azure-compute-machine-require-own-key",
        types=MACHINES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Microsoft's key cannot be taken away from whoever may read the disk.",
        remedy="Name a DiskEncryptionSet at the managed disk.",
        reference=_GUIDE + "disk-encryption",
        check=_names_no_set,
    ),
    Rule(
        id="azure-compute-disk-deny-export",
        types=DISKS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Who may read the disk's resource makes an address from which everybody downloads it.",
        remedy="Set networkAccessPolicy: DenyAll or AllowPrivate.",
        reference=_GUIDE + "disks-restrict-import-export-overview",
        check=must_be("networkAccessPolicy", "DenyAll", "AllowPrivate"),
    ),
    Rule(
        id="azure-compute-disk-deny-public-network",
        types=DISKS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An address for download is then good from anywhere.",
        remedy="Set publicNetworkAccess: Disabled.",
        reference=_GUIDE + "disks-restrict-import-export-overview",
        check=must_be("publicNetworkAccess", "Disabled"),
    ),
    Rule(
        id="azure-compute-disk-require-own-key",
        types=DISKS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Microsoft's key cannot be taken away from whoever may read the disk.",
        remedy="Set encryption.diskEncryptionSetId, and encryption.type to one with a customer's key.",
        reference=_GUIDE + "disk-encryption",
        check=must_be(
            "encryption.type",
            "EncryptionAtRestWithCustomerKey",
            "EncryptionAtRestWithPlatformAndCustomerKeys",
        ),
    ),
)
