"""What is open to anybody, on any cloud: address ranges, ports, and checks over what a cloud's rules let through."""

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
"""File shares, databases, caches, search, and the doors of container hosts."""
LAST_PORT: Final = 65535
_WIDEST: Final = 10


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A range of ports that an address range may reach or be reached from; ``at`` is the path of the address range."""

    at: str
    cidr: str
    first: int
    last: int

    @property
    def words(self) -> str:
        """The ports for people."""
        return f"port {self.first}" if self.first == self.last else f"ports {self.first}-{self.last}"


Openings: TypeAlias = Callable[[Props], Iterator[Opening]]
"""What a resource opens to anybody, in one direction."""


def is_anybody(cidr: str) -> bool:
    """Whether the range is so wide that it is nobody's own; two halves of the Internet are the Internet, too."""
    network = ip_network(cidr, strict=False)
    # fc00::/7 holds all private addresses of IPv6, as 10.0.0.0/8 does most of IPv4.
    return network.prefixlen < (8 if network.version == 4 else 7)


def must_not_open(openings: Openings, ports: tuple[int, ...], what: str) -> Check:
    """Nobody who is just anybody reaches one of the ports, behind which there is ``what``."""

    def check(props: Props) -> Iterator[str]:
        for one in openings(props):
            if hit := [port for port in ports if one.first <= port <= one.last]:
                yield f"{one.at}: {one.cidr} may reach {what} on port {hit[0]}"

    return check


def must_open_little(openings: Openings) -> Check:
    """What is opened to anybody are few ports."""

    def check(props: Props) -> Iterator[str]:
        for one in openings(props):
            if one.last - one.first >= _WIDEST:
                yield f"{one.at}: {one.cidr} may reach {one.words}"

    return check


def must_not_let_all_out(openings: Openings) -> Check:
    """Not every port leads to anywhere."""

    def check(props: Props) -> Iterator[str]:
        for one in openings(props):
            if (one.first, one.last) == (0, LAST_PORT):
                yield f"{one.at}: everything may leave for {one.cidr}"

    return check
