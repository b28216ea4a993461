"""Security groups and network access lists: what is open to anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks import MISSING, find
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


def _blocks(props: Props, direction: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every rule in the resource with its path; the resource is a group, or one rule of a group."""
    if "ipProtocol" in props:
        yield "", props
    elif "protocol" in props:
        if props["type"] == direction:
            yield "", props
    else:
        yield from ((at, one) for at, one in find(props, f"{direction}[*]") if one is not MISSING)


def _openings(props: Props, direction: str = "ingress") -> Iterator[Opening]:
    for at, block in _blocks(props, direction):
        ports = _ports(str(block.get("ipProtocol") or block.get("protocol")), block)
        if ports is None:
            continue
        for path in ("cidrIpv4", "cidrIpv6", "cidrBlocks[*]", "ipv6CidrBlocks[*]"):
            for where, cidr in find(block, path):
                if cidr is not MISSING and is_anybody(cidr):
                    yield Opening(at=f"{at}.{where}" if at else where, cidr=cidr, first=ports[0], last=ports[1])


def _ports(protocol: str, block: Mapping[str, Any]) -> tuple[int, int] | None:
    """The ports of a rule; none where its protocol has no ports."""
    if protocol.lower() in ("-1", "all"):
        return 0, LAST_PORT
    if protocol.lower() in ("tcp", "udp", "6", "17"):
        return int(block["fromPort"]), int(block["toPort"])
    return None


def _ways_out(props: Props) -> Iterator[Opening]:
    return _openings(props, "egress")


def _is_undescribed(props: Props) -> Iterator[str]:
    for direction in ("ingress", "egress"):
        for at, block in _blocks(props, direction):
            if not block.get("description"):
                yield f"{at}.description: says nothing" if at else "description: says nothing"
        if "ipProtocol" in props:
            return


def _names_anybody(props: Props) -> Iterator[str]:
    for path in ("cidr", "entries[*].cidr"):
        for at, cidr in find(props, path):
            if cidr is not MISSING and is_anybody(cidr):
                yield f"{at}: {cidr} is everybody, wherever the list is used"


def _acl_entries(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "ruleAction" not in props:
        yield from ((at, one) for at, one in find(props, "ingress[*]") if one is not MISSING)
    elif not props.get("egress"):
        yield "", props


def _acl_lets_in_administrators(props: Props) -> Iterator[str]:
    for at, entry in _acl_entries(props):
        if (entry.get("action") or entry.get("ruleAction")) != "allow":
            continue
        ports = _ports(str(entry["protocol"]), entry)
        # Access lists know no connections: answers from outside come in on these ports, whatever was asked.
        if ports is None or (ports[0] >= 1024 and ports[1] == LAST_PORT):
            continue
        for key in ("cidrBlock", "ipv6CidrBlock"):
            cidr = entry.get(key)
            if cidr and is_anybody(cidr) and any(ports[0] <= port <= ports[1] for port in ADMINISTRATION):
                yield f"{at}.{key}: {cidr} may reach administration" if at else f"{key}: {cidr} may administer"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-vpc-securitygroup-deny-open-administration",
        types=INGRESS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Ports of administration that anybody reaches are guessed at from the first minute.",
        remedy="Name the few address ranges that administer, or use Session Manager and open nothing.",
        reference=_GROUPS,
        check=must_not_open(_openings, ADMINISTRATION, "administration"),
    ),
    Rule(
        id="aws-vpc-securitygroup-deny-open-data",
        types=INGRESS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Databases, file shares and container hosts are made for neighbours and give everything to strangers.",
        remedy="Allow the security group of the programs that use it, and no address range.",
        reference=_GROUPS,
        check=must_not_open(_openings, DATA, "data"),
    ),
    Rule(
        id="aws-vpc-securitygroup-limit-open-ports",
        types=INGRESS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A wide range opens whatever will listen there one day.",
        remedy="Open the few ports that the service has, each by itself.",
        reference=_GROUPS,
        check=must_open_little(_openings),
    ),
    Rule(
        id="aws-vpc-securitygroup-limit-egress",
        types=EGRESS,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Whoever gets into a machine that may talk to everything takes the data out by any port.",
        remedy="Name the ports, and where they are known the ranges, that it has to reach.",
        reference=_GROUPS,
        check=must_not_let_all_out(_ways_out),
    ),
    Rule(
        id="aws-vpc-securitygroup-require-description",
        types=(SECURITY_GROUP, GROUP_RULE, INGRESS_RULE, EGRESS_RULE),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Nobody dares to close what nobody can explain.",
        remedy="Say in the rule's description who uses it.",
        reference=_GROUPS,
        check=_is_undescribed,
    ),
    Rule(
        id="aws-vpc-prefixlist-deny-everybody",
        types=(PREFIX_LIST, PREFIX),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A rule that names a list is read as narrow, and opens to everybody by what the list holds.",
        remedy="Name the ranges, and say 0.0.0.0/0 in the rule itself where everybody is meant.",
        reference="https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html",
        check=_names_anybody,
    ),
    Rule(
        id="aws-vpc-networkacl-deny-open-administration",
        types=(ACL, DEFAULT_ACL, ACL_RULE),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="The access list is the net under the security groups, and one with this hole catches nothing.",
        remedy="Deny 22 and 3389 from anywhere before the entries that allow, or allow only the ports in use.",
        reference=_ACLS,
        check=_acl_lets_in_administrators,
    ),
)
