"""Virtual networks: what is private, what is watched, and where traffic may leave by."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.documents import allowed, is_for_anybody, texts
from policies.aws.openings import DEFAULT_SECURITY_GROUP
from policies.aws.relations import SUBNET, about
from policies.checks import MISSING, exists, find, must_be, must_not_be
from policies.openings import is_anybody
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


def _has_flow_log(vpc: Resource, stack: Stack) -> Iterator[str]:
    logs = about(vpc, stack, (FLOW_LOG,), "vpcId")
    if not exists(logs, lambda one: one.props.get("trafficType") == "ALL"):
        yield "cidrBlock: no flow log of all traffic is about it"


def _has_closed_default_group(vpc: Resource, stack: Stack) -> Iterator[str]:
    groups = about(vpc, stack, (DEFAULT_SECURITY_GROUP,), "vpcId")
    if not groups:
        yield "cidrBlock: nothing takes the rules out of its default security group"
    for group in groups:
        for direction in ("ingress", "egress"):
            # What nobody declared is none to the provider, and not known before the deployment.
            if group.inputs.get(direction):
                yield f"cidrBlock: its default security group has rules for {direction}"


def _has_storage_endpoint(vpc: Resource, stack: Stack) -> Iterator[str]:
    endpoints = about(vpc, stack, (ENDPOINT,), "vpcId")
    if not exists(endpoints, lambda one: str(one.props.get("serviceName")).endswith(".s3")):
        yield "cidrBlock: it has no endpoint for S3"


def _limits_endpoint(props: Props) -> Iterator[str]:
    if not props.get("policy"):
        yield "policy: is missing, and everybody may do everything through it"
        return
    for at, statement in allowed(props["policy"], "policy"):
        if is_for_anybody(statement) and "*" in texts(statement.get("Action")) and "*" in _resources(statement):
            yield f"{at}: everybody may do everything through it"


def _resources(statement: Props) -> tuple[str, ...]:
    return tuple(texts(statement.get("Resource")))


def _routes_everything_to_peer(props: Props) -> Iterator[str]:
    for at, route in find(props, "routes[*]") if "routes" in props else (("", props),):
        if route is MISSING:
            continue
        for key in ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock"):
            # Which peer it is may not be known yet; that there is one is.
            if (cidr := route.get(key)) and is_anybody(cidr) and "vpcPeeringConnectionId" in tuple(route):
                yield f"{at}.{key}: {cidr} goes to a peer" if at else f"{key}: {cidr} goes to a peer"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="aws-vpc-vpc-require-flowlogs",
        types=(VPC,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a record of who talked to whom nobody can say how far an intruder got.",
        remedy="Add a FlowLog with trafficType ALL for the VPC.",
        reference=_VPC_GUIDE + "flow-logs.html",
        check=_has_flow_log,
    ),
    StackRule(
        id="aws-vpc-vpc-require-closed-default-group",
        types=(VPC,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Whatever is made without a security group gets the default one, and that lets all of them talk.",
        remedy="Adopt it with a DefaultSecurityGroup that has neither ingress nor egress.",
        reference=_VPC_GUIDE + "default-security-group.html",
        check=_has_closed_default_group,
    ),
    StackRule(
        id="aws-vpc-vpc-require-storage-endpoint",
        types=(VPC,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Images and backups that go by the translation gateway cost by the gigabyte and leave the network.",
        remedy="Add a gateway VpcEndpoint for S3 to the private route tables.",
        reference=_LINK_GUIDE + "vpc-endpoints-s3.html",
        check=_has_storage_endpoint,
    ),
    Rule(
        id="aws-vpc-endpoint-limit-policy",
        types=(ENDPOINT,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="An endpoint without a policy carries data to anybody's account.",
        remedy="Give it a policy that names the account's principals or resources.",
        reference=_LINK_GUIDE + "vpc-endpoints-access.html",
        check=_limits_endpoint,
    ),
    Rule(
        id="aws-vpc-subnet-deny-public-addresses",
        types=(SUBNET,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A machine that gets a public address because of where it stands is public by accident.",
        remedy="Remove mapPublicIpOnLaunch, and give an address to what must have one.",
        reference=_VPC_GUIDE + "vpc-ip-addressing.html",
        check=must_not_be("mapPublicIpOnLaunch", True),
    ),
    Rule(
        id="aws-vpc-flowlog-match-all-traffic",
        types=(FLOW_LOG,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="A log of refused traffic alone does not show what an intruder did.",
        remedy="Set trafficType: ALL.",
        reference=_VPC_GUIDE + "flow-logs.html",
        check=must_be("trafficType", "ALL"),
    ),
    Rule(
        id="aws-vpc-route-limit-peering",
        types=(ROUTE, ROUTE_TABLE),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A default route to a peer hands the peer all traffic, and what is reachable no longer has a bound.",
        remedy="Route the peer's own ranges to it, each by itself.",
        reference="https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html",
        check=_routes_everything_to_peer,
    ),
    Rule(
        id="aws-vpc-transitgateway-deny-automatic-attachments",
        types=(TRANSIT_GATEWAY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Any account that the gateway is shared with attaches its network without being asked.",
        remedy="Leave autoAcceptSharedAttachments disabled.",
        reference="https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html",
        check=must_not_be("autoAcceptSharedAttachments", "enable"),
    ),
)
