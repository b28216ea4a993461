"""Address plans: one range of a site cut into the ranges of its parts. Pure arithmetic."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

LARGEST_PREFIX: Final = 16
SMALLEST_PREFIX: Final = 20
"""A /20 still gives each zone 1,022 node addresses; the clouds' own limits on a network begin at /16."""
_PRIVATE: Final = tuple(
    ipaddress.IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """Ranges of one site, none overlapping another, all inside ``network``."""

    network: str
    nodes: tuple[str, str, str]
    """One per zone: a quarter of the network each. Private."""
    edges: tuple[str, str, str]
    """One per zone, for load balancers and address translation. Only these ranges accept connections from outside."""
    endpoints: tuple[str, str, str]
    """One per zone: private endpoints of the cloud's own services."""
    gateway: str
    """A range of its own for a managed gateway."""
    control_plane: str
    """A /28 for a managed control plane."""

    def internal_address(self) -> str:
        """Return a fixed private address for an internal balancer: the fifth from the end of the first zone's nodes."""
        return str(ipaddress.ip_network(self.nodes[0])[-5])


def fits(cidr: str) -> bool:
    """True if a range has a size that :func:`plan` can cut."""
    return LARGEST_PREFIX <= ipaddress.ip_network(cidr).prefixlen <= SMALLEST_PREFIX


def is_private(cidr: str) -> bool:
    """True if an IPv4 range lies inside a range that the internet does not route (RFC 1918, RFC 6598)."""
    return any(ipaddress.IPv4Network(cidr).subnet_of(private) for private in _PRIVATE)


def plan(cidr: str) -> AddressPlan:
    """Cut ``cidr``, a /16 to /20, into three quarters for the zones' nodes and sixteenths of the last for the others.

    Raises:
        ValueError: it is not such a range, or has host bits.
    """
    network = ipaddress.IPv4Network(cidr)
    if not fits(cidr):
        raise ValueError(f"{cidr}: expected a range from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}")
    *zones, last = network.subnets(prefixlen_diff=2)
    small = [str(subnet) for subnet in last.subnets(prefixlen_diff=4)]
    control_plane = next(ipaddress.IPv4Network(small[10]).subnets(new_prefix=28))
    nodes = [str(zone) for zone in zones]
    return AddressPlan(
        network=cidr,
        nodes=(nodes[0], nodes[1], nodes[2]),
        edges=(small[0], small[1], small[2]),
        endpoints=(small[3], small[4], small[5]),
        gateway=small[8],
        control_plane=str(control_plane),
    )


def overlaps(ranges: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the names of every two ranges, given as ``(name, cidr)``, that share an address."""
    for (first, first_cidr), (second, second_cidr) in combinations(ranges, 2):
        if ipaddress.ip_network(first_cidr).overlaps(ipaddress.ip_network(second_cidr)):
            yield first, second
