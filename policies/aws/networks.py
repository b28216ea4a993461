"""Rules about VPCs: flow logs, endpoints, subnets and routes."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.network_access import DEFAULT_SECURITY_GROUP
from policies.aws.policy_documents import allow_statements, is_public, texts
from policies.aws.references import SUBNET, referrers
from policies.checks import MISSING, exists, find, join, must_be, must_not_be
from policies.exposure import is_internet
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

VPC = "aws:ec2/vpc:Vpc"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
TRANSIT_GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"

_VPC_GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"
_LINK_GUIDE = "https://docs.aws.amazon.com/vpc/latest/privatelink/"


def _check_flow_log(vpc: Resource, stack: Stack) -> Iterator[str]:
    logs = referrers(vpc, stack, (FLOW_LOG,), "vpcId")
    if not exists(logs, lambda resource: resource.props.get("trafficType") == "ALL"):
        yield "cidrBlock: the VPC has no flow log of all traffic; got no FlowLog with trafficType ALL; expected one"


def _check_default_group(vpc: Resource, stack: Stack) -> Iterator[str]:
    groups = referrers(vpc, stack, (DEFAULT_SECURITY_GROUP,), "vpcId")
    if not groups:
        yield (
            "cidrBlock: the default security group keeps its rules; got no DefaultSecurityGroup; expected one without "
            "rules"
        )
    for group in groups:
        for direction in ("ingress", "egress"):
            # An undeclared rule is absent from the inputs; its output is unknown before the deployment.
            if group.inputs.get(direction):
                yield f"cidrBlock: the default security group has rules; got {direction} rules; expected none"


def _check_storage_endpoint(vpc: Resource, stack: Stack) -> Iterator[str]:
    endpoints = referrers(vpc, stack, (ENDPOINT,), "vpcId")
    if not exists(endpoints, lambda resource: str(resource.props.get("serviceName")).endswith(".s3")):
        yield "cidrBlock: the VPC has no endpoint for S3; got no VpcEndpoint with a serviceName for S3; expected one"


def _check_endpoint_policy(props: Props) -> Iterator[str]:
    if not props.get("policy"):
        yield "policy: the endpoint has no policy; got nothing; expected a policy that names principals or resources"
        return
    for path, statement in allow_statements(props["policy"], "policy"):
        if is_public(statement) and "*" in texts(statement.get("Action")) and "*" in _resources(statement):
            yield (
                f"{path}: the endpoint is unrestricted; got all actions on all resources for all principals; expected "
                "named principals or resources"
            )


def _resources(statement: Props) -> tuple[str, ...]:
    return tuple(texts(statement.get("Resource")))


def _check_peer_routes(props: Props) -> Iterator[str]:
    for path, route in find(props, "routes[*]") if "routes" in props else (("", props),):
        if route is MISSING:
            continue
        for key in ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock"):
            # The peer's id may be unknown in a preview; its presence is known.
            if (cidr := route.get(key)) and is_internet(cidr) and "vpcPeeringConnectionId" in tuple(route):
                yield (
                    f"{join(path, key)}: a default route routes all traffic to a peer; got {cidr}; expected the "
                    "address ranges of the peer"
                )


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="aws-vpc-vpc-require-flowlogs",
        types=(VPC,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without flow logs, the extent of an intrusion cannot be determined.",
        remedy="Add a FlowLog with trafficType: ALL for the VPC.",
        reference=_VPC_GUIDE + "flow-logs.html",
        check=_check_flow_log,
    ),
    StackRule(
        id="aws-vpc-vpc-require-closed-default-group",
        types=(VPC,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why=(
            "A resource without a security group joins the default group, which allows traffic between all its members."
        ),
        remedy="Add a DefaultSecurityGroup that has neither ingress nor egress.",
        reference=_VPC_GUIDE + "default-security-group.html",
        check=_check_default_group,
    ),
    StackRule(
        id="aws-vpc-vpc-require-storage-endpoint",
        types=(VPC,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Images and backups through the NAT gateway are billed per gigabyte and leave the network.",
        remedy="Add a gateway VpcEndpoint for S3 to the private route tables.",
        reference=_LINK_GUIDE + "vpc-endpoints-s3.html",
        check=_check_storage_endpoint,
    ),
    Rule(
        id="aws-vpc-endpoint-limit-policy",
        types=(ENDPOINT,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="An endpoint without a policy lets data leave for any account.",
        remedy="Set policy to one that names the account's principals or resources.",
        reference=_LINK_GUIDE + "vpc-endpoints-access.html",
        check=_check_endpoint_policy,
    ),
    Rule(
        id="aws-vpc-subnet-deny-public-addresses",
        types=(SUBNET,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Every instance of the subnet gets a public address, including those meant to be private.",
        remedy="Remove mapPublicIpOnLaunch, and assign addresses to the instances that need one.",
        reference=_VPC_GUIDE + "vpc-ip-addressing.html",
        check=must_not_be("mapPublicIpOnLaunch", True),
    ),
    Rule(
        id="aws-vpc-flowlog-match-all-traffic",
        types=(FLOW_LOG,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="A log of rejected traffic alone does not show an intruder's successful connections.",
        remedy="Set trafficType: ALL.",
        reference=_VPC_GUIDE + "flow-logs.html",
        check=must_be("trafficType", "ALL"),
    ),
    Rule(
        id="aws-vpc-route-limit-peering",
        types=(ROUTE, ROUTE_TABLE),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A default route to a peer sends it all traffic, and the reachable network becomes unlimited.",
        remedy="Replace the default route by one route for each address range of the peer.",
        reference="https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html",
        check=_check_peer_routes,
    ),
    Rule(
        id="aws-vpc-transitgateway-deny-automatic-attachments",
        types=(TRANSIT_GATEWAY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Any account that shares the gateway can attach its network without approval.",
        remedy="Remove autoAcceptSharedAttachments, or set it to disable.",
        reference="https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html",
        check=must_not_be("autoAcceptSharedAttachments", "enable"),
    ),
)
