"""The gateway between the edge and the cluster: an application gateway that only the edge's private link reaches.

A link service on the cluster's load balancer would need no gateway. But Azure creates that load balancer with the first
service in the cluster, after the edge that must name it. The gateway exists before, checks ``/ready`` from inside the
network, and separates WebSocket from JSON-RPC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.network.application_gateway import ApplicationGateway

from infra.azure.authorization import prevent_deletion
from infra.azure.network import Network, public_address
from infra.azure.physical_names import compose_name, group_name, subscription
from infra.azure.subnets import EDGE_PORT, GATEWAY, LINK, balancer_address, gateway_address
from infra.component import Component
from infra.contracts import READY_PATH, SiteContext
from infra.workload import RPC_PORT, WS_PORT

FRONTEND: Final = "edge"
"""Name of the frontend behind the private link."""

_LINK_REGIONS: Final = {
    "israelcentral": "westeurope",
    "italynorth": "francecentral",
    "polandcentral": "germanywestcentral",
    "southeastasia": "eastasia",
    "spaincentral": "francecentral",
    "switzerlandnorth": "germanywestcentral",
    "uaenorth": "centralindia",
    "westus2": "westus3",
}
"""Regions without private links of Front Door, each with the nearest region that has some."""


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """The gateway of one edge; ``group`` is the name of its resource group."""

    context: SiteContext
    group: pulumi.Input[str]
    network: Network


class Gateway(Component, token="pouw:azure:Gateway"):
    """A gateway with a private link. Outputs: ``gateway``, its id, and ``address``, its private address."""

    gateway: pulumi.Output[str]
    address: pulumi.Output[str]

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, group = args.context, args.group
        # Azure requires a public address on every gateway; no listener uses this one.
        unused = public_address(self, f"{name}-unused", context, group, part="gateway", zones=context.zones)
        gateway = ApplicationGateway(
            f"{name}-gateway",
            resource_group_name=group,
            application_gateway_name=compose_name(context, "network:ApplicationGateway"),
            location=context.region,
            zones=list(context.zones),
            sku={"name": "Standard_v2", "tier": "Standard_v2"},
            autoscale_configuration={"minCapacity": 2, "maxCapacity": 10},
            enable_http2=True,
            gateway_ip_configurations=[{"name": "gateway", "subnet": {"id": args.network.subnet(GATEWAY)}}],
            frontend_ip_configurations=[
                {"name": "unused", "publicIPAddress": {"id": unused.id}},
                {
                    "name": FRONTEND,
                    "privateIPAddress": gateway_address(context.plan),
                    "privateIPAllocationMethod": "Static",
                    "subnet": {"id": args.network.subnet(GATEWAY)},
                    "privateLinkConfiguration": {"id": part_id(context, "privateLinkConfigurations", "edge")},
                },
            ],
            private_link_configurations=[
                {
                    "name": "edge",
                    "ipConfigurations": [
                        {
                            "name": f"link-{number}",
                            "primary": number == 1,
                            "privateIPAllocationMethod": "Dynamic",
                            "subnet": {"id": args.network.subnet(LINK)},
                        }
                        for number in (1, 2)
                    ],
                }
            ],
            frontend_ports=[{"name": "edge", "port": EDGE_PORT}],
            tags=context.tags,
            opts=self.child(protect=context.protect),
            **routing(context),
        )
        prevent_deletion(self, f"{name}-lock", context, gateway.id)
        self.publish(gateway=gateway.id, address=gateway_address(context.plan))


def link_region(region: str) -> str:
    """Return the region from which Front Door links to a gateway in ``region``."""
    return _LINK_REGIONS.get(region, region)


def part_id(context: SiteContext, collection: str, name: str) -> str:
    """Return the id of a part of the gateway. Parts refer to one another by ids before the gateway exists."""
    gateway = compose_name(context, "network:ApplicationGateway")
    group = f"{subscription(context)}/resourceGroups/{group_name(context)}"
    return f"{group}/providers/Microsoft.Network/applicationGateways/{gateway}/{collection}/{name}"


def routing(context: SiteContext) -> dict[str, Any]:
    """Return the routes to the in-cluster balancer: paths below ``/ws`` to WebSocket, all others to JSON-RPC."""

    def part(collection: str, name: str) -> dict[str, str]:
        return {"id": part_id(context, collection, name)}

    balancer = part("backendAddressPools", "balancer")
    rpc, ws = part("backendHttpSettingsCollection", "rpc"), part("backendHttpSettingsCollection", "ws")
    return {
        "backend_address_pools": [
            {"name": "balancer", "backendAddresses": [{"ipAddress": balancer_address(context.plan)}]}
        ],
        "probes": [probe()],
        "backend_http_settings_collection": [
            {**backend("rpc", RPC_PORT, seconds=60), "probe": part("probes", "ready")},
            {**backend("ws", WS_PORT, seconds=3600), "probe": part("probes", "ready")},
        ],
        "http_listeners": [
            {
                "name": "edge",
                "protocol": "Http",
                "frontendIPConfiguration": part("frontendIPConfigurations", FRONTEND),
                "frontendPort": part("frontendPorts", "edge"),
            }
        ],
        "url_path_maps": [
            {
                "name": "paths",
                "defaultBackendAddressPool": balancer,
                "defaultBackendHttpSettings": rpc,
                "pathRules": [
                    {
                        "name": "ws",
                        "paths": ["/ws", "/ws/*"],
                        "backendAddressPool": balancer,
                        "backendHttpSettings": ws,
                    }
                ],
            }
        ],
        "request_routing_rules": [
            {
                "name": "edge",
                "priority": 100,
                "ruleType": "PathBasedRouting",
                "httpListener": part("httpListeners", "edge"),
                "urlPathMap": part("urlPathMaps", "paths"),
            }
        ],
    }


def probe() -> dict[str, Any]:
    """Return the health check of the balancer, one for both ports, because the same pods serve both."""
    return {
        "name": "ready",
        "protocol": "Http",
        "host": "balancer",
        "port": RPC_PORT,
        "path": READY_PATH,
        "interval": 5,
        "timeout": 5,
        "unhealthyThreshold": 2,
        "match": {"statusCodes": ["200-299"]},
    }


def backend(name: str, port: int, *, seconds: int) -> dict[str, Any]:
    """Return the HTTP settings of one port of the balancer."""
    return {
        "name": name,
        "protocol": "Http",
        "port": port,
        "cookieBasedAffinity": "Disabled",
        "requestTimeout": seconds,
        "connectionDraining": {"enabled": True, "drainTimeoutInSec": 60},
    }
