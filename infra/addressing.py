"""Address plans: one range of a site cut into what its parts need. Pure arithmetic."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

LARGEST_PREFIX: Final = 16
SMALLEST_PREFIX: Final = 20
"""A /20 still gives each zone 1,022 node addresses; the clouds' own limits on a network begin at /16."""


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """Ranges of one site, none overlapping another, all inside ``network``."""

    network: str
    nodes: tuple[str, str, str]
    """One a zone: a quarter of the network each. Private."""
    edges: tuple[str, str, str]
    """One a zone: where balancers and address translation stand. The only ranges with a way in from outside."""
    endpoints: tuple[str, str, str]
    """One a zone: private endpoints of the cloud's own services."""
    gateway: str
    """A range for a managed gateway that wants one of its own."""
    control_plane: str
    """A /28 for a managed control plane."""

    def internal_address(self) -> str:
        """A fixed private address, for an internal balancer: the last but one of the first zone's nodes."""
        return str(ipaddress.ip_network(self.nodes[0])[-5])


def plan(cidr: str) -> AddressPlan:
    """Cut ``cidr``, a /16 to /20 without host bits: quarters for the zones' nodes, sixteenths of the last for the rest.

    Raises:
        ValueError: it is no such range.
    """
    network = ipaddress.IPv4Network(cidr)
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(f"{cidr}: expected a range from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}")
    *zones, rest = network.subnets(prefixlen_diff=2)
    small = [str(one) for one in rest.subnets(prefixlen_diff=4)]
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
    """Names of every two ranges, given as ``(name, cidr)``, that share an address."""
    for (first, one), (second, other) in combinations(ranges, 2):
        if ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other)):
            yield first, second
