"""The site's network: one regional subnet of private machines, address translation, Google's services, flow logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_gcp.compute.address import Address
from pulumi_gcp.compute.firewall import Firewall
from pulumi_gcp.compute.network import Network as Vpc
from pulumi_gcp.compute.router import Router
from pulumi_gcp.compute.router_nat import RouterNat
from pulumi_gcp.compute.subnetwork import Subnetwork
from pulumi_gcp.dns.managed_zone import ManagedZone
from pulumi_gcp.dns.policy import Policy
from pulumi_gcp.dns.record_set import RecordSet
from pulumi_gcp.logging.project_bucket_config import ProjectBucketConfig
from pulumi_gcp.logging.project_sink import ProjectSink

from infra.component import Component
from infra.contracts import SiteContext
from infra.gcp import network_firewall, physical_names
from infra.gcp.alarms import Alarms
from infra.gcp.audit_logs import AuditLogs
from infra.gcp.keys import Keys
from infra.gcp.settings import GcpSite

PODS: Final = "pods"
SERVICES: Final = "services"
"""Names of the subnet's secondary ranges."""
_PORTS_AT_LEAST: Final = 64
_PORTS_AT_MOST: Final = 8192


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """The network of one site."""

    context: SiteContext[GcpSite]
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms


class Network(Component, token="pouw:gcp:Network"):
    """Outputs: ``network``, ``node_subnets`` (one: subnets span a region's zones) and ``egress``.

    Cloud NAT is a regional service that survives the failure of a zone. So ``translation: zone`` means three egress
    addresses, and ``shared`` means one.
    """

    network: pulumi.Output[str]
    node_subnets: pulumi.Output[Sequence[str]]
    egress: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._context = context = args.context
        self._project = project = physical_names.project(context)
        network = Vpc(
            f"{name}-network",
            name=physical_names.compose_name("compute", context),
            project=project,
            auto_create_subnetworks=False,
            routing_mode="REGIONAL",
            opts=self.child(),
        )
        subnet = Subnetwork(
            f"{name}-nodes",
            name=physical_names.compose_name("compute", context, "nodes"),
            project=project,
            region=context.region,
            network=network.id,
            ip_cidr_range=network_firewall.node_range(context.plan),
            secondary_ip_ranges=[
                {"range_name": PODS, "ip_cidr_range": context.site.network.pods},
                {"range_name": SERVICES, "ip_cidr_range": context.site.network.services},
            ],
            private_ip_google_access=True,
            log_config={
                "aggregation_interval": "INTERVAL_5_SEC",
                "flow_sampling": 1.0,
                "metadata": "INCLUDE_ALL_METADATA",
            },
            opts=self.child(),
        )
        for rule, arguments in network_firewall.rules(context.plan, context.site.network.pods).items():
            rule_name = physical_names.compose_name("compute", context, rule)
            Firewall(
                f"{name}-{rule}", name=rule_name, project=project, network=network.id, **arguments, opts=self.child()
            )
        egress = self._translation(name, network, subnet)
        self._services(name, network)
        self._flow_logs(name, args.keys)
        self.publish(network=network.id, node_subnets=[subnet.id], egress=egress)

    def _translation(self, name: str, network: Vpc, subnet: Subnetwork) -> list[pulumi.Output[str]]:
        context, project = self._context, self._project
        addresses = [
            Address(
                f"{name}-egress-{index}",
                name=physical_names.compose_name("compute", context, f"egress-{index}"),
                project=project,
                region=context.region,
                address_type="EXTERNAL",
                labels=context.tags,
                opts=self.child(protect=context.protect),
            )
            for index in range(egress_addresses(context.site.network.translation))
        ]
        router_name = physical_names.compose_name("compute", context)
        router = Router(
            f"{name}-router",
            name=router_name,
            project=project,
            region=context.region,
            network=network.id,
            opts=self.child(),
        )
        RouterNat(
            f"{name}-translation",
            name=router_name,
            project=project,
            region=context.region,
            router=router.name,
            nat_ip_allocate_option="MANUAL_ONLY",
            nat_ips=[address.self_link for address in addresses],
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[{"name": subnet.id, "source_ip_ranges_to_nats": ["ALL_IP_RANGES"]}],
            # Each machine gets ports as needed: nodes hold many connections, other machines few.
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=_PORTS_AT_LEAST,
            max_ports_per_vm=_PORTS_AT_MOST,
            log_config={"enable": True, "filter": "ERRORS_ONLY"},
            opts=self.child(),
        )
        return [address.address for address in addresses]

    def _services(self, name: str, network: Vpc) -> None:
        """Resolve the host names of Google's services to addresses inside Google's network."""
        context, project = self._context, self._project
        networks = [{"network_url": network.id}]
        Policy(
            f"{name}-queries",
            name=physical_names.compose_name("zone", context, "queries"),
            project=project,
            enable_logging=True,
            networks=networks,
            opts=self.child(),
        )
        for domain, anchor in network_firewall.SERVICE_ZONES.items():
            part = domain.rstrip(".").replace(".", "-")
            zone = ManagedZone(
                f"{name}-{part}",
                name=physical_names.compose_name("zone", context, part),
                project=project,
                dns_name=domain,
                visibility="private",
                private_visibility_config={"networks": networks},
                description="Google's services inside Google's network",
                labels=context.tags,
                opts=self.child(),
            )
            for kind, host, values in (
                ("A", anchor, list(network_firewall.SERVICE_ADDRESSES)),
                ("CNAME", f"*.{domain}", [anchor]),
            ):
                RecordSet(
                    f"{name}-{part}-{kind.lower()}",
                    project=project,
                    managed_zone=zone.name,
                    name=host,
                    type=kind,
                    ttl=300,
                    rrdatas=values,
                    opts=self.child(),
                )

    def _flow_logs(self, name: str, keys: Keys) -> None:
        context, project = self._context, self._project
        bucket_name = physical_names.compose_name("log-bucket", context, "flows")
        bucket = ProjectBucketConfig(
            f"{name}-flows",
            project=project,
            location=context.region,
            bucket_id=bucket_name,
            description=f"Flow, firewall, NAT and DNS query logs of the site {context.site.name}",
            retention_days=context.site.network.flow_log_days,
            cmek_settings={"kms_key_name": keys.key},
            opts=self.child(),
        )
        ProjectSink(
            f"{name}-flows-sink",
            name=bucket_name,
            project=project,
            destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
            filter=flow_filter(project, context.region),
            unique_writer_identity=True,
            opts=self.child(),
        )


def egress_addresses(translation: str) -> int:
    """Return the number of a site's static egress addresses."""
    return 3 if translation == "zone" else 1


def flow_filter(project: str, region: str) -> str:
    """Return the filter of the network's logs in one region."""
    kinds = (
        "compute.googleapis.com%2Fvpc_flows",
        "compute.googleapis.com%2Ffirewall",
        "compute.googleapis.com%2Fnat_flows",
        "dns.googleapis.com%2Fdns_queries",
    )
    logs = " OR ".join(f'"projects/{project}/logs/{kind}"' for kind in kinds)
    return f'logName=({logs}) AND (resource.labels.location:"{region}" OR resource.labels.region="{region}")'
