"""The subnets of a site's range on Azure, where subnets span zones, and their security rules. Pure functions."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Final, Literal

from infra.addressing import AddressPlan
from infra.workload import P2P_PORT

BALANCERS: Final = "balancers"
"""Subnet of the cluster's internal load balancers; services name it in an annotation."""
CONTROL_PLANE: Final = "control-plane"
ENDPOINTS: Final = "endpoints"
GATEWAY: Final = "gateway"
LINK: Final = "link"
EDGE_PORT: Final = 80

SecurityGroup = Literal["nodes", "gateway", "none"]


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """One subnet; ``zone`` is the index of the zone whose address translation it uses."""

    name: str
    range: str
    security_group: SecurityGroup = "nodes"
    zone: int | None = None
    delegation: str | None = None
    link: bool = False
    """True if the subnet provides addresses for a private link service."""


def node_subnet(zone: int) -> str:
    """Return the name of the subnet of a zone's machines, by the zone's index."""
    return f"nodes-{zone + 1}"


def subnets(plan: AddressPlan) -> list[Subnet]:
    """Return the subnets of a site.

    Machines have one subnet per zone, so that each zone can have its own address translation. All other subnets span
    the zones and use the first of the plan's three ranges; the link subnet uses the second edge range.
    """
    machines = [Subnet(name=node_subnet(zone), range=plan.nodes[zone], zone=zone) for zone in range(3)]
    return [
        *machines,
        # Azure protects the control plane's subnet itself: a public API server is reached through it.
        Subnet(
            name=CONTROL_PLANE,
            range=plan.control_plane,
            security_group="none",
            delegation="Microsoft.ContainerService/managedClusters",
        ),
        Subnet(name=BALANCERS, range=plan.edges[0]),
        Subnet(name=LINK, range=plan.edges[1], link=True),
        Subnet(name=ENDPOINTS, range=plan.endpoints[0]),
        Subnet(name=GATEWAY, range=plan.gateway, security_group="gateway"),
    ]


def balancer_address(plan: AddressPlan) -> str:
    """Return the fixed address of the in-cluster balancer. Azure reserves the first four of a subnet."""
    return _address(plan.edges[0], 10)


def gateway_address(plan: AddressPlan) -> str:
    """Return the fixed private address of the gateway between the edge and the cluster."""
    return _address(plan.gateway, 10)


def _address(cidr: str, number: int) -> str:
    return str(ipaddress.ip_network(cidr)[number])


def security_rules(security_group: SecurityGroup, plan: AddressPlan) -> list[dict[str, Any]]:
    """Return the rules of a security group, which state Azure's implicit default rules explicitly."""
    deny_internet = _rule("deny-internet", 4000, access="Deny", source="Internet", ports="*", protocol="*")
    if security_group == "nodes":
        # Nodes of other sites connect here. The cluster itself admits only the ranges of the peers' service, and admits
        # no address while that service does not exist.
        return [
            _rule("peers", 100, access="Allow", source="Internet", ports=str(P2P_PORT), protocol="Tcp"),
            deny_internet,
        ]
    link, port = plan.edges[1], str(EDGE_PORT)
    return [
        # Azure manages and probes a gateway through these ports, and refuses to start a gateway without them.
        _rule("management", 100, access="Allow", source="GatewayManager", ports="65200-65535", protocol="Tcp"),
        _rule("probes", 110, access="Allow", source="AzureLoadBalancer", ports="*", protocol="*"),
        _rule("edge", 120, access="Allow", source=link, ports=port, protocol="Tcp"),
        _rule("deny-network", 3900, access="Deny", source="VirtualNetwork", ports="*", protocol="*"),
        deny_internet,
    ]


def _rule(name: str, priority: int, *, access: str, source: str, ports: str, protocol: str) -> dict[str, Any]:
    return {
        "name": name,
        "priority": priority,
        "direction": "Inbound",
        "access": access,
        "protocol": protocol,
        "sourceAddressPrefix": source,
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": ports,
    }
