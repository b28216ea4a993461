"""Rules about VPC firewall rules and firewall policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks import MISSING, find, must_be_set
from policies.exposure import (
    ADMINISTRATION,
    DATA,
    LAST_PORT,
    Opening,
    is_internet,
    must_limit_egress,
    must_limit_ports,
    must_not_open,
)
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

FIREWALL = "gcp:compute/firewall:Firewall"
POLICY_RULES = (
    "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
    "gcp:compute/regionNetworkFirewallPolicyRule:RegionNetworkFirewallPolicyRule",
    "gcp:compute/firewallPolicyRule:FirewallPolicyRule",
)
FIREWALL_TYPES = (FIREWALL, *POLICY_RULES)

_ALL_PROTOCOLS = ("all", "-1")
_WITH_PORTS = ("tcp", "udp", "sctp", "6", "17", "132")
_GUIDE = "https://cloud.google.com/firewall/docs/firewalls"


def _ports(protocol: str, port_ranges: Any) -> Iterator[tuple[int, int]]:
    if protocol in _ALL_PROTOCOLS or (protocol in _WITH_PORTS and not port_ranges):
        yield 0, LAST_PORT
    elif protocol in _WITH_PORTS:
        for index in range(len(port_ranges)):
            first, _, last = str(port_ranges[index]).partition("-")
            yield int(first), int(last or first)


def _flows(props: Props) -> Iterator[tuple[str, Any]]:
    """Yield protocol and ports of what the rule allows; nothing for a disabled rule."""
    if props.get("disabled") is True:
        return
    if "match" in props:
        for _, entry in find(props, "match.layer4Configs[*]") if props["action"] == "allow" else ():
            if entry is not MISSING:
                yield entry["ipProtocol"], entry.get("ports")
    else:
        for _, entry in find(props, "allows[*]"):
            if entry is not MISSING:
                yield entry["protocol"], entry.get("ports")


def _openings(props: Props, direction: str = "INGRESS") -> Iterator[Opening]:
    if (props.get("direction") or "INGRESS") != direction:
        return
    paths = {
        "INGRESS": ("sourceRanges[*]", "match.srcIpRanges[*]"),
        "EGRESS": ("destinationRanges[*]", "match.destIpRanges[*]"),
    }[direction]
    ports = [span for protocol, port_ranges in _flows(props) for span in _ports(str(protocol).lower(), port_ranges)]
    for path, cidr in (found for pattern in paths for found in find(props, pattern)) if ports else ():
        if cidr is not MISSING and is_internet(cidr):
            yield from (Opening(path=path, cidr=cidr, first=first, last=last) for first, last in ports)


def _egress_openings(props: Props) -> Iterator[Opening]:
    return _openings(props, "EGRESS")


def _check_targets(props: Props) -> Iterator[str]:
    targets = ("targetTags", "targetServiceAccounts", "targetSecureTags")
    if not any(props.get(name) for name in targets):
        for opening in _openings(props):
            yield (
                f"{opening.path}: the rule opens every machine of the network; got {opening.cidr} without a target; "
                "expected a target"
            )
            return


def _check_denial_logs(props: Mapping[str, Any]) -> Iterator[str]:
    if props.get("denies"):
        yield from must_be_set("logConfig")(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-vpc-firewall-deny-open-administration",
        types=FIREWALL_TYPES,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Administration ports that are open to the Internet are attacked within minutes.",
        remedy="Set sourceRanges to the ranges of administrators, or to 35.235.240.0/20 for IAP.",
        reference="https://cloud.google.com/iap/docs/using-tcp-forwarding",
        check=must_not_open(_openings, ADMINISTRATION, "an administration port"),
    ),
    Rule(
        id="gcp-vpc-firewall-deny-open-data",
        types=FIREWALL_TYPES,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Databases, file shares and container daemons often trust their network and give clients full access.",
        remedy="Replace sourceRanges by the service account or tag of the clients.",
        reference=_GUIDE,
        check=must_not_open(_openings, DATA, "a data port"),
    ),
    Rule(
        id="gcp-vpc-firewall-limit-open-ports",
        types=FIREWALL_TYPES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A wide port range exposes every service that later listens in it.",
        remedy="Set ports to the single ports of the service.",
        reference=_GUIDE,
        check=must_limit_ports(_openings),
    ),
    Rule(
        id="gcp-vpc-firewall-limit-egress",
        types=FIREWALL_TYPES,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A rule that allows all egress overrides the one that denies it.",
        remedy="Set ports, and destinationRanges where they are known.",
        reference=_GUIDE,
        check=must_limit_egress(_egress_openings),
    ),
    Rule(
        id="gcp-vpc-firewall-require-targets",
        types=(FIREWALL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a target, the rule applies to every machine of the network, including future ones.",
        remedy="Set targetTags or targetServiceAccounts.",
        reference=_GUIDE,
        check=_check_targets,
    ),
    Rule(
        id="gcp-vpc-firewall-require-denial-logs",
        types=(FIREWALL,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Denied connections are evidence of an attack attempt, and are lost without a log.",
        remedy="Set logConfig on the rules that deny.",
        reference="https://cloud.google.com/firewall/docs/firewall-rules-logging",
        check=_check_denial_logs,
    ),
)
