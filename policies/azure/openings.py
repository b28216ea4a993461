"""Security rules: what is open to anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from policies import openings
from policies.checks import MISSING, find
from policies.openings import ADMINISTRATION, DATA, LAST_PORT, Opening, must_not_open, must_open_little
from policies.rule import Absence, AnyRule, Props, Rule, Severity

GUARD = "azure-native:network:NetworkSecurityGroup"
GUARD_RULE = "azure-native:network:SecurityRule"
FIREWALL_RULES = ("azure-native:sql:FirewallRule", "azure-native:dbforpostgresql:FirewallRule")

_ECHOING = (53, 123, 161, 389, 1900)
"""Names, time, management, directories, discovery: services over UDP that answer at length."""
_STRANGERS = 2**16
"""Addresses in a row that are more than anybody's own."""
_EVERYWHERE = ("*", "any", "internet")
_GUIDE = "https://learn.microsoft.com/en-us/azure/virtual-network/network-security-groups-overview"


def is_anybody(source: str) -> bool:
    """Whether a source is so wide that it is nobody's own: a range, or Azure's word for the Internet."""
    if source.lower() in _EVERYWHERE:
        return True
    try:
        return openings.is_anybody(source)
    except ValueError:
        return False  # another of Azure's words, for something of the network's or of Azure's own


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
        yield from _opened(at, rule)


def _openings_to_datagrams(props: Props) -> Iterator[Opening]:
    for at, rule in _allowing(props):
        if rule["protocol"].lower() in ("udp", "*"):
            yield from _opened(at, rule)


def _opened(at: str, rule: Mapping[str, Any]) -> Iterator[Opening]:
    for path in ("sourceAddressPrefix", "sourceAddressPrefixes[*]"):
        for where, source in find(rule, path):
            if source is not MISSING and is_anybody(source):
                for first, last in _ports(rule):
                    yield Opening(at=f"{at}{where}", cidr=source, first=first, last=last)


def _ports(rule: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    for path in ("destinationPortRange", "destinationPortRanges[*]"):
        for _, text in find(rule, path):
            if text == "*":
                yield 0, LAST_PORT
            elif text is not MISSING:
                first, _, last = str(text).partition("-")
                yield int(first), int(last or first)


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
        check=must_not_open(_openings, ADMINISTRATION, "administration"),
    ),
    Rule(
        id="azure-network-guard-deny-open-data",
        types=(GUARD, GUARD_RULE),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A database that everybody may ask is copied before anybody notices.",
        remedy="Let in the subnets that use it, and nobody else.",
        reference=_GUIDE,
        check=must_not_open(_openings, DATA, "data"),
    ),
    Rule(
        id="azure-network-guard-limit-open-ports",
        types=(GUARD, GUARD_RULE),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whatever starts to listen in a wide range is open on the day it starts.",
        remedy="Name the ports that serve everybody, one by one.",
        reference=_GUIDE,
        check=must_open_little(_openings),
    ),
    Rule(
        id="azure-network-guard-deny-open-reflection",
        types=(GUARD, GUARD_RULE),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Small questions with a forged sender make large answers that drown somebody else.",
        remedy="Let in those who ask, or close the port.",
        reference="https://learn.microsoft.com/en-us/azure/security/fundamentals/network-best-practices",
        check=must_not_open(_openings_to_datagrams, _ECHOING, "a service that answers with more than it was asked"),
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
