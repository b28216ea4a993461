"""The site's network: private machines in three zones, address translation, endpoints and flow logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws.cloudwatch.metric_alarm import MetricAlarm
from pulumi_aws.ec2.default_security_group import DefaultSecurityGroup
from pulumi_aws.ec2.eip import Eip
from pulumi_aws.ec2.internet_gateway import InternetGateway
from pulumi_aws.ec2.nat_gateway import NatGateway
from pulumi_aws.ec2.route_table import RouteTable
from pulumi_aws.ec2.route_table_association import RouteTableAssociation
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.ec2.subnet import Subnet
from pulumi_aws.ec2.vpc import Vpc
from pulumi_aws.ec2.vpc_endpoint import VpcEndpoint

from infra.aws import access_policies, physical_names
from infra.aws.alarms import Alarms
from infra.aws.audit_logs import AuditLogs
from infra.aws.flow_log import flow_log
from infra.aws.keys import Keys
from infra.component import Component
from infra.contracts import SiteContext

SERVICES: Final = (
    "autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "kms", "logs", "sts",
)  # fmt: skip
"""Services besides S3 that machines and the cluster's add-ons reach through endpoints inside the network."""
_ANYWHERE: Final = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """The network of one site."""

    context: SiteContext
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms


class Network(Component, token="pouw:aws:Network"):
    """Outputs: ``network`` (its id), ``node_subnets``, ``edge_subnets`` and ``egress``, each in the order of zones."""

    network: pulumi.Output[str]
    node_subnets: pulumi.Output[Sequence[str]]
    edge_subnets: pulumi.Output[Sequence[str]]
    egress: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        context = args.context
        vpc = Vpc(
            f"{name}-network",
            cidr_block=context.plan.network,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=self._tags("network"),
            opts=self.child(),
        )
        # AWS's default group lets its members reach each other. It has no rules here, so that nothing relies on it.
        DefaultSecurityGroup(
            f"{name}-default", vpc_id=vpc.id, ingress=[], egress=[], tags=self._tags("default"), opts=self.child()
        )
        nodes = self._subnets(vpc, "nodes", context.plan.nodes, {"kubernetes.io/role/internal-elb": "1"})
        edges = self._subnets(vpc, "edges", context.plan.edges, {"kubernetes.io/role/elb": "1"})
        gateway = InternetGateway(f"{name}-gateway", vpc_id=vpc.id, tags=self._tags("gateway"), opts=self.child())
        self._routed("edges", vpc, edges, {"gateway_id": gateway.id})
        addresses, translations = self._translations(edges, gateway)
        tables = [
            self._routed(
                f"nodes-{index}", vpc, [subnet], {"nat_gateway_id": translations[index % len(translations)].id}
            )
            for index, subnet in enumerate(nodes)
        ]
        self._endpoints(vpc, tables)
        flow_log(name, context, vpc.id, args.keys, self)
        self.publish(
            network=vpc.id,
            node_subnets=[subnet.id for subnet in nodes],
            edge_subnets=[subnet.id for subnet in edges],
            egress=[address.public_ip for address in addresses],
        )

    def _tags(self, part: str) -> dict[str, str]:
        context = self._args.context
        return {**context.tags, "Name": f"{context.environment}-{context.site.name}-{part}"}

    def _subnets(self, vpc: Vpc, part: str, ranges: Sequence[str], discovery_tags: dict[str, str]) -> list[Subnet]:
        """Declare one subnet per zone; the cluster finds the subnets of its load balancers by ``discovery_tags``."""
        context = self._args.context
        marks = (
            {**discovery_tags, f"kubernetes.io/cluster/{physical_names.cluster_name(context)}": "shared"}
            if discovery_tags
            else {}
        )
        return [
            Subnet(
                f"{self._name}-{part}-{index}",
                vpc_id=vpc.id,
                cidr_block=cidr,
                availability_zone=zone,
                map_public_ip_on_launch=False,
                tags={**self._tags(f"{part}-{zone}"), **marks},
                opts=self.child(),
            )
            for index, (cidr, zone) in enumerate(zip(ranges, context.zones, strict=True))
        ]

    def _routed(
        self, part: str, vpc: Vpc, subnets: Sequence[Subnet], route: dict[str, pulumi.Input[str]]
    ) -> RouteTable:
        """Declare a route table for ``subnets`` with one default route. The main table has no such route."""
        table = RouteTable(
            f"{self._name}-{part}",
            vpc_id=vpc.id,
            routes=[{"cidr_block": _ANYWHERE, **route}],
            tags=self._tags(part),
            opts=self.child(),
        )
        for index, subnet in enumerate(subnets):
            RouteTableAssociation(
                f"{self._name}-{part}-route-{index}", route_table_id=table.id, subnet_id=subnet.id, opts=self.child()
            )
        return table

    def _translations(self, edges: Sequence[Subnet], gateway: InternetGateway) -> tuple[list[Eip], list[NatGateway]]:
        """Declare address translation in every zone, or in the first for all, with alarms on refused connections."""
        shared = self._args.context.site.network.translation == "shared"
        addresses, gateways = [], []
        for index, subnet in enumerate(edges[:1] if shared else edges):
            part = f"egress-{index}"
            address = Eip(f"{self._name}-{part}", domain="vpc", tags=self._tags(part), opts=self.child())
            translation = NatGateway(
                f"{self._name}-translation-{index}",
                allocation_id=address.id,
                subnet_id=subnet.id,
                tags=self._tags(f"translation-{index}"),
                opts=self.child(depends_on=[gateway]),
            )
            MetricAlarm(
                f"{self._name}-translation-{index}-alarm",
                name=physical_names.compose_name("alarm", self._args.context, f"translation-{index}"),
                alarm_description=(
                    "The NAT gateway has no free port, so new connections to the internet fail. Find the pods with the "
                    "most connections, or set network.translation to zone."
                ),
                namespace="AWS/NATGateway",
                metric_name="ErrorPortAllocation",
                dimensions={"NatGatewayId": translation.id},
                statistic="Sum",
                period=300,
                evaluation_periods=1,
                comparison_operator="GreaterThanThreshold",
                threshold=0,
                treat_missing_data="notBreaching",
                alarm_actions=[self._args.alarms.channel],
                tags=self._args.context.tags,
                opts=self.child(),
            )
            addresses.append(address)
            gateways.append(translation)
        return addresses, gateways

    def _endpoints(self, vpc: Vpc, tables: Sequence[RouteTable]) -> None:
        context = self._args.context
        subnets = self._subnets(vpc, "endpoints", context.plan.endpoints, {})
        group = SecurityGroup(
            f"{self._name}-endpoints",
            name_prefix=physical_names.name_prefix("security-group", context, "endpoints"),
            description="AWS services, reached from the network of the site",
            vpc_id=vpc.id,
            ingress=[within(context.plan.network)],
            egress=[],
            tags=self._tags("endpoints"),
            opts=self.child(),
        )
        VpcEndpoint(
            f"{self._name}-endpoint-s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{context.region}.s3",
            vpc_endpoint_type="Gateway",
            policy=access_policies.storage_endpoint(physical_names.account(context)),
            route_table_ids=[table.id for table in tables],
            tags=self._tags("endpoint-s3"),
            opts=self.child(),
        )
        for service in SERVICES:
            VpcEndpoint(
                f"{self._name}-endpoint-{service}",
                vpc_id=vpc.id,
                service_name=f"com.amazonaws.{context.region}.{service}",
                vpc_endpoint_type="Interface",
                policy=access_policies.endpoint(physical_names.account(context)),
                private_dns_enabled=True,
                subnet_ids=[subnet.id for subnet in subnets],
                security_group_ids=[group.id],
                tags=self._tags(f"endpoint-{service}"),
                opts=self.child(),
            )


def within(network: str) -> dict[str, object]:
    """Return a rule that admits the site's addresses over TLS."""
    return {
        "description": "Machines and pods of the site",
        "protocol": "tcp",
        "from_port": 443,
        "to_port": 443,
        "cidr_blocks": [network],
    }
