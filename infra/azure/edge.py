"""The public edge: Front Door with a certificate, a web firewall, and a private link to the gateway.

Front Door is the only edge of Azure with certificates that Azure issues and renews by a record in any DNS service. Its
address is a name that remains as long as the edge exists, and it answers from the nearest location.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native.cdn.afd_custom_domain import AFDCustomDomain
from pulumi_azure_native.cdn.afd_endpoint import AFDEndpoint
from pulumi_azure_native.cdn.afd_origin import AFDOrigin
from pulumi_azure_native.cdn.afd_origin_group import AFDOriginGroup
from pulumi_azure_native.cdn.profile import Profile
from pulumi_azure_native.cdn.route import Route
from pulumi_azure_native.cdn.security_policy import SecurityPolicy

from infra.azure.alarms import Alarms
from infra.azure.audit_logs import AuditLogs
from infra.azure.authorization import prevent_deletion
from infra.azure.gateway import FRONTEND, Gateway, GatewayArgs, link_region
from infra.azure.keys import Keys
from infra.azure.network import Network
from infra.azure.node_pools import NodePools
from infra.azure.physical_names import LIMITS, compose_name, global_name
from infra.azure.subnets import EDGE_PORT
from infra.azure.web_firewall import WebFirewall, WebFirewallArgs
from infra.component import Component
from infra.contracts import READY_PATH, DnsRecord, RecordKind, SiteContext
from infra.naming import fitted

ACCESS_CATEGORIES: Final = (
    "FrontDoorAccessLog",
    "FrontDoorHealthProbeLog",
    "FrontDoorWebApplicationFirewallLog",
)


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


class Edge(Component, token="pouw:azure:Edge"):
    """Front Door, then a gateway, then the cluster. Output: ``address``, the name of the endpoint."""

    address: pulumi.Output[str]
    address_kind: RecordKind = "CNAME"
    proofs: tuple[DnsRecord, ...]

    def __init__(self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        context, group = args.context, args.keys.group
        gateway = Gateway(
            f"{name}-gateway", GatewayArgs(context=context, group=group, network=args.network), self.child()
        )
        args.alarms.watch_gateway(self, name, gateway.gateway)
        profile = Profile(
            f"{name}-profile",
            resource_group_name=group,
            profile_name=compose_name(context, "cdn:Profile"),
            location="global",
            sku={"name": "Premium_AzureFrontDoor"},
            origin_response_timeout_seconds=60,
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        endpoint = AFDEndpoint(
            f"{name}-endpoint",
            resource_group_name=group,
            profile_name=profile.name,
            endpoint_name=global_name(context, "edge"),
            location="global",
            enabled_state="Enabled",
            auto_generated_domain_name_label_scope="TenantReuse",
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        origins = self._origins(name, profile, gateway)
        domains = [self._domain(name, profile, host) for host in args.hosts]
        self.proofs = tuple(map(self._proof, args.hosts, domains))
        self._filter_requests(name, profile, [endpoint.id, *(domain.id for domain in domains)])
        Route(
            f"{name}-route",
            resource_group_name=group,
            profile_name=profile.name,
            endpoint_name=endpoint.name,
            route_name="all",
            origin_group={"id": origins.group},
            custom_domains=[{"id": domain.id} for domain in domains],
            patterns_to_match=["/*"],
            supported_protocols=["Https"],
            https_redirect="Disabled",
            # The connection to the gateway is private, and the gateway has no public name for a certificate.
            forwarding_protocol="HttpOnly",
            # Health checks of other clouds use the endpoint's own name. The web firewall covers that name, too.
            link_to_default_domain="Enabled",
            enabled_state="Enabled",
            opts=self.child(depends_on=[origins.ready]),
        )
        args.audit_logs.collect(self, f"{name}-access-log", profile.id, categories=ACCESS_CATEGORIES)
        prevent_deletion(self, f"{name}-lock", context, profile.id)
        self.publish(address=endpoint.host_name)

    def _origins(self, name: str, profile: Profile, gateway: Gateway) -> _Origins:
        group = AFDOriginGroup(
            f"{name}-origins",
            resource_group_name=self._args.keys.group,
            profile_name=profile.name,
            origin_group_name="gateway",
            session_affinity_state="Disabled",
            health_probe_settings={
                "probePath": READY_PATH,
                "probeProtocol": "Http",
                "probeRequestType": "GET",
                "probeIntervalInSeconds": 30,
            },
            load_balancing_settings={
                "sampleSize": 4,
                "successfulSamplesRequired": 2,
                "additionalLatencyInMilliseconds": 0,
            },
            opts=self.child(),
        )
        origin = AFDOrigin(
            f"{name}-origin",
            resource_group_name=self._args.keys.group,
            profile_name=profile.name,
            origin_group_name=group.name,
            origin_name="gateway",
            host_name=gateway.address,
            http_port=EDGE_PORT,
            https_port=443,
            priority=1,
            weight=1000,
            enabled_state="Enabled",
            enforce_certificate_name_check=True,
            shared_private_link_resource={
                "privateLink": {"id": gateway.gateway},
                "groupId": FRONTEND,
                "privateLinkLocation": link_region(self._args.context.region),
                "requestMessage": f"pouw {self._args.context.site.name}",
            },
            opts=self.child(),
        )
        return _Origins(group=group.id, ready=origin)

    def _domain(self, name: str, profile: Profile, host: str) -> AFDCustomDomain:
        limit = LIMITS["azure-native:cdn:AFDCustomDomain"].characters
        part = host.replace(".", "-")
        return AFDCustomDomain(
            f"{name}-{part}",
            resource_group_name=self._args.keys.group,
            profile_name=profile.name,
            custom_domain_name=fitted(part, limit=limit),
            host_name=host,
            tls_settings={"certificateType": "ManagedCertificate", "minimumTlsVersion": "TLS12"},
            opts=self.child(),
        )

    def _proof(self, host: str, domain: AFDCustomDomain) -> DnsRecord:
        return DnsRecord(
            name=f"{self._args.context.site.name}-{host.replace('.', '-')}-proof",
            host=f"_dnsauth.{host}",
            kind="TXT",
            value=domain.validation_properties.validation_token,
        )

    def _filter_requests(self, name: str, profile: Profile, domains: Sequence[pulumi.Output[str]]) -> None:
        args = self._args
        rules = WebFirewallArgs(context=args.context, keys=args.keys, allow_from=args.allow_from)
        firewall = WebFirewall(f"{name}-web-firewall", rules, self.child())
        SecurityPolicy(
            f"{name}-web-firewall-attachment",
            resource_group_name=args.keys.group,
            profile_name=profile.name,
            security_policy_name="firewall",
            parameters={
                "type": "WebApplicationFirewall",
                "wafPolicy": {"id": firewall.firewall},
                "associations": [{"domains": [{"id": domain} for domain in domains], "patternsToMatch": ["/*"]}],
            },
            opts=self.child(),
        )


@dataclass(frozen=True, kw_only=True)
class _Origins:
    """A group of origins, and the resource that must exist before a route may use it."""

    group: pulumi.Output[str]
    ready: pulumi.Resource
