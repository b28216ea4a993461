"""Limits of Azure that no single setting shows and that no other cloud has."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from infra import addressing, naming
from infra.azure import node_pool_plan
from infra.azure.settings import AzureSite
from infra.faults import Fault, choices
from infra.settings.stack import Settings

_PODS_RANGE: Final = 256
"""Addresses of pods that the overlay assigns to every machine."""
_RESERVED: Final = 5
"""Addresses of a subnet that Azure keeps."""
_MOST_TAGS: Final = 15
"""Tags of a zone and of Front Door. Other types take more."""
_MOST_RANGES: Final = 600
"""Ranges in one condition of Front Door's web firewall."""
_MOST_API_RANGES: Final = 200
_LONGEST_HOST: Final = 64
"""Characters of the host of a managed certificate."""
_SHORTEST_SERVICES: Final = 13
_INSTANCE: Final = re.compile(r"Standard_[A-Z][A-Za-z0-9_-]*")
_ACCELERATED: Final = re.compile(r"^Standard_N")


def faults(path: str, site: AzureSite, stack: Settings) -> Iterator[Fault]:
    """Yield the faults of a site; ``path`` is the path of its settings."""
    yield from _instances(f"{path}.pools", site)
    yield from _capacity(f"{path}.network", site)
    yield from _services(f"{path}.network.services", site)
    yield from _counts(path, site, stack)
    yield from _edge(path, site, stack)


def _instances(path: str, site: AzureSite) -> Iterator[Fault]:
    for name, pool in site.pools.by_name.items():
        instance = pool.instance
        if instance is None:
            continue
        if not _INSTANCE.fullmatch(instance):
            yield Fault(
                path=f"{path}.{name}.instance",
                message="is not a machine type of Azure",
                got=repr(instance),
                expected="a type such as 'Standard_D8ds_v5'",
            )
        elif _ACCELERATED.match(instance) and node_pool_plan.accelerator(instance) is None:
            patterns = [pattern.strip("^$") for pattern, _ in node_pool_plan.ACCELERATORS]
            yield Fault(
                path=f"{path}.{name}.instance",
                message="is not a machine type with accelerators that pouw supports",
                got=repr(instance),
                expected=f"one of {choices(patterns, instance)}",
                reason="pods ask for an accelerator by its kind, which only the listed types have",
            )


def _capacity(path: str, site: AzureSite) -> Iterator[Fault]:
    """Yield a fault for each range without addresses for all machines, those of an upgrade included."""
    if not addressing.fits(site.network.cidr):
        return
    pools = node_pool_plan.zone_pools(site.pools)
    in_first_zone = sum(_surged(pool.bounds.maximum) for pool in pools if pool.zone == 0)
    in_all_zones = sum(_surged(pool.bounds.maximum) for pool in pools)
    pods = ipaddress.IPv4Network(site.network.pods)
    nodes = ipaddress.IPv4Network(addressing.plan(site.network.cidr).nodes[0])
    capacities = {
        "pods": (pods, pods.num_addresses // _PODS_RANGE, in_all_zones),
        "cidr": (nodes, nodes.num_addresses - _RESERVED, in_first_zone),
    }
    for key, (cidr, capacity, machines) in capacities.items():
        if capacity < machines:
            yield Fault(
                path=f"{path}.{key}",
                message="has too few addresses",
                got=f"{cidr}, for {capacity} machines",
                expected=f"room for {machines} machines",
                reason="the pools may grow to that number during an upgrade, which adds a third",
                remedy="choose a larger range, or smaller maxima",
            )


def _surged(maximum: int) -> int:
    return maximum + -(-maximum * node_pool_plan.SURGE_PERCENT // 100)


def _services(path: str, site: AzureSite) -> Iterator[Fault]:
    prefix = ipaddress.IPv4Network(site.network.services).prefixlen
    if prefix < _SHORTEST_SERVICES:
        yield Fault(
            path=path,
            message="is too large for Azure",
            got=repr(site.network.services),
            expected=f"at most a /{_SHORTEST_SERVICES}",
            reason="AKS requires a service range smaller than a /12",
        )


def _counts(path: str, site: AzureSite, stack: Settings) -> Iterator[Fault]:
    tags = len(naming.tags(stack.environment, site.name, stack.tags))
    limits = (
        (f"{path}.cluster.apiAllowFrom", len(site.cluster.api_allow_from), _MOST_API_RANGES, "ranges", "an API server"),
        ("pouw:balancer.exposure.allowFrom", len(stack.allow_from), _MOST_RANGES, "ranges", "Front Door's firewall"),
        ("pouw:tags", tags, _MOST_TAGS, "tags with the stack's own four", "a zone and of Front Door"),
    )
    for limited, number, maximum, noun, holder in limits:
        if number > maximum:
            yield Fault(
                path=limited,
                message="is too long for Azure",
                got=str(number),
                expected=f"at most {maximum} {noun}",
                reason=f"that is the limit of {holder}",
            )


def _edge(path: str, site: AzureSite, stack: Settings) -> Iterator[Fault]:
    if not stack.allow_from:
        return
    for host in stack.dns.site_hosts(site.name):
        if len(host) > _LONGEST_HOST:
            yield Fault(
                path="pouw:dns",
                message="results in a host that is too long for Azure",
                got=repr(host),
                expected=f"at most {_LONGEST_HOST} characters",
                reason="that is the limit of a managed certificate",
                remedy="shorten dns.host or dns.zone",
            )
    azure = [other for other in stack.sites if isinstance(other, AzureSite)]
    if azure[0] is not site:
        yield Fault(
            path=f"{path}.cloud",
            message="is a second Azure site behind one public name",
            got="'azure'",
            expected="another cloud",
            reason="Front Door serves a name in one profile only",
        )
