"""Rules about network security groups and database firewalls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from policies import exposure
from policies.checks import MISSING, find
from policies.exposure import ADMINISTRATION, DATA, LAST_PORT, Opening, must_limit_ports, must_not_open
from policies.rule import Absence, AnyRule, Props, Rule, Severity

SECURITY_GROUP = "azure-native:network:NetworkSecurityGroup"
SECURITY_RULE = "azure-native:network:SecurityRule"
FIREWALL_RULES = ("azure-native:sql:FirewallRule", "azure-native:dbforpostgresql:FirewallRule")

_AMPLIFYING = (53, 123, 161, 389, 1900)
"""UDP services that amplify traffic: DNS, NTP, SNMP, CLDAP and SSDP."""
_WIDE_RANGE = 2**16
"""Minimum number of consecutive addresses that is too wide for one owner."""
_INTERNET_TAGS = ("*", "any", "internet")
_GUIDE = "https://learn.microsoft.com/en-us/azure/virtual-network/network-security-groups-overview"


def is_internet(source: str) -> bool:
    """True if a source is the Internet: a very wide range, or a service tag for the Internet."""
    if source.lower() in _INTERNET_TAGS:
        return True
    try:
        return exposure.is_internet(source)
    except ValueError:
        return False  # a service tag of the network or of Azure


def open_exceptions(node: Any, pattern: str) -> Iterator[str]:
    """Yield the exceptions of a firewall that are open to the Internet."""
    for path, source in find(node, pattern):
        if source is not MISSING and is_internet(source):
            yield f"{path}: the exception is open to the Internet; got {source}; expected named address ranges"


def _inbound_allow_rules(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every inbound allow rule with its path. The resource is a group, or one rule of a group."""
    if "access" in props:
        rules: Iterator[tuple[str, Any]] = iter((("", props),))
    else:
        rules = ((f"{path}.", rule) for path, rule in find(props, "securityRules[*]") if rule is not MISSING)
    return (
        (path, rule)
        for path, rule in rules
        if rule["access"].lower() == "allow" and rule["direction"].lower() == "inbound"
    )


def _openings(props: Props) -> Iterator[Opening]:
    for path, rule in _inbound_allow_rules(props):
        yield from _openings_of_rule(path, rule)


def _udp_openings(props: Props) -> Iterator[Opening]:
    for path, rule in _inbound_allow_rules(props):
        if rule["protocol"].lower() in ("udp", "*"):
            yield from _openings_of_rule(path, rule)


def _openings_of_rule(path: str, rule: Mapping[str, Any]) -> Iterator[Opening]:
    for pattern in ("sourceAddressPrefix", "sourceAddressPrefixes[*]"):
        for inner_path, source in find(rule, pattern):
            if source is not MISSING and is_internet(source):
                for first, last in _ports(rule):
                    yield Opening(path=f"{path}{inner_path}", cidr=source, first=first, last=last)


def _ports(rule: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    for path in ("destinationPortRange", "destinationPortRanges[*]"):
        for _, text in find(rule, path):
            if text == "*":
                yield 0, LAST_PORT
            elif text is not MISSING:
                first, _, last = str(text).partition("-")
                yield int(first), int(last or first)


def _check_database_firewall(props: Props) -> Iterator[str]:
    ends = [str(props.get(name) or "") for name in ("startIpAddress", "endIpAddress")]
    if not all(ends):
        return
    first, last = (int(ip_address(address)) for address in ends)
    if first == last == 0:
        yield "startIpAddress: every Azure customer may connect; got 0.0.0.0; expected single addresses"
    elif last - first >= _WIDE_RANGE:
        yield (
            f"startIpAddress: the range is too wide; got {ends[0]} to {ends[1]}; expected fewer than {_WIDE_RANGE} "
            "addresses"
        )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-network-guard-deny-open-administration",
        types=(SECURITY_GROUP, SECURITY_RULE),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Administration ports that are open to the Internet are attacked within minutes.",
        remedy="Set sourceAddressPrefix to the ranges of administrators, or use Bastion.",
        reference=_GUIDE,
        check=must_not_open(_openings, ADMINISTRATION, "an administration port"),
    ),
    Rule(
        id="azure-network-guard-deny-open-data",
        types=(SECURITY_GROUP, SECURITY_RULE),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A database that is open to the Internet can be copied before the leak is noticed.",
        remedy="Set sourceAddressPrefix to the subnets of the clients.",
        reference=_GUIDE,
        check=must_not_open(_openings, DATA, "a data port"),
    ),
    Rule(
        id="azure-network-guard-limit-open-ports",
        types=(SECURITY_GROUP, SECURITY_RULE),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A wide port range exposes every service that later listens in it.",
        remedy="Set destinationPortRanges to the single public ports.",
        reference=_GUIDE,
        check=must_limit_ports(_openings),
    ),
    Rule(
        id="azure-network-guard-deny-open-reflection",
        types=(SECURITY_GROUP, SECURITY_RULE),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Small requests with a forged sender cause large responses that flood a third party.",
        remedy="Set sourceAddressPrefix to the clients, or remove the rule.",
        reference="https://learn.microsoft.com/en-us/azure/security/fundamentals/network-best-practices",
        check=must_not_open(_udp_openings, _AMPLIFYING, "an amplifying UDP service"),
    ),
    Rule(
        id="azure-sql-firewall-deny-everybody",
        types=FIREWALL_RULES,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="The address 0.0.0.0 admits every Azure customer, and a wide range admits unknown clients.",
        remedy="Set startIpAddress and endIpAddress to single addresses, or use a private endpoint.",
        reference="https://learn.microsoft.com/en-us/azure/azure-sql/database/firewall-configure",
        check=_check_database_firewall,
    ),
)
