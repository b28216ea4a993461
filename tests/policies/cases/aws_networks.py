"""Cases of ``policies.aws.networks``."""

from __future__ import annotations

import json
from typing import Any

from policies.aws.network_access import DEFAULT_SECURITY_GROUP
from policies.aws.networks import ENDPOINT, FLOW_LOG, ROUTE_TABLE, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)
_VPC = {"cidrBlock": "10.0.0.0/16"}
_OF_VPC = {"vpcId": ["subject"]}
_CLOSED = Declaration(
    type=DEFAULT_SECURITY_GROUP, name="default", props={"ingress": [], "egress": []}, references=_OF_VPC
)
_LOG = Declaration(type=FLOW_LOG, name="log", props={"trafficType": "ALL"}, references=_OF_VPC)
_DOOR = Declaration(type=ENDPOINT, name="s3", props={"serviceName": "com.amazonaws.eu-west-1.s3"}, references=_OF_VPC)


def policy(principal: str = "arn:aws:iam::123456789012:root") -> str:
    """Return an endpoint policy that permits all actions of one account."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def route(**to: Any) -> dict[str, Any]:
    """Return a route to a peer."""
    return {"destinationCidrBlock": "10.1.0.0/16", "vpcPeeringConnectionId": "pcx-1", **to}


_CLOSED_GROUP = "aws-vpc-vpc-require-closed-default-group"

CASES = [
    _case("aws-vpc-vpc-require-flowlogs", _VPC, "trafficType", "REJECT", related=(_LOG,), broken_related="log"),
    _case(_CLOSED_GROUP, _VPC, "ingress", [{"self": True}], related=(_CLOSED,), broken_related="default"),
    _case(_CLOSED_GROUP, _VPC, "egress", [{"self": True}], related=(_CLOSED,), broken_related="default"),
    _case("aws-vpc-vpc-require-storage-endpoint", _VPC, "serviceName", "com.amazonaws.eu-west-1.sts",
          related=(_DOOR,), broken_related="s3"),
    _case("aws-vpc-endpoint-limit-policy", {"policy": policy()}, "policy", policy("*")),
    _case("aws-vpc-subnet-deny-public-addresses", {"mapPublicIpOnLaunch": False}, "mapPublicIpOnLaunch", True),
    _case("aws-vpc-flowlog-match-all-traffic", {"trafficType": "ALL"}, "trafficType", "ACCEPT"),
    _case("aws-vpc-route-limit-peering", route(), "destinationCidrBlock", "0.0.0.0/0"),
    _case("aws-vpc-route-limit-peering", {"routes": [{"ipv6CidrBlock": "fd00::/8", "vpcPeeringConnectionId": "pcx-1"}]},
          "routes[0].ipv6CidrBlock", "::/0", type=ROUTE_TABLE),
    _case("aws-vpc-transitgateway-deny-automatic-attachments", {"autoAcceptSharedAttachments": "disable"},
          "autoAcceptSharedAttachments", "enable"),
]  # fmt: skip
