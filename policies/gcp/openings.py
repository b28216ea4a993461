"""Firewall rules: what is open to anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from policies.checks import MISSING, find, must_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

FIREWALL = "gcp:compute/firewall:Firewall"
POLICY_RULES = (
    "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
    "gcp:compute/regionNetworkFirewallPolicyRule:RegionNetworkFirewallPolicyRule",
    "gcp:compute/firewallPolicyRule:FirewallPolicyRule",
)
OPENINGS = (FIREWALL, *POLICY_RULES)

_ADMINISTRATION = (22, 23, 3389, 5985, 5986)
"""SSH, Telnet, remote desktop, Windows remote management."""
_DATA = (139, 445, 1433, 1521, 2049, 2375, 2379, 2380, 3306, 5432, 5601, 6379, 9042, 9200, 10250, 11211, 27017)
"""File shares, databases, caches, search, and the doors of container hosts."""
_WIDEST = 10
_LAST_PORT = 65535
_ALL = ("all", "-1")
_WITH_PORTS = ("tcp", "udp", "sctp", "6", "17", "132")
_GUIDE = "https://cloud.google.com/firewall/docs/firewalls"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A range of ports that an address range may reach or be reached from; ``at`` is the path of the address range."""

    at: str
    cidr: str
    first: int
    last: int


def is_anybody(cidr: str) -> bool:
    """Whether the range is so wide that it is nobody's own; two halves of the Internet are the Internet, too."""
    network = ip_network(cidr, strict=False)
    # Narrower are 10.0.0.0/8 and fc00::/7, which hold private addresses.
    return network.prefixlen < (8 if network.version == 4 else 7)


def _ports(protocol: str, listed: Any) -> Iterator[tuple[int, int]]:
    if protocol in _ALL or (protocol in _WITH_PORTS and not listed):
        yield 0, _LAST_PORT
    elif protocol in _WITH_PORTS:
        for index in range(len(listed)):
            first, _, last = str(listed[index]).partition("-")
            yield int(first), int(last or first)


def _flows(props: Props) -> Iterator[tuple[str, Any]]:
    """Protocol and ports of what the rule allows; nothing of one that is switched off."""
    if props.get("disabled") is True:
        return
    if "match" in props:
        for _, one in find(props, "match.layer4Configs[*]") if props["action"] == "allow" else ():
            if one is not MISSING:
                yield one["ipProtocol"], one.get("ports")
    else:
        for _, one in find(props, "allows[*]"):
            if one is not MISSING:
                yield one["protocol"], one.get("ports")


def _openings(props: Props, direction: str = "INGRESS") -> Iterator[Opening]:
    if (props.get("direction") or "INGRESS") != direction:
        return
    paths = {
        "INGRESS": ("sourceRanges[*]", "match.srcIpRanges[*]"),
        "EGRESS": ("destinationRanges[*]", "match.destIpRanges[*]"),
    }[direction]
    ports = [span for protocol, listed in _flows(props) for span in _ports(str(protocol).lower(), listed)]
    for at, cidr in (found for path in paths for found in find(props, path)) if ports else ():
        if cidr is not MISSING and is_anybody(cidr):
            yield from (Opening(at=at, cidr=cidr, first=first, last=last) for first, last in ports)


def _opens(ports: tuple[int, ...], what: str) -> Callable[[Props], Iterator[str]]:
    def check(props: Props) -> Iterator[str]:
        for one in _openings(props):
            if hit := [port for port in ports if one.first <= port <= one.last]:
                yield f"{one.at}: {one.cidr} may reach {what} on port {hit[0]}"

    return check


def _is_wide(props: Props) -> Iterator[str]:
    for one in _openings(props):
        if one.last - one.first >= _WIDEST:
            yield f"{one.at}: {one.cidr} may reach ports {one.first}-{one.last}"


def _leaves_for_anywhere(props: Props) -> Iterator[str]:
    for one in _openings(props, "EGRESS"):
        if (one.first, one.last) == (0, _LAST_PORT):
            yield f"{one.at}: everything may leave for {one.cidr}"


def _opens_every_machine(props: Props) -> Iterator[str]:
    targets = ("targetTags", "targetServiceAccounts", "targetSecureTags")
    if not any(props.get(name) for name in targets):
        for one in _openings(props):
            yield f"{one.at}: {one.cidr} may reach every machine of the network"
            return


def _hides_refusals(props: Mapping[str, Any]) -> Iterator[str]:
    if props.get("denies"):
        yield from must_be_set("logConfig")(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-vpc-firewall-deny-open-administration",
        types=OPENINGS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Ports of administration that anybody reaches are guessed at from the first minute.",
        remedy="Name the few address ranges that administer, or open 35.235.240.0/20 alone and go through IAP.",
        reference="https://cloud.google.com/iap/docs/using-tcp-forwarding",
        check=_opens(_ADMINISTRATION, "administration"),
    ),
    Rule(
        id="gcp-vpc-firewall-deny-open-data",
        types=OPENINGS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Databases, file shares and container hosts are made for neighbours and give everything to strangers.",
        remedy="Allow the service account or the tag of the programs that use it, and no address range.",
        reference=_GUIDE,
        check=_opens(_DATA, "data"),
    ),
    Rule(
        id="gcp-vpc-firewall-limit-open-ports",
        types=OPENINGS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A wide range opens whatever will listen there one day.",
        remedy="Open the few ports that the service has, each by itself.",
        reference=_GUIDE,
        check=_is_wide,
    ),
    Rule(
        id="gcp-vpc-firewall-limit-egress",
        types=OPENINGS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A rule that lets everything out undoes the one that denies it.",
        remedy="Name the ports, and where they are known the ranges, that have to be reached.",
        reference=_GUIDE,
        check=_leaves_for_anywhere,
    ),
    Rule(
        id="gcp-vpc-firewall-require-targets",
        types=(FIREWALL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a target a rule opens every machine of the network, also those that come later.",
        remedy="Set targetTags or targetServiceAccounts.",
        reference=_GUIDE,
        check=_opens_every_machine,
    ),
    Rule(
        id="gcp-vpc-firewall-require-denial-logs",
        types=(FIREWALL,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="What is refused, from outside and on its way out, is what shows an attempt.",
        remedy="Set logConfig on the rules that deny.",
        reference="https://cloud.google.com/firewall/docs/firewall-rules-logging",
        check=_hides_refusals,
    ),
)
