"""Cases of ``policies.aws.network_access``."""

from __future__ import annotations

from typing import Any

from policies.aws.network_access import (
    ACL_RULE,
    EGRESS_RULE,
    GROUP_RULE,
    INGRESS_RULE,
    PREFIX,
    RULES,
)
from tests.policies import tables

_case = tables.of(RULES)
_ADMINISTRATION = "aws-vpc-securitygroup-deny-open-administration"
_DATA = "aws-vpc-securitygroup-deny-open-data"
_PORTS = "aws-vpc-securitygroup-limit-open-ports"
_EGRESS = "aws-vpc-securitygroup-limit-egress"
_DESCRIPTION = "aws-vpc-securitygroup-require-description"
_PREFIXES = "aws-vpc-prefixlist-deny-everybody"
_ACL = "aws-vpc-networkacl-deny-open-administration"


def group(port: int = 443) -> dict[str, Any]:
    """Return a security group that opens one port to the Internet in both directions."""
    block = {"protocol": "tcp", "fromPort": port, "toPort": port, "description": "clients"}
    return {
        "ingress": [{**block, "cidrBlocks": ["0.0.0.0/0"], "ipv6CidrBlocks": ["::/0"]}],
        "egress": [{**block, "cidrBlocks": ["0.0.0.0/0"]}],
    }


def single(port: int = 443, *, direction: str = "ingress") -> dict[str, Any]:
    """Return a separate rule in the old form."""
    return {"type": direction, "protocol": "udp", "fromPort": port, "toPort": port, "cidrBlocks": ["0.0.0.0/0"],
            "description": "clients"}  # fmt: skip


def entry(port: int = 443) -> dict[str, Any]:
    """Return a separate rule in the new form."""
    return {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIpv4": "0.0.0.0/0", "description": "clients"}


def private(port: int, cidr: str = "10.0.0.0/8") -> dict[str, Any]:
    """Return a separate rule in the new form for a private range."""
    return {**entry(port), "cidrIpv4": cidr}


def access_list(cidr: str = "10.0.0.0/8") -> dict[str, Any]:
    """Return an access list that permits SSH from one range, and responses from anywhere."""
    return {
        "ingress": [
            {"ruleNo": 1, "action": "allow", "protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlock": cidr},
            {"ruleNo": 2, "action": "allow", "protocol": "tcp", "fromPort": 1024, "toPort": 65535,
             "cidrBlock": "0.0.0.0/0"},
        ]
    }  # fmt: skip


_ACL_ENTRY = {"ruleAction": "allow", "protocol": "-1", "egress": False, "ipv6CidrBlock": "fc00::/7"}

CASES = [
    _case(_ADMINISTRATION, group(), "ingress[0].fromPort", 22, absent_path="ingress"),
    _case(_ADMINISTRATION, single(), "protocol", "-1", absent_path="cidrBlocks", type=GROUP_RULE),
    _case(_ADMINISTRATION, private(22), "cidrIpv6", "::/0", absent_path="cidrIpv4", type=INGRESS_RULE),
    _case(_ADMINISTRATION, private(3389), "cidrIpv4", "128.0.0.0/1", absent_path="cidrIpv4", type=INGRESS_RULE),
    _case(_DATA, group(), "ingress[0].toPort", 445, absent_path="ingress"),
    _case(_DATA, private(5432), "cidrIpv4", "0.0.0.0/0", absent_path="cidrIpv4", type=INGRESS_RULE),
    _case(_PORTS, group(), "ingress[0].toPort", 9000, absent_path="ingress"),
    _case(_PORTS, single(8000), "toPort", 8100, absent_path="cidrBlocks", type=GROUP_RULE),
    _case(_EGRESS, group(), "egress[0].protocol", "-1", absent_path="egress"),
    _case(_EGRESS, single(direction="egress"), "protocol", "all", absent_path="cidrBlocks", type=GROUP_RULE),
    _case(_EGRESS, entry(), "ipProtocol", "-1", absent_path="cidrIpv4", type=EGRESS_RULE),
    _case(_DESCRIPTION, group(), "ingress[0].description", ""),
    _case(_DESCRIPTION, single(), "description", "", type=GROUP_RULE),
    _case(_DESCRIPTION, entry(), "description", "", type=INGRESS_RULE),
    _case(_PREFIXES, {"entries": [{"cidr": "203.0.113.0/24"}]}, "entries[0].cidr", "0.0.0.0/0", absent_path="entries"),
    _case(_PREFIXES, {"cidr": "203.0.113.0/24"}, "cidr", "::/0", type=PREFIX),
    _case(_ACL, access_list(), "ingress[0].cidrBlock", "0.0.0.0/0", absent_path="ingress"),
    _case(_ACL, _ACL_ENTRY, "ipv6CidrBlock", "::/0", type=ACL_RULE),
]
