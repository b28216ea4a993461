"""Cases of ``policies.azure.virtual_machines``."""

from __future__ import annotations

from policies.azure.virtual_machines import DISKS, RULES
from policies.azure.virtual_machines import SCALE_SET as SCALE_SET_TYPE
from tests.policies import tables
from tests.policies.azure.fixtures import DISK, MACHINE, SCALE_SET
from tests.policies.contract import REMOVED

_make = tables.of(RULES)
_MACHINE = {
    "deny-passwords": ("osProfile.linuxConfiguration.disablePasswordAuthentication", False),
    "require-host-encryption": ("securityProfile.encryptionAtHost", False),
    "require-trusted-launch": ("securityProfile.securityType", "Standard"),
    "require-own-key": ("storageProfile.osDisk.managedDisk.diskEncryptionSet", REMOVED),
}
_DISK = {
    "deny-export": ("networkAccessPolicy", "AllowAll"),
    "deny-public-network": ("publicNetworkAccess", "Enabled"),
    "require-own-key": ("encryption.type", "EncryptionAtRestWithPlatformKey"),
}

CASES = [
    *(
        case
        for rule, (at, broken) in _MACHINE.items()
        for case in (
            _make(f"azure-compute-machine-{rule}", MACHINE, at, broken),
            _make(
                f"azure-compute-machine-{rule}",
                SCALE_SET,
                f"virtualMachineProfile.{at}",
                broken,
                type=SCALE_SET_TYPE,
            ),
        )
    ),
    _make("azure-compute-machine-require-identity", MACHINE, "identity.type", "None"),
    *(
        _make(f"azure-compute-disk-{rule}", DISK, at, broken, type=kind)
        for rule, (at, broken) in _DISK.items()
        for kind in DISKS
    ),
]
