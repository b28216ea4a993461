"""What must hold between the inputs of one Azure resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.offline.cloud import Rule
from pouw.engine.plugins.offline.formats import outside, overlap


def _subnets(inputs: Mapping[str, Value]) -> Iterator[str]:
    """Subnets lie in the network's ranges and share no address."""
    space = inputs.get("addressSpace")
    ranges = space.get("addressPrefixes") if isinstance(space, dict) else None
    before: list[str] = []
    subnets = inputs.get("subnets")
    for index, subnet in enumerate(subnets if isinstance(subnets, list) else ()):
        own = subnet.get("addressPrefix") if isinstance(subnet, dict) else None
        if not isinstance(own, str):
            continue
        path = f"subnets[{index}].addressPrefix"
        if other := overlap(own, before):
            yield f"{path}: {own} overlaps {other}, another subnet of this network"
        if isinstance(ranges, list) and outside(own, ranges):
            yield f"{path}: {own} is not in the network's ranges: {', '.join(map(str, ranges))}"
        before.append(own)


def _pools(inputs: Mapping[str, Value]) -> Iterator[str]:
    """A cluster needs one pool for the system."""
    pools = inputs.get("agentPoolProfiles")
    modes = [pool.get("mode") for pool in pools if isinstance(pool, dict)] if isinstance(pools, list) else []
    if modes and all(mode == "User" for mode in modes):
        yield "agentPoolProfiles: must have a pool of mode System"


RULES: Final[Mapping[str, Rule]] = {
    "azure-native:network:VirtualNetwork": _subnets,
    "azure-native:containerservice:ManagedCluster": _pools,
}
