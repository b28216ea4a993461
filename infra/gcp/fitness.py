"""Whether a site's settings fit together on Google Cloud: what no single value shows and no other cloud asks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final

from infra.contracts import POOLS, SiteContext
from infra.faults import Fault, choices
from infra.gcp import network_firewall
from infra.gcp.machine_types import ACCELERATORS, disk_type, machine_type
from infra.settings.site import Pools

PODS_PER_NODE: Final = 32
"""A node of ours is a pod that wants a processor: few fit on a machine. A /14 of pods then holds 4,096 machines."""
_ADDRESSES_PER_NODE: Final = 2 * PODS_PER_NODE
"""Twice as many as pods, so that an address rests before another pod gets it."""
_RESERVED: Final = 4
"""Addresses of a subnet that Google keeps."""
_ACCELERATED: Final = re.compile(r"(a[2-9]x?|g[2-9])-")


def faults(context: SiteContext) -> Iterator[Fault]:
    """What does not fit."""
    path, pools = f"pouw:sites ({context.site.name})", context.site.pools
    machines = {pool: machine_type(pool, getattr(pools, pool)) for pool in POOLS}
    yield from _types(path, machines)
    yield from _volumes(path, machines)
    yield from _room(path, context, pools)


def _types(path: str, machines: Mapping[str, str]) -> Iterator[Fault]:
    for pool, machine in machines.items():
        if _ACCELERATED.match(machine) and machine not in ACCELERATORS:
            expected = f"one of {choices(sorted(ACCELERATORS), machine)}"
            yield Fault(
                path=f"{path}.pools.{pool}.instance",
                message="is no machine type with accelerators that pouw knows",
                got=repr(machine),
                expected=expected,
            )


def _volumes(path: str, machines: Mapping[str, str]) -> Iterator[Fault]:
    carried = {pool: disk_type(machines[pool]) for pool in ("miners", "rpc")}
    if len(set(carried.values())) > 1:
        yield Fault(
            path=f"{path}.pools",
            message="nodes run in two pools whose machines can carry no common kind of volume",
            got=" and ".join(f"{pool}: {machines[pool]} ({disk})" for pool, disk in carried.items()),
            expected="machine types that take the same disks",
            remedy="choose both of the newest families (c4, n4, g4, a4), or none",
        )


def _room(path: str, context: SiteContext, pools: Pools) -> Iterator[Fault]:
    wanted = sum(getattr(pools, pool).maximum for pool in POOLS)
    pods = ipaddress.IPv4Network(context.site.network.pods)
    nodes = ipaddress.IPv4Network(network_firewall.node_range(context.plan))
    room = {
        "pods": (pods, pods.num_addresses // _ADDRESSES_PER_NODE),
        "cidr": (nodes, nodes.num_addresses - _RESERVED),
    }
    for key, (held, machines) in room.items():
        if machines < wanted:
            yield Fault(
                path=f"{path}.network.{key}",
                message=f"has no room for the {wanted} machines that the pools may grow to",
                got=f"{held}, which holds {machines}",
                expected="a larger range, or smaller maxima",
            )
