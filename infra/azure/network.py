"""The network: private machines in three zones, static addresses on the way out, flow logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native.network.flow_log import FlowLog
from pulumi_azure_native.network.nat_gateway import NatGateway
from pulumi_azure_native.network.network_security_group import NetworkSecurityGroup
from pulumi_azure_native.network.public_ip_address import PublicIPAddress
from pulumi_azure_native.network.virtual_network import VirtualNetwork

from infra.azure.audit_logs import AuditLogs
from infra.azure.keys import Keys
from infra.azure.physical_names import named
from infra.azure.private_endpoints import Endpoints, EndpointsArgs, Service
from infra.azure.roles import grant, identity, kept, role_id
from infra.azure.subnets import ENDPOINTS, Guard, Subnet, guard_rules, node_subnet, subnets
from infra.component import Component
from infra.contracts import Place

_LONGEST_FLOW_RETENTION_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Where the network stands and who keeps its logs."""

    place: Place
    keys: Keys
    monitoring: AuditLogs


class Network(Component, token="pouw:azure:Network"):
    """A virtual network. ``subnet(name)`` gives the id of one of its subnets; ``vault`` is the vault's id once the
    network reaches it."""

    network: pulumi.Output[str]
    node_subnets: pulumi.Output[Sequence[str]]
    egress: pulumi.Output[Sequence[str]]
    vault: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        place, group = args.place, args.keys.group
        addresses, gateways = self._translation(name)
        guards: dict[Guard, NetworkSecurityGroup] = {
            guard: NetworkSecurityGroup(
                f"{name}-{guard}-guard",
                resource_group_name=group,
                network_security_group_name=named(place, "network:NetworkSecurityGroup", guard),
                location=place.region,
                security_rules=guard_rules(guard, place.plan),
                tags=place.tags,
                opts=self.child(),
            )
            for guard in ("nodes", "gateway")
        }
        network = VirtualNetwork(
            f"{name}-network",
            resource_group_name=group,
            virtual_network_name=named(place, "network:VirtualNetwork"),
            location=place.region,
            address_space={"addressPrefixes": [place.plan.network]},
            subnets=[subnet_properties(one, gateways, guards) for one in subnets(place.plan)],
            **flood_protection(place.site.network.ddos_plan),
            tags=place.tags,
            opts=kept(self, place),
        )
        self._flow_log(name, network.id)
        vault = Service(name="vault", id=args.keys.vault, part="vault", zone="privatelink.vaultcore.azure.net")
        endpoint = self.endpoints(f"{name}-endpoint", network.id, [vault])
        self.publish(
            network=network.id,
            node_subnets=[pulumi.Output.concat(network.id, "/subnets/", node_subnet(zone)) for zone in range(3)],
            egress=[address.ip_address for address in addresses],
            vault=pulumi.Output.all(args.keys.vault, endpoint.ready).apply(lambda known: str(known[0])),
        )

    def subnet(self, name: str) -> pulumi.Output[str]:
        """Id of the subnet of that name."""
        return pulumi.Output.concat(self.network, "/subnets/", name)

    def endpoints(self, name: str, network: pulumi.Input[str], services: Sequence[Service]) -> Endpoints:
        """Declare private endpoints of services."""
        arguments = EndpointsArgs(
            place=self._args.place,
            group=self._args.keys.group,
            network=network,
            subnet=pulumi.Output.concat(network, "/subnets/", ENDPOINTS),
            services=services,
        )
        return Endpoints(name, arguments, self.child())

    def _translation(self, name: str) -> tuple[list[PublicIPAddress], list[NatGateway]]:
        """Addresses on the way out, and the gateways that use them: one a zone, or one for all."""
        place, group = self._args.place, self._args.keys.group
        addresses, gateways = [], []
        for zone in place.zones if place.site.network.translation == "zone" else place.zones[:1]:
            address = public_address(self, f"{name}-egress-{zone}", place, group, part=f"egress-{zone}", zones=[zone])
            addresses.append(address)
            gateways.append(
                NatGateway(
                    f"{name}-translation-{zone}",
                    resource_group_name=group,
                    nat_gateway_name=named(place, "network:NatGateway", zone),
                    location=place.region,
                    sku={"name": "Standard"},
                    zones=[zone],
                    public_ip_addresses=[{"id": address.id}],
                    idle_timeout_in_minutes=10,
                    tags=place.tags,
                    opts=self.child(),
                )
            )
        return addresses, gateways

    def _flow_log(self, name: str, network: pulumi.Input[str]) -> None:
        place, keys, monitoring = self._args.place, self._args.keys, self._args.monitoring
        writer = identity(self, f"{name}-flow-writer", place, keys.group, "flow-writer")
        granted = grant(
            self,
            f"{name}-flow-writer-grant",
            role=role_id(place, "Storage Blob Data Contributor"),
            principal=writer.principal_id,
            scope=monitoring.store,
        )
        FlowLog(
            f"{name}-flow-log",
            # Azure keeps one watcher a region in a subscription, and makes it with the region's first network.
            resource_group_name="NetworkWatcherRG",
            network_watcher_name=f"NetworkWatcher_{place.region}",
            flow_log_name=named(place, "network:FlowLog"),
            location=place.region,
            target_resource_id=network,
            storage_id=monitoring.store,
            enabled=True,
            format={"type": "JSON", "version": 2},
            identity={"type": "UserAssigned", "userAssignedIdentities": [writer.id]},
            retention_policy=flow_retention(place.site.network.flow_log_days),
            flow_analytics_configuration={
                "networkWatcherFlowAnalyticsConfiguration": {
                    "enabled": True,
                    "trafficAnalyticsInterval": 60,
                    "workspaceResourceId": monitoring.logs,
                    "workspaceRegion": place.region,
                }
            },
            tags=place.tags,
            opts=self.child(depends_on=[granted]),
        )


def flood_protection(plan: str | None) -> dict[str, Any]:
    """The part of a network that joins a plan; without one it has what Azure gives to everybody."""
    return {"enable_ddos_protection": True, "ddos_protection_plan": {"id": plan}} if plan else {}


def public_address(
    owner: Component, name: str, place: Place, group: pulumi.Input[str], *, part: str, zones: Sequence[str]
) -> PublicIPAddress:
    """Declare a static public address in ``zones``."""
    return PublicIPAddress(
        name,
        resource_group_name=group,
        public_ip_address_name=named(place, "network:PublicIPAddress", part),
        location=place.region,
        sku={"name": "Standard", "tier": "Regional"},
        public_ip_allocation_method="Static",
        public_ip_address_version="IPv4",
        zones=list(zones),
        tags=place.tags,
        # Others list these addresses among those that they let in.
        opts=kept(owner, place),
    )


def subnet_properties(
    subnet: Subnet, gateways: Sequence[NatGateway], guards: Mapping[Guard, NetworkSecurityGroup]
) -> dict[str, Any]:
    """A subnet in the words of the API. Nothing in it reaches outside but through the translation."""
    properties: dict[str, Any] = {
        "name": subnet.name,
        "addressPrefix": subnet.range,
        "defaultOutboundAccess": False,
        "privateEndpointNetworkPolicies": "Enabled",
        "privateLinkServiceNetworkPolicies": "Disabled" if subnet.link else "Enabled",
    }
    if subnet.guard != "none":
        properties["networkSecurityGroup"] = {"id": guards[subnet.guard].id}
    if subnet.zone is not None:
        properties["natGateway"] = {"id": gateways[subnet.zone % len(gateways)].id}
    if subnet.delegation is not None:
        properties["delegations"] = [{"name": "cloud", "serviceName": subnet.delegation}]
    return properties


def flow_retention(days: int) -> dict[str, Any]:
    """Retention of the flow log itself, which ends at a year; the account's own rule serves for longer."""
    own = days <= _LONGEST_FLOW_RETENTION_DAYS
    return {"enabled": own, "days": days if own else 0}
