"""Limits of Google Cloud that no single setting shows and that no other cloud has."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final

from infra import addressing
from infra.faults import Fault, choices
from infra.gcp import network_firewall
from infra.gcp.machine_types import ACCELERATORS, disk_type, machine_type
from infra.gcp.settings import GcpSite
from infra.naming import tags
from infra.settings.stack import Settings

PODS_PER_NODE: Final = 32
"""Pods of one machine: each of ours needs a processor, so few fit. A /14 of pods then holds 4,096 machines."""
_ADDRESSES_PER_NODE: Final = 2 * PODS_PER_NODE
"""Twice as many as pods, so that an address rests before another pod gets it."""
_RESERVED: Final = 4
"""Addresses of a subnet that Google keeps."""
_MOST_LABELS: Final = 64
_INSTANCE: Final = re.compile(r"[a-z][a-z0-9]*-[a-z0-9-]+")
_ACCELERATED: Final = re.compile(r"(a[2-9]x?|g[2-9])-")


def faults(path: str, site: GcpSite, stack: Settings) -> Iterator[Fault]:
    """Yield the faults of a site; ``path`` is the path of its settings."""
    machines = {name: machine_type(name, pool) for name, pool in site.pools.by_name.items()}
    yield from _instances(f"{path}.pools", machines)
    yield from _volumes(f"{path}.pools", machines)
    yield from _capacity(f"{path}.network", site)
    labels = len(tags(stack.environment, site.name, stack.tags))
    if labels > _MOST_LABELS:
        yield Fault(
            path="pouw:tags",
            message="is too long for GCP",
            got=str(labels),
            expected=f"at most {_MOST_LABELS} tags with the stack's own four",
            reason="that is the limit of a resource's labels",
        )


def _instances(path: str, machines: Mapping[str, str]) -> Iterator[Fault]:
    for pool, machine in machines.items():
        if not _INSTANCE.fullmatch(machine):
            yield Fault(
                path=f"{path}.{pool}.instance",
                message="is not a machine type of GCP",
                got=repr(machine),
                expected="a type such as 'n2-standard-8'",
            )
        elif _ACCELERATED.match(machine) and machine not in ACCELERATORS:
            yield Fault(
                path=f"{path}.{pool}.instance",
                message="is not a machine type with accelerators that pouw supports",
                got=repr(machine),
                expected=f"one of {choices(sorted(ACCELERATORS), machine)}",
                reason="a pool declares the kind and number of accelerators, which only the listed types have",
            )


def _volumes(path: str, machines: Mapping[str, str]) -> Iterator[Fault]:
    disks = {pool: disk_type(machines[pool]) for pool in ("miners", "rpc")}
    if len(set(disks.values())) > 1:
        yield Fault(
            path=path,
            message="use machines for nodes that share no type of disk",
            got=" and ".join(f"{pool}: {machines[pool]} ({disk})" for pool, disk in disks.items()),
            expected="machine types that take the same disks",
            reason="nodes of both pools use one storage class",
            remedy="choose both from the newest families (c4, n4, g4, a4), or none",
        )


def _capacity(path: str, site: GcpSite) -> Iterator[Fault]:
    """Yield a fault for each range without addresses for all machines."""
    if not addressing.fits(site.network.cidr):
        return
    machines = sum(pool.maximum for pool in site.pools.by_name.values())
    pods = ipaddress.IPv4Network(site.network.pods)
    nodes = ipaddress.IPv4Network(network_firewall.node_range(addressing.plan(site.network.cidr)))
    capacities = {
        "pods": (pods, pods.num_addresses // _ADDRESSES_PER_NODE),
        "cidr": (nodes, nodes.num_addresses - _RESERVED),
    }
    for key, (cidr, capacity) in capacities.items():
        if capacity < machines:
            yield Fault(
                path=f"{path}.{key}",
                message="has too few addresses",
                got=f"{cidr}, for {capacity} machines",
                expected=f"room for {machines} machines",
                reason="the pools may grow to that number",
                remedy="choose a larger range, or smaller maxima",
            )
