"""Cases of ``policies.azure.node_pools``."""

from __future__ import annotations

from policies.azure.node_pools import POOL as POOL_TYPE
from policies.azure.node_pools import RULES
from tests.policies import tables
from tests.policies.azure.fixtures import CLUSTER, POOL

_make = tables.of(RULES)
_BREAKS = {
    "require-host-encryption": ("enableEncryptionAtHost", False),
    "deny-public-address": ("enableNodePublicIP", True),
    "deny-ssh": ("securityProfile.sshAccess", "LocalUser"),
    "require-zones": ("availabilityZones", []),
    "require-trusted-launch": ("securityProfile.enableVTPM", False),
    "require-surge": ("upgradeSettings.maxSurge", ""),
    "match-supported-system": ("osSKU", "CBLMariner"),
}

CASES = [
    case
    for rule, (at, broken) in _BREAKS.items()
    for case in (
        _make(f"azure-aks-pool-{rule}", CLUSTER, f"agentPoolProfiles[0].{at}", broken),
        _make(f"azure-aks-pool-{rule}", POOL, at, broken, type=POOL_TYPE),
    )
]
