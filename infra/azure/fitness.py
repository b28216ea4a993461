"""Whether a site's settings fit together on Azure: what no single value shows and no other cloud asks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Final

from infra.azure import node_pool_plan
from infra.contracts import POOLS, SiteContext
from infra.faults import Fault, choices

_PODS_RANGE: Final = 256
"""Addresses of pods that the overlay gives every machine."""
_RESERVED: Final = 5
"""Addresses of a subnet that Azure keeps."""
_MOST_TAGS: Final = 15
"""Of a zone and of Front Door; other types take more."""
_MOST_RANGES: Final = 600
"""That one condition of Front Door's firewall holds."""
_MOST_API_RANGES: Final = 200
_LONGEST_HOST: Final = 64
"""Of a managed certificate."""
_ACCELERATED: Final = re.compile(r"^Standard_N")


def faults(context: SiteContext, *, hosts: Sequence[str], allow_from: Sequence[str]) -> Iterator[Fault]:
    """What does not fit."""
    path = f"pouw:sites ({context.site.name})"
    yield from _types(path, context)
    yield from _room(path, context)
    yield from _api(path, context)
    if len(context.tags) > _MOST_TAGS:
        expected = f"at most {_MOST_TAGS} with the four of ours"
        yield Fault(path="pouw:tags", message="are too many for Azure", got=str(len(context.tags)), expected=expected)
    if len(allow_from) > _MOST_RANGES:
        where, got = "pouw:balancer.exposure.allowFrom", str(len(allow_from))
        yield Fault(path=where, message="is too long for Azure", got=got, expected=f"at most {_MOST_RANGES} ranges")
    for host in hosts if allow_from else ():
        if len(host) > _LONGEST_HOST:
            expected = f"at most {_LONGEST_HOST} characters, for a managed certificate"
            yield Fault(path="pouw:dns", message="makes a name too long for Azure", got=repr(host), expected=expected)


def _types(path: str, context: SiteContext) -> Iterator[Fault]:
    for pool in POOLS:
        instance = getattr(context.site.pools, pool).instance
        if instance and _ACCELERATED.match(instance) and node_pool_plan.accelerator(instance) is None:
            yield Fault(
                path=f"{path}.pools.{pool}.instance",
                message="is no machine type with accelerators that pouw knows",
                got=repr(instance),
                expected="one of "
                + choices((pattern.strip("^$") for pattern, _ in node_pool_plan.ACCELERATORS), instance),
            )


def _room(path: str, context: SiteContext) -> Iterator[Fault]:
    """An upgrade adds a third of a pool for a while; its machines want addresses, too."""
    pools = node_pool_plan.zone_pools(context.site.pools)
    zone = sum(_surged(pool.bounds.maximum) for pool in pools if pool.zone == 0)
    whole = sum(_surged(pool.bounds.maximum) for pool in pools)
    pods = ipaddress.IPv4Network(context.site.network.pods)
    nodes = ipaddress.IPv4Network(context.plan.nodes[0])
    room = {
        "pods": (pods, pods.num_addresses // _PODS_RANGE, whole),
        "cidr": (nodes, nodes.num_addresses - _RESERVED, zone),
    }
    for key, (held, most, wanted) in room.items():
        if most < wanted:
            yield Fault(
                path=f"{path}.network.{key}",
                message=f"has no room for the {wanted} machines that the pools may grow to during an upgrade",
                got=f"{held}, which holds {most}",
                expected="a larger range, or smaller maxima",
            )


def _surged(maximum: int) -> int:
    return maximum + -(-maximum * node_pool_plan.SURGE_PERCENT // 100)


def _api(path: str, context: SiteContext) -> Iterator[Fault]:
    ranges = context.site.cluster.api_allow_from
    where = f"{path}.cluster.apiAllowFrom"
    if len(ranges) > _MOST_API_RANGES:
        expected = f"at most {_MOST_API_RANGES} ranges"
        yield Fault(path=where, message="is too long for Azure", got=str(len(ranges)), expected=expected)
    for cidr in ranges:
        if ipaddress.ip_network(cidr).version != 4:
            yield Fault(path=where, message="Azure takes no such range", got=repr(cidr), expected="an IPv4 range")
