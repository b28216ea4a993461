"""Checks between the inputs of one Azure resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from infra.faults import Fault
from pouw.engine.plugins.core.input_faults import mismatch
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.offline.cloud_description import Rule
from pouw.engine.plugins.offline.formats import outside, overlap, overlap_fault


def _subnets(inputs: Mapping[str, Value]) -> Iterator[Fault]:
    """Yield the faults of subnets outside of the network's ranges, or that share addresses."""
    space = inputs.get("addressSpace")
    ranges = space.get("addressPrefixes") if isinstance(space, dict) else None
    blocks: list[str] = []
    subnets = inputs.get("subnets")
    for index, subnet in enumerate(subnets if isinstance(subnets, list) else ()):
        block = subnet.get("addressPrefix") if isinstance(subnet, dict) else None
        if not isinstance(block, str):
            continue
        path = f"subnets[{index}].addressPrefix"
        if neighbour := overlap(block, blocks):
            yield overlap_fault(path, block, neighbour, "another subnet of this network")
        if isinstance(ranges, list) and outside(block, ranges):
            yield mismatch(path, f"in the network's ranges: {', '.join(map(str, ranges))}", got=block)
        blocks.append(block)


def _pools(inputs: Mapping[str, Value]) -> Iterator[Fault]:
    """Yield the fault of a cluster without a pool for the system."""
    pools = inputs.get("agentPoolProfiles")
    modes = [pool.get("mode") for pool in pools if isinstance(pool, dict)] if isinstance(pools, list) else []
    if modes and all(mode == "User" for mode in modes):
        expected = "a pool of mode System"
        yield Fault(
            path="agentPoolProfiles", message=f"must have {expected}", got="pools of mode User only", expected=expected
        )


RULES: Final[Mapping[str, Rule]] = {
    "azure-native:network:VirtualNetwork": _subnets,
    "azure-native:containerservice:ManagedCluster": _pools,
}
