"""Security rules: what is open to anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from policies.checks import MISSING, find
from policies.rule import Absence, AnyRule, Props, Rule, Severity

GUARD = "azure-native:network:NetworkSecurityGroup"
GUARD_RULE = "azure-native:network:SecurityRule"
FIREWALL_RULES = ("azure-native:sql:FirewallRule", "azure-native:dbforpostgresql:FirewallRule")

_ADMINISTRATION = (22, 23, 3389, 5985, 5986)
"""SSH, Telnet, remote desktop, Windows remote management."""
_DATA = (139, 445, 1433, 1521, 2049, 2375, 2379, 2380, 3306, 5432, 5601, 6379, 9042, 9200, 10250, 11211, 27017)
"""File shares, databases, caches, search, and the doors of container hosts."""
_WIDEST = 10
_STRANGERS = 2**16
"""Addresses in a row that are more than anybody's own."""
_EVERYWHERE = ("*", "any", "internet")
_GUIDE = "https://learn.microsoft.com/en-us/azure/virtual-network/network-security-groups-overview"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A range of ports that anybody may reach; ``at`` is the path of who may."""

    at: str
    source: str
    protocol: str
    first: int
    last: int


def is_anybody(source: str) -> bool:
    """Whether a source is so wide that it is nobody's own: a range, or Azure's word for the Internet."""
    if source.lower() in _EVERYWHERE:
        return True
    try:
        network = ip_network(source, strict=False)
    except ValueError:
        return False  # another of Azure's words, for something of the network's or of Azure's own
    # fc00::/7 holds all private addresses of IPv6, as 10.0.0.0/8 does most of IPv4.
    return network.prefixlen < (8 if network.version == 4 else 7)


def admitted(node: Any, path: str) -> Iterator[str]:
    """Ranges of a firewall's exceptions that are so wide that it keeps nobody out."""
    for at, source in find(node, path):
        if source is not MISSING and is_anybody(source):
            yield f"{at}: {source} is everybody"


def _allowing(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every rule that lets something in, with its path; the resource is a group, or one rule of a group."""
    if "access" in props:
        rules: Iterator[tuple[str, Any]] = iter((("", props),))
    else:
        rules = ((f"{at}.", one) for at, one in find(props, "securityRules[*]") if one is not MISSING)
    return (
        (at, one) for at, one in rules if one["access"].lower() == "allow" and one["direction"].lower() == "inbound"
    )


def _openings(props: Props) -> Iterator[Opening]:
    for at, rule in _allowing(props):
        for path in ("sourceAddressPrefix", "sourceAddressPrefixes[*]"):
            for where, source in find(rule, path):
                if source is not MISSING and is_anybody(source):
                    for first, last in _ports(rule):
                        protocol = str(rule["protocol"]).lower()
                        yield Opening(at=f"{at}{where}", source=source, protocol=protocol, first=first, last=last)


def _ports(rule: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    for path in ("destinationPortRange", "destinationPortRanges[*]"):
        for _, text in find(rule, path):
            if text == "*":
                yield 0, 65535
            elif text is not MISSING:
                first, _, last = str(text).partition("-")
                yield int(first), int(last or first)


def _opens(ports: tuple[int, ...], what: str) -> Callable[[Props], Iterator[str]]:
    def check(props: Props) -> Iterator[str]:
        for one in _openings(props):
            if hit := [port for port in ports if one.first <= port <= one.last]:
                yield f"{one.at}: {one.source} may reach {what} on port {hit[0]}"

    return check


def _is_wide(props: Props) -> Iterator[str]:
    for one in _openings(props):
        if one.last - one.first >= _WIDEST:
            yield f"{one.at}: {one.source} may reach ports {one.first}-{one.last}"


def _echoes(props: Props) -> Iterator[str]:
    for one in _openings(props):
        if one.protocol in ("udp", "*") and any(one.first <= port <= one.last for port in (53, 123, 161, 389, 1900)):
            yield f"{one.at}: {one.source} may ask a service that answers with more than it was asked"


def _admits_everybody(props: Props) -> Iterator[str]:
    ends = [str(props.get(name) or "") for name in ("startIpAddress", "endIpAddress")]
    if not all(ends):
        return
    first, last = (int(ip_address(one)) for one in ends)
    if first == last == 0:
        yield "startIpAddress: every machine of every customer of Azure may connect"
    elif last - first >= _STRANGERS:
        yield f"startIpAddress: {ends[0]} to {ends[1]} is nobody's own range"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-network-guard-deny-open-administration",
        types=(GUARD, GUARD_RULE),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Doors of administrators are found within minutes, and tried for ever.",
        remedy="Name the ranges of those who administer, or use Bastion.",
        reference=_GUIDE,
        check=_opens(_ADMINISTRATION, "administration"),
    ),
    Rule(
        id="azure-network-guard-deny-open-data",
        types=(GUARD, GUARD_RULE),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A database that everybody may ask is copied before anybody notices.",
        remedy="Let in the subnets that use it, and nobody else.",
        reference=_GUIDE,
        check=_opens(_DATA, "data"),
    ),
    Rule(
        id="azure-network-guard-limit-open-ports",
        types=(GUARD, GUARD_RULE),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whatever starts to listen in a wide range is open on the day it starts.",
        remedy="Name the ports that serve everybody, one by one.",
        reference=_GUIDE,
        check=_is_wide,
    ),
    Rule(
        id="azure-network-guard-deny-open-reflection",
        types=(GUARD, GUARD_RULE),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Small questions with a forged sender make large answers that drown somebody else.",
        remedy="Let in those who ask, or close the port.",
        reference="https://learn.microsoft.com/en-us/azure/security/fundamentals/network-best-practices",
        check=_echoes,
    ),
    Rule(
        id="azure-sql-firewall-deny-everybody",
        types=FIREWALL_RULES,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="0.0.0.0 lets in every customer of Azure, and a wide range lets in strangers.",
        remedy="Name single addresses, or better connect by a private endpoint.",
        reference="https://learn.microsoft.com/en-us/azure/azure-sql/database/firewall-configure",
        check=_admits_everybody,
    ),
)
