"""Exposure to the Internet on any cloud: address ranges, ports, and checks of what firewall rules allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final, TypeAlias

from policies.checks import Check
from policies.rule import Props

ADMINISTRATION: Final = (22, 23, 3389, 5985, 5986)
"""SSH, Telnet, remote desktop, Windows remote management."""
DATA: Final = (139, 445, 1433, 1521, 2049, 2375, 2379, 2380, 3306, 5432, 5601, 6379, 9042, 9200, 10250, 11211, 27017)
"""File shares, databases, caches, search engines, and the APIs of container hosts."""
LAST_PORT: Final = 65535
_WIDEST: Final = 10


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A range of ports that is open to or from an address range. ``path`` is the path of the address range."""

    path: str
    cidr: str
    first: int
    last: int

    @property
    def ports(self) -> str:
        """The ports as a message shows them."""
        return f"port {self.first}" if self.first == self.last else f"ports {self.first}-{self.last}"


Openings: TypeAlias = Callable[[Props], Iterator[Opening]]
"""A function that yields what a resource opens to the Internet, in one direction."""


def is_internet(cidr: str) -> bool:
    """True if the range is too wide to belong to one network. Two halves of the Internet count as the Internet."""
    network = ip_network(cidr, strict=False)
    # fc00::/7 contains all private addresses of IPv6, as 10.0.0.0/8 contains most of IPv4.
    return network.prefixlen < (8 if network.version == 4 else 7)


def must_not_open(openings: Openings, ports: tuple[int, ...], service: str) -> Check:
    """Return a check that none of the ports is open to the Internet. ``service`` names what listens on them."""

    def check(props: Props) -> Iterator[str]:
        for opening in openings(props):
            if matches := [port for port in ports if opening.first <= port <= opening.last]:
                yield (
                    f"{opening.path}: {service} is open to the Internet; got {opening.cidr} on port {matches[0]}; "
                    "expected named address ranges"
                )

    return check


def must_limit_ports(openings: Openings) -> Check:
    """Return a check that every range of ports open to the Internet is small."""

    def check(props: Props) -> Iterator[str]:
        for opening in openings(props):
            if opening.last - opening.first >= _WIDEST:
                yield (
                    f"{opening.path}: too many ports are open to the Internet; got {opening.cidr} on {opening.ports}; "
                    f"expected at most {_WIDEST} ports in a range"
                )

    return check


def must_limit_egress(openings: Openings) -> Check:
    """Return a check that not every port is open to every destination."""

    def check(props: Props) -> Iterator[str]:
        for opening in openings(props):
            if (opening.first, opening.last) == (0, LAST_PORT):
                yield f"{opening.path}: egress is unrestricted; got every port to {opening.cidr}; expected named ports"

    return check
