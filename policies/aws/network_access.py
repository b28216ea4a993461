"""Rules about security groups and network access lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks import MISSING, find, join
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

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
INGRESS = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP, GROUP_RULE, INGRESS_RULE)
EGRESS = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP, GROUP_RULE, EGRESS_RULE)
ACL = "aws:ec2/networkAcl:NetworkAcl"
DEFAULT_ACL = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
PREFIX_LIST = "aws:ec2/managedPrefixList:ManagedPrefixList"
PREFIX = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"

_GROUPS = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html"
_ACLS = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"


def _rules_of(props: Props, direction: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every rule of the resource with its path. The resource is a group or one rule of a group."""
    if "ipProtocol" in props:
        yield "", props
    elif "protocol" in props:
        if props["type"] == direction:
            yield "", props
    else:
        yield from ((path, rule) for path, rule in find(props, f"{direction}[*]") if rule is not MISSING)


def _openings(props: Props, direction: str = "ingress") -> Iterator[Opening]:
    for path, block in _rules_of(props, direction):
        ports = _ports(str(block.get("ipProtocol") or block.get("protocol")), block)
        if ports is None:
            continue
        for pattern in ("cidrIpv4", "cidrIpv6", "cidrBlocks[*]", "ipv6CidrBlocks[*]"):
            for inner_path, cidr in find(block, pattern):
                if cidr is not MISSING and is_internet(cidr):
                    yield Opening(
                        path=f"{path}.{inner_path}" if path else inner_path, cidr=cidr, first=ports[0], last=ports[1]
                    )


def _ports(protocol: str, block: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the first and last port of a rule; None where the protocol has no ports."""
    if protocol.lower() in ("-1", "all"):
        return 0, LAST_PORT
    if protocol.lower() in ("tcp", "udp", "6", "17"):
        return int(block["fromPort"]), int(block["toPort"])
    return None


def _egress_openings(props: Props) -> Iterator[Opening]:
    return _openings(props, "egress")


def _check_descriptions(props: Props) -> Iterator[str]:
    for direction in ("ingress", "egress"):
        for path, block in _rules_of(props, direction):
            if not block.get("description"):
                yield f"{join(path, 'description')}: the rule has no description; got nothing; expected its purpose"
        if "ipProtocol" in props:
            return


def _check_prefixes(props: Props) -> Iterator[str]:
    for pattern in ("cidr", "entries[*].cidr"):
        for path, cidr in find(props, pattern):
            if cidr is not MISSING and is_internet(cidr):
                yield f"{path}: the prefix list contains the Internet; got {cidr}; expected narrower address ranges"


def _acl_entries(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "ruleAction" not in props:
        yield from ((path, entry) for path, entry in find(props, "ingress[*]") if entry is not MISSING)
    elif not props.get("egress"):
        yield "", props


def _check_acl_administration(props: Props) -> Iterator[str]:
    for path, entry in _acl_entries(props):
        if (entry.get("action") or entry.get("ruleAction")) != "allow":
            continue
        ports = _ports(str(entry["protocol"]), entry)
        # Access lists are stateless: responses arrive on these ports.
        if ports is None or (ports[0] >= 1024 and ports[1] == LAST_PORT):
            continue
        for key in ("cidrBlock", "ipv6CidrBlock"):
            cidr = entry.get(key)
            if cidr and is_internet(cidr) and any(ports[0] <= port <= ports[1] for port in ADMINISTRATION):
                yield (
                    f"{join(path, key)}: administration ports are open to the Internet; got {cidr}; expected named "
                    "address ranges"
                )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-vpc-securitygroup-deny-open-administration",
        types=INGRESS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Administration ports that are open to the Internet are attacked within minutes.",
        remedy="Set the source to the address ranges of administrators, or remove the rule and use Session Manager.",
        reference=_GROUPS,
        check=must_not_open(_openings, ADMINISTRATION, "an administration port"),
    ),
    Rule(
        id="aws-vpc-securitygroup-deny-open-data",
        types=INGRESS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Databases, file shares and container daemons often trust their network and give clients full access.",
        remedy="Replace the address range by the security group of the clients.",
        reference=_GROUPS,
        check=must_not_open(_openings, DATA, "a data port"),
    ),
    Rule(
        id="aws-vpc-securitygroup-limit-open-ports",
        types=INGRESS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A wide port range exposes every service that later listens in it.",
        remedy="Replace the range of fromPort and toPort by one rule per port.",
        reference=_GROUPS,
        check=must_limit_ports(_openings),
    ),
    Rule(
        id="aws-vpc-securitygroup-limit-egress",
        types=EGRESS,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="An intruder on a machine with unrestricted egress can export data through any port.",
        remedy="Set fromPort and toPort, and address ranges where they are known.",
        reference=_GROUPS,
        check=must_limit_egress(_egress_openings),
    ),
    Rule(
        id="aws-vpc-securitygroup-require-description",
        types=(SECURITY_GROUP, GROUP_RULE, INGRESS_RULE, EGRESS_RULE),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A rule without a known purpose is never removed.",
        remedy="Set description to the purpose and the users of the rule.",
        reference=_GROUPS,
        check=_check_descriptions,
    ),
    Rule(
        id="aws-vpc-prefixlist-deny-everybody",
        types=(PREFIX_LIST, PREFIX),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A rule that references the list looks narrow, but opens access to the Internet.",
        remedy="Replace cidr by narrower ranges. Write 0.0.0.0/0 in the rule itself where it is intended.",
        reference="https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html",
        check=_check_prefixes,
    ),
    Rule(
        id="aws-vpc-networkacl-deny-open-administration",
        types=(ACL, DEFAULT_ACL, ACL_RULE),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="The access list is the second defence behind security groups, and this entry disables it.",
        remedy="Add entries that deny ports 22 and 3389 first, or set fromPort and toPort to the ports in use.",
        reference=_ACLS,
        check=_check_acl_administration,
    ),
)
