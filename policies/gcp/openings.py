"""Firewall rules: what is open to anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks import MISSING, find, must_be_set
from policies.openings import (
    ADMINISTRATION,
    DATA,
    LAST_PORT,
    Opening,
    is_anybody,
    must_not_let_all_out,
    must_not_open,
    must_open_little,
)
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

FIREWALL = "gcp:compute/firewall:Firewall"
POLICY_RULES = (
    "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
    "gcp:compute/regionNetworkFirewallPolicyRule:RegionNetworkFirewallPolicyRule",
    "gcp:compute/firewallPolicyRule:FirewallPolicyRule",
)
OPENINGS = (FIREWALL, *POLICY_RULES)

_ALL = ("all", "-1")
_WITH_PORTS = ("tcp", "udp", "sctp", "6", "17", "132")
_GUIDE = "https://cloud.google.com/firewall/docs/firewalls"


def _ports(protocol: str, listed: Any) -> Iterator[tuple[int, int]]:
    if protocol in _ALL or (protocol in _WITH_PORTS and not listed):
        yield 0, LAST_PORT
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


def _ways_out(props: Props) -> Iterator[Opening]:
    return _openings(props, "EGRESS")


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
        check=must_not_open(_openings, ADMINISTRATION, "administration"),
    ),
    Rule(
        id="gcp-vpc-firewall-deny-open-data",
        types=OPENINGS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Databases, file shares and container hosts are made for neighbours and give everything to strangers.",
        remedy="Allow the service account or the tag of the programs that use it, and no address range.",
        reference=_GUIDE,
        check=must_not_open(_openings, DATA, "data"),
    ),
    Rule(
        id="gcp-vpc-firewall-limit-open-ports",
        types=OPENINGS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A wide range opens whatever will listen there one day.",
        remedy="Open the few ports that the service has, each by itself.",
        reference=_GUIDE,
        check=must_open_little(_openings),
    ),
    Rule(
        id="gcp-vpc-firewall-limit-egress",
        types=OPENINGS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A rule that lets everything out undoes the one that denies it.",
        remedy="Name the ports, and where they are known the ranges, that have to be reached.",
        reference=_GUIDE,
        check=must_not_let_all_out(_ways_out),
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
