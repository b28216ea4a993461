"""Rules about AKS node pools, as separate resources and inside a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.azure.clusters import CLUSTER
from policies.checks import MISSING, Check, find, must_be, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

POOL = "azure-native:containerservice:AgentPool"
POOLS = (CLUSTER, POOL)

_CLUSTER_PROPERTIES = ("agentPoolProfiles", "dnsPrefix", "identity", "sku")
"""Properties that only a cluster has."""
_GUIDE = "https://learn.microsoft.com/en-us/azure/aks/"


def _pools(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every pool with its path. The resource is a pool, or a cluster with pools."""
    if any(name in props for name in _CLUSTER_PROPERTIES):
        yield from ((f"{path}.", pool) for path, pool in find(props, "agentPoolProfiles[*]") if pool is not MISSING)
    else:
        yield "", props


def _for_each_pool(check: Check) -> Check:
    def check_applicable(props: Props) -> Iterator[str]:
        for path, pool in _pools(props):
            for text in check(pool):
                yield f"{path}{text}"

    return check_applicable


def _check_surge(pool: Props) -> Iterator[str]:
    # Spot machines may be reclaimed at any time, and do not support a surge.
    if pool.get("scaleSetPriority") != "Spot" and not (pool.get("upgradeSettings") or {}).get("maxSurge"):
        yield "upgradeSettings.maxSurge: machines are upgraded one by one; got nothing; expected a value such as 33%"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-aks-pool-require-host-encryption",
        types=POOLS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Temporary disks and caches are stored unencrypted on the host.",
        remedy="Set enableEncryptionAtHost: true.",
        reference=_GUIDE + "enable-host-encryption",
        check=_for_each_pool(must_be("enableEncryptionAtHost", True)),
    ),
    Rule(
        id="azure-aks-pool-deny-public-address",
        types=POOLS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Every node is reachable from the Internet, past the balancer and the firewall.",
        remedy="Set enableNodePublicIP: false, or remove it.",
        reference=_GUIDE + "use-node-public-ips",
        check=_for_each_pool(must_not_be("enableNodePublicIP", True)),
    ),
    Rule(
        id="azure-aks-pool-deny-ssh",
        types=POOLS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="All nodes share one SSH key that is never rotated.",
        remedy="Set securityProfile.sshAccess: Disabled.",
        reference=_GUIDE + "manage-ssh-node-access",
        check=_for_each_pool(must_be("securityProfile.sshAccess", "Disabled")),
    ),
    Rule(
        id="azure-aks-pool-require-zones",
        types=POOLS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Machines without zones may all be in one data centre.",
        remedy="Set availabilityZones.",
        reference=_GUIDE + "availability-zones-overview",
        check=_for_each_pool(must_be_set("availabilityZones")),
    ),
    Rule(
        id="azure-aks-pool-require-trusted-launch",
        types=POOLS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A modification of the boot process stays undetected.",
        remedy="Set securityProfile.enableVTPM: true.",
        reference=_GUIDE + "use-trusted-launch",
        check=_for_each_pool(must_be("securityProfile.enableVTPM", True)),
    ),
    Rule(
        id="azure-aks-pool-require-surge",
        types=POOLS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="An upgrade of one machine at a time takes days, so upgrades are postponed.",
        remedy="Set upgradeSettings.maxSurge: 33%.",
        reference=_GUIDE + "upgrade-aks-cluster",
        check=_for_each_pool(_check_surge),
    ),
    Rule(
        id="azure-aks-pool-match-supported-system",
        types=POOLS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="An unsupported operating system no longer receives security patches.",
        remedy="Set osSKU: Ubuntu or AzureLinux, or remove it.",
        reference=_GUIDE + "node-images",
        check=_for_each_pool(must_not_be("osSKU", "CBLMariner", "Mariner", "Windows2019", "Ubuntu1804")),
    ),
)
