"""How a site's range is used on Azure, where subnets span zones: decisions, no resources."""

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

Guard = Literal["nodes", "gateway", "none"]


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """One subnet; ``zone`` is the index of the zone whose address translation it uses."""

    name: str
    range: str
    guard: Guard = "nodes"
    zone: int | None = None
    delegation: str | None = None
    link: bool = False
    """Whether it gives addresses to a private link service."""


def node_subnet(zone: int) -> str:
    """Name of the subnet of a zone's machines, by the zone's index."""
    return f"nodes-{zone + 1}"


def subnets(plan: AddressPlan) -> list[Subnet]:
    """Subnets of a site.

    Machines have a subnet a zone, so that each zone can have an address translation of its own. Everything else spans
    zones by itself and takes the first of the plan's three ranges; links take the second edge range.
    """
    machines = [Subnet(name=node_subnet(zone), range=plan.nodes[zone], zone=zone) for zone in range(3)]
    return [
        *machines,
        # The control plane's subnet is the cloud's to guard: a public API, where one is asked for, enters there.
        Subnet(
            name=CONTROL_PLANE,
            range=plan.control_plane,
            guard="none",
            delegation="Microsoft.ContainerService/managedClusters",
        ),
        Subnet(name=BALANCERS, range=plan.edges[0]),
        Subnet(name=LINK, range=plan.edges[1], link=True),
        Subnet(name=ENDPOINTS, range=plan.endpoints[0]),
        Subnet(name=GATEWAY, range=plan.gateway, guard="gateway"),
    ]


def balancer_address(plan: AddressPlan) -> str:
    """Fixed address of the in-cluster balancer. Azure keeps the first four of a subnet."""
    return _address(plan.edges[0], 10)


def gateway_address(plan: AddressPlan) -> str:
    """Fixed private address of the gateway between the edge and the cluster."""
    return _address(plan.gateway, 10)


def _address(cidr: str, number: int) -> str:
    return str(ipaddress.ip_network(cidr)[number])


def guard_rules(guard: Guard, plan: AddressPlan) -> list[dict[str, Any]]:
    """Security rules by guard. Azure's own let the network talk to itself and close the rest; these say so aloud."""
    closed = _rule("deny-internet", 4000, access="Deny", source="Internet", ports="*", protocol="*")
    if guard == "nodes":
        # Nodes of other sites come in here, from the ranges that the peers' service names: the cluster guards machines
        # by those, and lets nobody in while there is no such service.
        return [_rule("peers", 100, access="Allow", source="Internet", ports=str(P2P_PORT), protocol="Tcp"), closed]
    link, port = plan.edges[1], str(EDGE_PORT)
    return [
        # Azure steers and watches a gateway through these ports and will not start one without them.
        _rule("management", 100, access="Allow", source="GatewayManager", ports="65200-65535", protocol="Tcp"),
        _rule("probes", 110, access="Allow", source="AzureLoadBalancer", ports="*", protocol="*"),
        _rule("edge", 120, access="Allow", source=link, ports=port, protocol="Tcp"),
        _rule("deny-network", 3900, access="Deny", source="VirtualNetwork", ports="*", protocol="*"),
        closed,
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
