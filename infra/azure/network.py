"""The site's network: private machines in three zones, static egress addresses, endpoints and flow logs."""

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

from infra.azure.alarms import Alarms
from infra.azure.audit_logs import AuditLogs
from infra.azure.authorization import grant, identity, role_id
from infra.azure.keys import Keys
from infra.azure.physical_names import compose_name
from infra.azure.private_endpoints import Endpoints, EndpointsArgs, Service
from infra.azure.settings import AzureSite
from infra.azure.subnets import ENDPOINTS, SecurityGroup, Subnet, node_subnet, security_rules, subnets
from infra.component import Component
from infra.contracts import SiteContext

_LONGEST_FLOW_RETENTION_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """The network of one site."""

    context: SiteContext[AzureSite]
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms


class Network(Component, token="pouw:azure:Network"):
    """A virtual network. Output besides the contract's: ``vault``, the vault's id, once the network reaches it."""

    network: pulumi.Output[str]
    node_subnets: pulumi.Output[Sequence[str]]
    egress: pulumi.Output[Sequence[str]]
    vault: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        context, group = args.context, args.keys.group
        addresses, gateways = self._translation(name)
        security_groups: dict[SecurityGroup, NetworkSecurityGroup] = {
            kind: NetworkSecurityGroup(
                f"{name}-{kind}-security-group",
                resource_group_name=group,
                network_security_group_name=compose_name(context, "network:NetworkSecurityGroup", kind),
                location=context.region,
                security_rules=security_rules(kind, context.plan),
                tags=context.tags,
                opts=self.child(),
            )
            for kind in ("nodes", "gateway")
        }
        network = VirtualNetwork(
            f"{name}-network",
            resource_group_name=group,
            virtual_network_name=compose_name(context, "network:VirtualNetwork"),
            location=context.region,
            address_space={"addressPrefixes": [context.plan.network]},
            subnets=[subnet_properties(subnet, gateways, security_groups) for subnet in subnets(context.plan)],
            **flood_protection(context.site.network.ddos_plan),
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        self._flow_log(name, network.id)
        vault = Service(name="vault", id=args.keys.vault, part="vault", zone="privatelink.vaultcore.azure.net")
        endpoint = self.endpoints(f"{name}-endpoint", network.id, [vault])
        self.publish(
            network=network.id,
            node_subnets=[pulumi.Output.concat(network.id, "/subnets/", node_subnet(zone)) for zone in range(3)],
            egress=[address.ip_address for address in addresses],
            vault=pulumi.Output.all(args.keys.vault, endpoint.ready).apply(lambda values: str(values[0])),
        )

    def subnet(self, name: str) -> pulumi.Output[str]:
        """Return the id of the subnet of that name."""
        return pulumi.Output.concat(self.network, "/subnets/", name)

    def endpoints(self, name: str, network: pulumi.Input[str], services: Sequence[Service]) -> Endpoints:
        """Declare private endpoints of services."""
        arguments = EndpointsArgs(
            context=self._args.context,
            group=self._args.keys.group,
            network=network,
            subnet=pulumi.Output.concat(network, "/subnets/", ENDPOINTS),
            services=services,
        )
        return Endpoints(name, arguments, self.child())

    def _translation(self, name: str) -> tuple[list[PublicIPAddress], list[NatGateway]]:
        """Declare egress addresses and their NAT gateways, one per zone or one for all."""
        context, group = self._args.context, self._args.keys.group
        addresses, gateways = [], []
        for zone in context.zones if context.site.network.translation == "zone" else context.zones[:1]:
            address = public_address(self, f"{name}-egress-{zone}", context, group, part=f"egress-{zone}", zones=[zone])
            addresses.append(address)
            gateways.append(
                NatGateway(
                    f"{name}-translation-{zone}",
                    resource_group_name=group,
                    nat_gateway_name=compose_name(context, "network:NatGateway", zone),
                    location=context.region,
                    sku={"name": "Standard"},
                    zones=[zone],
                    public_ip_addresses=[{"id": address.id}],
                    idle_timeout_in_minutes=10,
                    tags=context.tags,
                    opts=self.child(),
                )
            )
        return addresses, gateways

    def _flow_log(self, name: str, network: pulumi.Input[str]) -> None:
        context, keys, audit_logs = self._args.context, self._args.keys, self._args.audit_logs
        writer = identity(self, f"{name}-flow-writer", context, keys.group, "flow-writer")
        granted = grant(
            self,
            f"{name}-flow-writer-grant",
            role=role_id(context, "Storage Blob Data Contributor"),
            principal=writer.principal_id,
            scope=audit_logs.archive,
        )
        FlowLog(
            f"{name}-flow-log",
            # A subscription has one network watcher per region, which Azure creates with the first network.
            resource_group_name="NetworkWatcherRG",
            network_watcher_name=f"NetworkWatcher_{context.region}",
            flow_log_name=compose_name(context, "network:FlowLog"),
            location=context.region,
            target_resource_id=network,
            storage_id=audit_logs.archive,
            enabled=True,
            format={"type": "JSON", "version": 2},
            identity={"type": "UserAssigned", "userAssignedIdentities": [writer.id]},
            retention_policy=flow_retention(context.site.network.flow_log_days),
            flow_analytics_configuration={
                "networkWatcherFlowAnalyticsConfiguration": {
                    "enabled": True,
                    "trafficAnalyticsInterval": 60,
                    "workspaceResourceId": audit_logs.logs,
                    "workspaceRegion": context.region,
                }
            },
            tags=context.tags,
            opts=self.child(depends_on=[granted]),
        )


def flood_protection(plan: str | None) -> dict[str, Any]:
    """Return the arguments that join a DDoS protection plan; without one, Azure's basic protection applies."""
    return {"enable_ddos_protection": True, "ddos_protection_plan": {"id": plan}} if plan else {}


def public_address(
    owner: Component, name: str, context: SiteContext, group: pulumi.Input[str], *, part: str, zones: Sequence[str]
) -> PublicIPAddress:
    """Declare a static public address in ``zones``."""
    return PublicIPAddress(
        name,
        resource_group_name=group,
        public_ip_address_name=compose_name(context, "network:PublicIPAddress", part),
        location=context.region,
        sku={"name": "Standard", "tier": "Regional"},
        public_ip_allocation_method="Static",
        public_ip_address_version="IPv4",
        zones=list(zones),
        tags=context.tags,
        # Peers and partners have these addresses in their allow-lists.
        opts=owner.child(protect=context.protect),
    )


def subnet_properties(
    subnet: Subnet, gateways: Sequence[NatGateway], security_groups: Mapping[SecurityGroup, NetworkSecurityGroup]
) -> dict[str, Any]:
    """Return a subnet for Azure's API; its only egress is through the NAT gateway."""
    properties: dict[str, Any] = {
        "name": subnet.name,
        "addressPrefix": subnet.range,
        "defaultOutboundAccess": False,
        "privateEndpointNetworkPolicies": "Enabled",
        "privateLinkServiceNetworkPolicies": "Disabled" if subnet.link else "Enabled",
    }
    if subnet.security_group != "none":
        properties["networkSecurityGroup"] = {"id": security_groups[subnet.security_group].id}
    if subnet.zone is not None:
        properties["natGateway"] = {"id": gateways[subnet.zone % len(gateways)].id}
    if subnet.delegation is not None:
        properties["delegations"] = [{"name": "cloud", "serviceName": subnet.delegation}]
    return properties


def flow_retention(days: int) -> dict[str, Any]:
    """Return the retention of the flow log, at most a year; for more, the account's deletion rule applies."""
    within_limit = days <= _LONGEST_FLOW_RETENTION_DAYS
    return {"enabled": within_limit, "days": days if within_limit else 0}
