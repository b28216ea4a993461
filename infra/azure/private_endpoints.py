"""Private endpoints of Azure's services: their host names resolve to addresses inside the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native.network.private_dns_zone_group import PrivateDnsZoneGroup
from pulumi_azure_native.network.private_endpoint import PrivateEndpoint
from pulumi_azure_native.privatedns.private_zone import PrivateZone
from pulumi_azure_native.privatedns.virtual_network_link import VirtualNetworkLink

from infra.azure.physical_names import compose_name
from infra.component import Component
from infra.contracts import SiteContext


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service: a label, its id, the subresource to reach, and the zone of its host names."""

    name: str
    id: pulumi.Input[str]
    part: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """The endpoints of one network; each service has a zone of its own."""

    context: SiteContext
    group: pulumi.Input[str]
    network: pulumi.Input[str]
    subnet: pulumi.Input[str]
    services: Sequence[Service]


class Endpoints(Component, token="pouw:azure:Endpoints"):
    """One private endpoint per service. Output: ``ready``, known once the host names of all services resolve."""

    ready: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self.publish(ready=[self._endpoint(f"{name}-{service.name}", service).id for service in args.services])

    def _endpoint(self, name: str, service: Service) -> PrivateDnsZoneGroup:
        context, group = self._args.context, self._args.group
        zone = PrivateZone(
            f"{name}-zone",
            resource_group_name=group,
            private_zone_name=service.zone,
            location="global",
            tags=context.tags,
            opts=self.child(),
        )
        link = VirtualNetworkLink(
            f"{name}-zone-link",
            resource_group_name=group,
            private_zone_name=zone.name,
            virtual_network_link_name="site",
            location="global",
            registration_enabled=False,
            virtual_network={"id": self._args.network},
            tags=context.tags,
            opts=self.child(),
        )
        endpoint = PrivateEndpoint(
            f"{name}-endpoint",
            resource_group_name=group,
            private_endpoint_name=compose_name(context, "network:PrivateEndpoint", service.name),
            location=context.region,
            subnet={"id": self._args.subnet},
            private_link_service_connections=[
                {"name": service.name, "privateLinkServiceId": service.id, "groupIds": [service.part]}
            ],
            tags=context.tags,
            opts=self.child(),
        )
        return PrivateDnsZoneGroup(
            f"{name}-dns",
            resource_group_name=group,
            private_endpoint_name=endpoint.name,
            private_dns_zone_group_name="default",
            name="default",
            private_dns_zone_configs=[{"name": service.name, "privateDnsZoneId": zone.id}],
            opts=self.child(depends_on=[link]),
        )
