"""The public edge: a global application load balancer with TLS, a web firewall and an outside check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_gcp.compute.backend_service import BackendService
from pulumi_gcp.compute.firewall import Firewall
from pulumi_gcp.compute.global_address import GlobalAddress
from pulumi_gcp.compute.global_forwarding_rule import GlobalForwardingRule
from pulumi_gcp.compute.health_check import HealthCheck
from pulumi_gcp.compute.instance_group_named_port import InstanceGroupNamedPort
from pulumi_gcp.compute.ssl_policy import SSLPolicy
from pulumi_gcp.compute.target_https_proxy import TargetHttpsProxy
from pulumi_gcp.compute.url_map import URLMap
from pulumi_gcp.monitoring.alert_policy import AlertPolicy
from pulumi_gcp.monitoring.uptime_check_config import UptimeCheckConfig

from infra.component import Component
from infra.contracts import READY_PATH, RPC_NODE_PORT, WS_NODE_PORT, DnsRecord, RecordKind, SiteContext
from infra.gcp import certificate, network_firewall, physical_names
from infra.gcp.alarms import Alarms
from infra.gcp.audit_logs import AuditLogs
from infra.gcp.keys import Keys
from infra.gcp.network import Network
from infra.gcp.node_pools import NodePools
from infra.gcp.web_firewall import WebFirewall, WebFirewallArgs

PORTS: Final = {"rpc": RPC_NODE_PORT, "ws": WS_NODE_PORT}
_TIMEOUTS: Final = {"rpc": 60, "ws": 3600}
"""Timeouts in seconds, those of the balancer: a WebSocket connection lasts an hour at most."""


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


class Edge(Component, token="pouw:gcp:Edge"):
    """A global application load balancer on port 443. Outputs: ``address``, static, and ``address_kind``."""

    address: pulumi.Output[str]
    proofs: tuple[DnsRecord, ...]
    address_kind: RecordKind

    def __init__(self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args, self._context, self._project = args, args.context, physical_names.project(args.context)
        self.address_kind = "A"
        address = GlobalAddress(
            f"{name}-address",
            name=physical_names.compose_name("compute", args.context, "edge"),
            project=self._project,
            labels=args.context.tags,
            opts=self.child(protect=args.context.protect),
        )
        certificate_map, self.proofs = certificate.declare(name, args.context, args.hosts, self.child())
        proxy = TargetHttpsProxy(
            f"{name}-proxy",
            project=self._project,
            url_map=self._routes(name).id,
            certificate_map=certificate_map,
            ssl_policy=self._tls(name).id,
            tls_early_data="DISABLED",
            opts=self.child(),
        )
        GlobalForwardingRule(
            f"{name}-entry",
            project=self._project,
            load_balancing_scheme="EXTERNAL_MANAGED",
            ip_address=address.address,
            ip_protocol="TCP",
            port_range="443",
            target=proxy.id,
            labels=args.context.tags,
            opts=self.child(),
        )
        self._watch(name)
        self.publish(address=address.address)

    def _tls(self, name: str) -> SSLPolicy:
        return SSLPolicy(
            f"{name}-tls", project=self._project, profile="RESTRICTED", min_tls_version="TLS_1_2", opts=self.child()
        )

    def _routes(self, name: str) -> URLMap:
        """Route paths below ``/ws`` to WebSocket and others to JSON-RPC, on the machines of the ``rpc`` pool."""
        args = self._args
        Firewall(
            f"{name}-in",
            name=physical_names.compose_name("compute", self._context, "edge-in"),
            project=self._project,
            network=args.network.network,
            direction="INGRESS",
            allows=[{"protocol": "tcp", "ports": [str(port) for port in PORTS.values()]}],
            source_ranges=list(network_firewall.CHECKERS),
            target_tags=[physical_names.machine_tag(self._context, "rpc")],
            opts=self.child(),
        )
        rules = WebFirewallArgs(context=args.context, keys=args.keys, allow_from=args.allow_from)
        firewall = WebFirewall(f"{name}-web-firewall", rules, self.child())
        check = HealthCheck(
            f"{name}-check",
            project=self._project,
            check_interval_sec=5,
            timeout_sec=5,
            healthy_threshold=2,
            unhealthy_threshold=2,
            http_health_check={"port": RPC_NODE_PORT, "request_path": READY_PATH},
            log_config={"enable": True},
            opts=self.child(),
        )
        services = {kind: self._backend(f"{name}-{kind}", kind, firewall, check) for kind in PORTS}
        return URLMap(
            f"{name}-routes",
            project=self._project,
            default_service=services["rpc"].id,
            host_rules=[{"hosts": ["*"], "path_matcher": "all"}],
            path_matchers=[
                {
                    "name": "all",
                    "default_service": services["rpc"].id,
                    "path_rules": [{"paths": ["/ws", "/ws/*"], "service": services["ws"].id}],
                }
            ],
            opts=self.child(),
        )

    def _backend(self, name: str, kind: str, firewall: WebFirewall, check: HealthCheck) -> BackendService:
        groups = [_nth(self._args.node_pools.rpc_groups, index) for index in range(len(self._context.zones))]
        ports: list[pulumi.Resource] = [
            InstanceGroupNamedPort(
                f"{name}-port-{index}",
                project=self._project,
                group=group,
                name=kind,
                port=PORTS[kind],
                opts=self.child(),
            )
            for index, group in enumerate(groups)
        ]
        return BackendService(
            name,
            project=self._project,
            load_balancing_scheme="EXTERNAL_MANAGED",
            protocol="HTTP",
            port_name=kind,
            timeout_sec=_TIMEOUTS[kind],
            connection_draining_timeout_sec=30,
            backends=[backend(group) for group in groups],
            health_checks=check.id,
            security_policy=firewall.firewall,
            custom_response_headers=["Strict-Transport-Security: max-age=31536000"],
            log_config={"enable": True, "sample_rate": 1.0},
            opts=self.child(depends_on=ports),
        )

    def _watch(self, name: str) -> None:
        """Check from outside that the site's name answers, and raise an alarm if it does not."""
        args, context = self._args, self._context
        check = UptimeCheckConfig(
            f"{name}-uptime",
            project=self._project,
            display_name=f"{name}-uptime",
            timeout="10s",
            period="60s",
            http_check={"path": READY_PATH, "port": 443, "use_ssl": True, "validate_ssl": True},
            monitored_resource={
                "type": "uptime_url",
                "labels": {"project_id": self._project, "host": args.hosts[-1]},
            },
            user_labels=context.tags,
            opts=self.child(),
        )
        AlertPolicy(
            f"{name}-unreachable",
            project=self._project,
            display_name=f"{name}-unreachable",
            combiner="OR",
            severity="CRITICAL",
            conditions=[
                {"display_name": f"{name}-unreachable", "condition_threshold": unreachable(check.uptime_check_id)}
            ],
            notification_channels=args.alarms.channels,
            documentation={
                "content": (
                    f"{args.hosts[-1]} does not answer on {READY_PATH} from several regions, so clients get no answer. "
                    "Run `pouw status`, then check the machines of the rpc pool and the balancer's pods."
                ),
                "mime_type": "text/markdown",
            },
            user_labels=context.tags,
            opts=self.child(),
        )


def _nth(groups: pulumi.Output[Sequence[str]], index: int) -> pulumi.Output[str]:
    return groups.apply(lambda urls: urls[index])


def backend(group: pulumi.Input[str]) -> dict[str, Any]:
    """Return an instance group as a backend, which gets requests up to 80 % utilization."""
    return {"group": group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8, "capacity_scaler": 1.0}


def unreachable(check_id: pulumi.Input[str]) -> dict[str, Any]:
    """Return the condition that checks from more than one region fail for two minutes."""
    metric = 'metric.type="monitoring.googleapis.com/uptime_check/check_passed" AND resource.type="uptime_url"'
    return {
        "filter": pulumi.Output.concat(metric, ' AND metric.labels.check_id="', check_id, '"'),
        "comparison": "COMPARISON_GT",
        "threshold_value": 1,
        "duration": "120s",
        "aggregations": [
            {
                "alignment_period": "60s",
                "per_series_aligner": "ALIGN_NEXT_OLDER",
                "cross_series_reducer": "REDUCE_COUNT_FALSE",
                "group_by_fields": ["resource.label.host"],
            }
        ],
    }
