"""Machines of clusters: pools of their own, and those inside a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.azure.clusters import CLUSTER
from policies.checks import MISSING, Check, find, must_be, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

POOL = "azure-native:containerservice:AgentPool"
POOLS = (CLUSTER, POOL)

_OF_CLUSTERS = ("agentPoolProfiles", "dnsPrefix", "identity", "sku")
"""What only a cluster has."""
_GUIDE = "https://learn.microsoft.com/en-us/azure/aks/"


def _pools(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every pool with its path; the resource is a pool, or a cluster that brings some."""
    if any(name in props for name in _OF_CLUSTERS):
        yield from ((f"{at}.", one) for at, one in find(props, "agentPoolProfiles[*]") if one is not MISSING)
    else:
        yield "", props


def _in_pool(check: Check) -> Check:
    def checked(props: Props) -> Iterator[str]:
        for at, pool in _pools(props):
            for text in check(pool):
                yield f"{at}{text}"

    return checked


def _is_stuck(pool: Props) -> Iterator[str]:
    # Spot machines are taken away at any time, and take no surge.
    if pool.get("scaleSetPriority") != "Spot" and not (pool.get("upgradeSettings") or {}).get("maxSurge"):
        yield "upgradeSettings.maxSurge: is missing, and machines are upgraded one by one"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-aks-pool-require-host-encryption",
        types=POOLS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Temporary disks and caches of a machine lie on its host in the clear.",
        remedy="Set enableEncryptionAtHost: true.",
        reference=_GUIDE + "enable-host-encryption",
        check=_in_pool(must_be("enableEncryptionAtHost", True)),
    ),
    Rule(
        id="azure-aks-pool-deny-public-address",
        types=POOLS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Every machine is then reached from everywhere, past the balancer and the firewall.",
        remedy="Set enableNodePublicIP: false, or leave it out.",
        reference=_GUIDE + "use-node-public-ips",
        check=_in_pool(must_not_be("enableNodePublicIP", True)),
    ),
    Rule(
        id="azure-aks-pool-deny-ssh",
        types=POOLS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The machines' SSH takes one key for all of them, which nobody changes.",
        remedy="Set securityProfile.sshAccess: Disabled.",
        reference=_GUIDE + "manage-ssh-node-access",
        check=_in_pool(must_be("securityProfile.sshAccess", "Disabled")),
    ),
    Rule(
        id="azure-aks-pool-require-zones",
        types=POOLS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Machines in no zone may all stand in one building.",
        remedy="Set availabilityZones.",
        reference=_GUIDE + "availability-zones-overview",
        check=_in_pool(must_be_set("availabilityZones")),
    ),
    Rule(
        id="azure-aks-pool-require-trusted-launch",
        types=POOLS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="What changes a machine before its system starts is noticed by nothing.",
        remedy="Set securityProfile.enableVTPM: true.",
        reference=_GUIDE + "use-trusted-launch",
        check=_in_pool(must_be("securityProfile.enableVTPM", True)),
    ),
    Rule(
        id="azure-aks-pool-require-surge",
        types=POOLS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="An upgrade that goes one machine at a time takes days, and is put off.",
        remedy="Set upgradeSettings.maxSurge: 33%.",
        reference=_GUIDE + "upgrade-aks-cluster",
        check=_in_pool(_is_stuck),
    ),
    Rule(
        id="azure-aks-pool-match-supported-system",
        types=POOLS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A system that gets no fixes any more keeps its holes.",
        remedy="Set osSKU: Ubuntu or AzureLinux, or leave it out.",
        reference=_GUIDE + "node-images",
        check=_in_pool(must_not_be("osSKU", "CBLMariner", "Mariner", "Windows2019", "Ubuntu1804")),
    ),
)
