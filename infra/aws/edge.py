"""The public edge: a network load balancer, an application load balancer, then the machines of the ``rpc`` pool.

A network load balancer has a fixed address in each zone but cannot read requests. An application load balancer reads
requests but has no fixed address. So the first forwards every connection to the second, which is private.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_aws.autoscaling.attachment import Attachment
from pulumi_aws.cloudwatch.metric_alarm import MetricAlarm
from pulumi_aws.ec2.eip import Eip
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.lb.listener import Listener
from pulumi_aws.lb.listener_rule import ListenerRule
from pulumi_aws.lb.load_balancer import LoadBalancer
from pulumi_aws.lb.target_group import TargetGroup
from pulumi_aws.lb.target_group_attachment import TargetGroupAttachment
from pulumi_aws.vpc.security_group_egress_rule import SecurityGroupEgressRule
from pulumi_aws.vpc.security_group_ingress_rule import SecurityGroupIngressRule
from pulumi_aws.wafv2.web_acl_association import WebAclAssociation

from infra.aws import certificate, physical_names
from infra.aws.alarms import Alarms
from infra.aws.audit_logs import AuditLogs
from infra.aws.keys import Keys
from infra.aws.log_bucket import EDGE
from infra.aws.network import Network
from infra.aws.node_pools import NodePools
from infra.aws.web_firewall import WebFirewall, WebFirewallArgs
from infra.component import Component
from infra.contracts import READY_PATH, RPC_NODE_PORT, WS_NODE_PORT, DnsRecord, RecordKind, SiteContext

TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
TLS_PORT: Final = 443
ANYWHERE: Final = "0.0.0.0/0"
_NODE_PORTS: Final = {"rpc": RPC_NODE_PORT, "ws": WS_NODE_PORT}


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    """The edge of one site."""

    context: SiteContext
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms
    network: Network
    node_pools: NodePools
    hosts: Sequence[str]
    allow_from: Sequence[str]


class Edge(Component, token="pouw:aws:Edge"):
    """Outputs: ``address``, the name of the network load balancer, and ``static``, its addresses by zone."""

    address: pulumi.Output[str]
    address_kind: RecordKind = "CNAME"
    proofs: tuple[DnsRecord, ...]
    static: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        front, inner = self._group("front", "The fixed addresses"), self._group("inner", "TLS and requests")
        self._open(front, inner)
        balancer = self._application(inner)
        arn, self.proofs = certificate.declare(name, args.hosts, dict(args.context.tags), self)
        listener = self._listener(balancer, self._targets(balancer), arn)
        self._filter_requests(balancer)
        addresses = [
            Eip(f"{name}-address-{index}", domain="vpc", tags=self._tags(f"edge-{zone}"), opts=self.child())
            for index, zone in enumerate(args.context.zones)
        ]
        entrance = self._entrance(front, addresses, balancer, listener)
        self.publish(address=entrance.dns_name, static=[address.public_ip for address in addresses])

    def _tags(self, part: str) -> dict[str, str]:
        context = self._args.context
        return {**context.tags, "Name": f"{context.environment}-{context.site.name}-{part}"}

    def _group(self, part: str, description: str) -> SecurityGroup:
        return SecurityGroup(
            f"{self._name}-{part}",
            name_prefix=physical_names.name_prefix("security-group", self._args.context, part),
            description=f"The edge of the site: {description}",
            vpc_id=self._args.network.network,
            tags=self._tags(part),
            opts=self.child(),
        )

    def _open(self, front: SecurityGroup, inner: SecurityGroup) -> None:
        """Open one port at each step from the internet to the machines.

        The web firewall decides which requests are served, because it can read them: every address may read ``/ready``.
        """
        SecurityGroupIngressRule(
            f"{self._name}-from-anywhere",
            security_group_id=front.id,
            cidr_ipv4=ANYWHERE,
            description="Clients and health checks",
            **_port(TLS_PORT),
            tags=self._args.context.tags,
            opts=self.child(),
        )
        machines = self._args.node_pools.security_group
        self._pass("front", front.id, inner.id, TLS_PORT)
        for kind, port in _NODE_PORTS.items():
            self._pass(f"inner-{kind}", inner.id, machines, port)

    def _pass(self, part: str, source: pulumi.Input[str], target: pulumi.Input[str], port: int) -> None:
        tags = self._args.context.tags
        SecurityGroupEgressRule(
            f"{self._name}-{part}-out",
            description=f"From {part} to the next step",
            security_group_id=source,
            referenced_security_group_id=target,
            **_port(port),
            tags=tags,
            opts=self.child(),
        )
        SecurityGroupIngressRule(
            f"{self._name}-{part}-in",
            description=f"From {part}",
            security_group_id=target,
            referenced_security_group_id=source,
            **_port(port),
            tags=tags,
            opts=self.child(),
        )

    def _application(self, group: SecurityGroup) -> LoadBalancer:
        context = self._args.context
        return LoadBalancer(
            f"{self._name}-inner-balancer",
            name=physical_names.compose_name("load-balancer", context, "inner"),
            load_balancer_type="application",
            internal=True,
            subnets=self._args.network.edge_subnets,
            security_groups=[group.id],
            drop_invalid_header_fields=True,
            access_logs={"bucket": self._args.audit_logs.access_logs, "prefix": EDGE, "enabled": True},
            # A subscription may be silent between two blocks.
            idle_timeout=600,
            enable_deletion_protection=context.protect,
            tags=context.tags,
            opts=self.child(),
        )

    def _filter_requests(self, balancer: LoadBalancer) -> None:
        args = self._args
        rules = WebFirewallArgs(context=args.context, keys=args.keys, allow_from=args.allow_from)
        firewall = WebFirewall(f"{self._name}-web-firewall", rules, self.child())
        WebAclAssociation(
            f"{self._name}-web-firewall-attachment",
            resource_arn=balancer.arn,
            web_acl_arn=firewall.firewall,
            opts=self.child(),
        )

    def _targets(self, balancer: LoadBalancer) -> dict[str, TargetGroup]:
        """Declare the targets of requests: the balancer's node ports on the machines of the ``rpc`` pool."""
        args = self._args
        groups = {}
        for kind, port in _NODE_PORTS.items():
            groups[kind] = TargetGroup(
                f"{self._name}-{kind}",
                name_prefix=f"{kind}-",
                vpc_id=args.network.network,
                target_type="instance",
                protocol="HTTP",
                port=port,
                deregistration_delay=30,
                # WebSocket has no path for a health check, so the JSON-RPC port answers for both.
                health_check=health("HTTP", RPC_NODE_PORT),
                tags=args.context.tags,
                opts=self.child(),
            )
            Attachment(
                f"{self._name}-{kind}-machines",
                autoscaling_group_name=args.node_pools.scaling_group,
                lb_target_group_arn=groups[kind].arn,
                opts=self.child(),
            )
        MetricAlarm(
            f"{self._name}-alarm",
            name=physical_names.compose_name("alarm", args.context, "edge"),
            alarm_description=(
                f"The edge of the site {args.context.site.name} has no healthy target, so clients get errors. Run "
                "`pouw status`, then check the machines of the rpc pool and the balancer's pods."
            ),
            namespace="AWS/ApplicationELB",
            metric_name="HealthyHostCount",
            dimensions={"LoadBalancer": balancer.arn_suffix, "TargetGroup": groups["rpc"].arn_suffix},
            statistic="Maximum",
            period=60,
            evaluation_periods=2,
            comparison_operator="LessThanThreshold",
            threshold=1,
            treat_missing_data="breaching",
            alarm_actions=[args.alarms.channel],
            tags=args.context.tags,
            opts=self.child(),
        )
        return groups

    def _listener(
        self, balancer: LoadBalancer, targets: dict[str, TargetGroup], certificate_arn: pulumi.Output[str]
    ) -> Listener:
        args = self._args
        listener = Listener(
            f"{self._name}-listener",
            load_balancer_arn=balancer.arn,
            port=TLS_PORT,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=certificate_arn,
            routing_http_response_server_enabled=False,
            routing_http_response_strict_transport_security_header_value="max-age=31536000",
            default_actions=[{"type": "forward", "target_group_arn": targets["rpc"].arn}],
            tags=args.context.tags,
            opts=self.child(),
        )
        ListenerRule(
            f"{self._name}-ws-rule",
            listener_arn=listener.arn,
            priority=1,
            conditions=[{"path_pattern": {"values": ["/ws", "/ws/*"]}}],
            actions=[{"type": "forward", "target_group_arn": targets["ws"].arn}],
            tags=args.context.tags,
            opts=self.child(),
        )
        return listener

    def _entrance(
        self, group: SecurityGroup, addresses: Sequence[Eip], application: LoadBalancer, listener: Listener
    ) -> LoadBalancer:
        args, context = self._args, self._args.context
        entrance = LoadBalancer(
            f"{self._name}-front-balancer",
            name=physical_names.compose_name("load-balancer", context, "front"),
            load_balancer_type="network",
            internal=False,
            subnet_mappings=[
                {"subnet_id": args.network.edge_subnets[index], "allocation_id": address.id}
                for index, address in enumerate(addresses)
            ],
            security_groups=[group.id],
            enable_cross_zone_load_balancing=True,
            enable_deletion_protection=context.protect,
            tags=context.tags,
            opts=self.child(),
        )
        target = TargetGroup(
            f"{self._name}-front-target",
            name_prefix="edge-",
            vpc_id=args.network.network,
            target_type="alb",
            protocol="TCP",
            port=TLS_PORT,
            health_check=health("HTTPS", TLS_PORT),
            tags=context.tags,
            opts=self.child(),
        )
        TargetGroupAttachment(
            f"{self._name}-front-attachment",
            target_group_arn=target.arn,
            target_id=application.arn,
            port=TLS_PORT,
            # AWS accepts a load balancer as a target only if it listens on the port.
            opts=self.child(depends_on=[listener]),
        )
        Listener(
            f"{self._name}-front-listener",
            load_balancer_arn=entrance.arn,
            port=TLS_PORT,
            protocol="TCP",
            default_actions=[{"type": "forward", "target_group_arn": target.arn}],
            tags=context.tags,
            opts=self.child(),
        )
        return entrance


def health(protocol: str, port: int) -> dict[str, Any]:
    """Return the health check of a target, which succeeds if a node behind it serves requests."""
    return {
        "protocol": protocol,
        "port": str(port),
        "path": READY_PATH,
        "matcher": "200",
        "interval": 10,
        "timeout": 5,
        "healthy_threshold": 2,
        "unhealthy_threshold": 2,
    }


def _port(port: int) -> dict[str, Any]:
    return {"ip_protocol": "tcp", "from_port": port, "to_port": port}
