"""Faults within one cloud site that no single value shows and that every cloud has: regions, zones, ranges, bounds."""

from __future__ import annotations

from collections.abc import Iterator

from infra import addressing
from infra.faults import Fault, choices
from infra.settings.site import ManagedSite, Network, Pools

_PRIVATE = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10"


def faults(path: str, site: ManagedSite, *, production: bool) -> Iterator[Fault]:
    """Yield the faults of a site; ``path`` is the path of its settings."""
    yield from _region(f"{path}.region", site, site.region)
    yield from _zones(f"{path}.zones", site)
    yield from _ranges(f"{path}.network", site.network)
    yield from _bounds(f"{path}.pools", site.pools)
    yield from _copy(f"{path}.backups.copyRegion", site)
    if production and site.budget is None:
        yield Fault(
            path=f"{path}.budget",
            message="is missing in production",
            expected="a monthly budget",
            reason="pools scale without asking, and only a budget warns of the cost",
        )


def _region(path: str, site: ManagedSite, region: str) -> Iterator[Fault]:
    if region not in site.regions:
        yield Fault(
            path=path,
            message=f"is not a region of {site.title} that pouw supports",
            got=repr(region),
            expected=f"one of {choices(sorted(site.regions), region)}",
            reason="a site needs a region with three zones",
        )


def _zones(path: str, site: ManagedSite) -> Iterator[Fault]:
    zones = site.regions.get(site.region)
    if zones is None or not site.zones:
        return
    for index, zone in enumerate(site.zones):
        if zone not in zones:
            yield Fault(
                path=f"{path}[{index}]",
                message=f"is not a zone of {site.region}",
                got=repr(zone),
                expected=f"one of {choices(zones, zone)}",
            )
    if len(set(site.zones)) != 3 or len(site.zones) != 3:
        yield Fault(
            path=path,
            message="is not allowed",
            got=", ".join(site.zones),
            expected="three different zones",
            reason="a site survives the loss of one zone only if it is in three",
        )


def _ranges(path: str, network: Network) -> Iterator[Fault]:
    for key, cidr in network.ranges.items():
        if not addressing.is_private(cidr):
            yield Fault(
                path=f"{path}.{key}",
                message="is not a private range",
                got=repr(cidr),
                expected=f"a range inside {_PRIVATE}",
                reason="machines would not reach the public addresses that it covers",
            )
    if not addressing.fits(network.cidr):
        yield Fault(
            path=f"{path}.cidr",
            message="has the wrong size",
            got=repr(network.cidr),
            expected=f"a range from /{addressing.LARGEST_PREFIX} to /{addressing.SMALLEST_PREFIX}",
            reason="a smaller one has no room for three zones, and a larger one is refused by the clouds",
        )
    for first, second in addressing.overlaps(list(network.ranges.items())):
        yield Fault(
            path=f"{path}.{second}",
            message=f"overlaps {first}",
            got=f"{network.ranges[first]} and {network.ranges[second]}",
            expected="ranges that share no address",
            reason="an address must belong to one range to be routed",
        )


def _bounds(path: str, pools: Pools) -> Iterator[Fault]:
    for name, pool in pools.by_name.items():
        if pool.maximum < pool.minimum:
            yield Fault(
                path=f"{path}.{name}.maximum",
                message="is smaller than the minimum",
                got=str(pool.maximum),
                expected=f"at least the minimum, {pool.minimum}",
            )
    if pools.miners.on_demand_floor > pools.miners.maximum:
        yield Fault(
            path=f"{path}.miners.onDemandFloor",
            message="is larger than the maximum",
            got=str(pools.miners.on_demand_floor),
            expected=f"at most the maximum, {pools.miners.maximum}",
        )


def _copy(path: str, site: ManagedSite) -> Iterator[Fault]:
    region = site.backups.copy_region
    yield from _region(path, site, region)
    if region == site.region:
        yield Fault(
            path=path,
            message="is the site's own region",
            got=repr(region),
            expected=f"another region of {site.title}",
            reason="a copy must survive the loss of the site's region",
        )
