"""Networks: what guards their subnets, what they log, how they reach out, and what leads to services of Azure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.azure.edges import GATEWAY, public_listeners
from policies.azure.registries import ENDPOINT
from policies.azure.relations import must_have
from policies.azure.storage import FLOW_LOG
from policies.checks import MISSING, find, must_be, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

NETWORK = "azure-native:network:VirtualNetwork"
SUBNET = "azure-native:network:Subnet"
ADDRESS = "azure-native:network:PublicIPAddress"
TRANSLATION = "azure-native:network:NatGateway"
PEERING = "azure-native:network:VirtualNetworkPeering"
INTERFACE = "azure-native:network:NetworkInterface"
ENDPOINT_NAMES = "azure-native:network:PrivateDnsZoneGroup"

_GUIDE = "https://learn.microsoft.com/en-us/azure/virtual-network/"
_WATCHER = "https://learn.microsoft.com/en-us/azure/network-watcher/"
_LEAST_DAYS = 90
_OWN_GUARD = ("GatewaySubnet", "AzureFirewallSubnet", "AzureFirewallManagementSubnet", "RouteServerSubnet")
_GUARDED_BY_CLOUD = ("Microsoft.ContainerService/managedClusters",)
"""To whom a subnet is delegated that the cloud guards itself."""
_DOORS = {
    GATEWAY: "frontendIPConfigurations",
    "azure-native:network:LoadBalancer": "frontendIPConfigurations",
    "azure-native:network:AzureFirewall": "ipConfigurations",
    "azure-native:network:BastionHost": "ipConfigurations",
    "azure-native:network:VirtualNetworkGateway": "ipConfigurations",
}
"""What takes connections from the Internet into a network, and the input that holds its addresses. Machines and
translation are not among it: machines have no public address, and nothing comes in by a translation."""


def _subnets(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every subnet with its path; the resource is a network with some, or one of a network."""
    if "addressSpace" in props or "subnets" in props:
        yield from ((f"{at}.", one) for at, one in find(props, "subnets[*]") if one is not MISSING)
    else:
        yield "", props


def _is_the_clouds(subnet: Mapping[str, Any]) -> bool:
    names = [name for _, name in find(subnet, "delegations[*].serviceName")]
    return any(name in _GUARDED_BY_CLOUD for name in names) or subnet.get("name") in _OWN_GUARD


def _is_unguarded(props: Props) -> Iterator[str]:
    for at, subnet in _subnets(props):
        if not subnet.get("networkSecurityGroup") and not _is_the_clouds(subnet):
            yield f"{at}networkSecurityGroup: is missing"


def _leaves_by_default(props: Props) -> Iterator[str]:
    for at, subnet in _subnets(props):
        if subnet.get("defaultOutboundAccess") is not False:
            yield f"{at}defaultOutboundAccess: must be False"


def _forgets(props: Props) -> Iterator[str]:
    kept = props.get("retentionPolicy") or {}
    # None, or not enabled, keeps until the account itself forgets.
    if kept.get("enabled") and 0 < float(kept.get("days") or 0) < _LEAST_DAYS:
        yield f"retentionPolicy.days: must be at least {_LEAST_DAYS}, or 0 for ever"


def _is_open(door: Resource) -> bool:
    """Whether it takes connections from the Internet: a gateway where it listens, all others at any address."""
    if door.type == GATEWAY:
        return any(True for _ in public_listeners(door.props))
    listed = find(door.props, f"{_DOORS[door.type]}[*]")
    return any(one is not MISSING and "publicIPAddress" in one for _, one in listed)


def _is_flooded(network: Resource, stack: Stack) -> Iterator[str]:
    if network.props.get("enableDdosProtection") is True:
        return
    for door in filter(_is_open, stack.of(*_DOORS)):
        origins = door.refers.get(_DOORS[door.type], frozenset())
        addresses = [one for one in stack.of(ADDRESS) if one.urn in origins]
        modes = [(one.props.get("ddosSettings") or {}).get("protectionMode") for one in addresses]
        if not modes or any(mode != "Enabled" for mode in modes):
            yield f"enableDdosProtection: is not set, and {door.name} takes connections from the Internet"


def _shows_addresses(props: Props) -> Iterator[str]:
    for at, address in find(props, "ipConfigurations[*].publicIPAddress"):
        if address is not MISSING:
            yield f"{at}: the machine is reached from everywhere"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-network-subnet-require-guard",
        types=(NETWORK, SUBNET),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="In a subnet without security rules everything that listens is reached by everything that is near.",
        remedy="Set networkSecurityGroup; subnets of the cloud's own gateways and control planes are exempt.",
        reference=_GUIDE + "network-security-groups-overview",
        check=_is_unguarded,
    ),
    Rule(
        id="azure-network-subnet-deny-default-outbound",
        types=(NETWORK, SUBNET),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Machines leave by an address that is nobody's and may change, past the site's own way out.",
        remedy="Set defaultOutboundAccess: false and give a NAT gateway.",
        reference=_GUIDE + "ip-services/default-outbound-access",
        check=_leaves_by_default,
    ),
    StackRule(
        id="azure-network-network-require-flowlog",
        types=(NETWORK,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Where an intruder came from, and where the data went, cannot be found out later.",
        remedy="Add an enabled FlowLog whose target is the network.",
        reference=_WATCHER + "vnet-flow-logs-overview",
        check=must_have(
            (FLOW_LOG,),
            "targetResourceId",
            "no flow log is about it",
            by="virtualNetworkName",
            holds=lambda one: one.get("enabled") is not False,
        ),
    ),
    StackRule(
        id="azure-network-network-require-ddos-protection",
        types=(NETWORK,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The free protection lets through floods that are small for Azure and large for the site.",
        remedy="Set enableDdosProtection: true and name a plan, or ddosSettings.protectionMode: Enabled on addresses.",
        reference="https://learn.microsoft.com/en-us/azure/ddos-protection/ddos-protection-overview",
        check=_is_flooded,
    ),
    Rule(
        id="azure-network-flowlog-require-retention",
        types=(FLOW_LOG,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Most intrusions are noticed after weeks, and then the log of the first day is gone.",
        remedy=f"Set retentionPolicy.days to {_LEAST_DAYS} or more, or to 0 for ever.",
        reference=_WATCHER + "vnet-flow-logs-overview",
        check=_forgets,
    ),
    Rule(
        id="azure-network-flowlog-require-analytics",
        types=(FLOW_LOG,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Nobody reads the files of a flow log by hand.",
        remedy="Enable flowAnalyticsConfiguration and name a workspace.",
        reference=_WATCHER + "traffic-analytics",
        check=must_be("flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration.enabled", True),
    ),
    Rule(
        id="azure-network-address-require-standard",
        types=(ADDRESS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A basic address is open unless closed, stands in no zone, and is not supported any more.",
        remedy="Set sku.name: Standard.",
        reference=_GUIDE + "ip-services/public-ip-addresses",
        check=must_be("sku.name", "Standard", "StandardV2"),
    ),
    Rule(
        id="azure-network-address-require-zones",
        types=(ADDRESS,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Nobody can say with which building the address goes.",
        remedy="Set zones: one for what stands in one, all for what spans them.",
        reference=_GUIDE + "ip-services/public-ip-addresses",
        check=must_be_set("zones"),
    ),
    Rule(
        id="azure-network-translation-require-zone",
        types=(TRANSLATION,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The way out of every zone may then stand in one building, and nobody knows in which.",
        remedy="Set zones to the zone whose machines it serves.",
        reference="https://learn.microsoft.com/en-us/azure/nat-gateway/nat-availability-zones",
        check=must_be_set("zones"),
    ),
    Rule(
        id="azure-network-peering-deny-forwarding",
        types=(PEERING,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Whoever is let into the other network comes through it into this one.",
        remedy="Set allowForwardedTraffic: false, or leave it out.",
        reference=_GUIDE + "virtual-network-peering-overview",
        check=must_not_be("allowForwardedTraffic", True),
    ),
    Rule(
        id="azure-network-interface-deny-public-address",
        types=(INTERFACE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A machine with an address of its own is reached past the balancer and the firewall.",
        remedy="Leave ipConfigurations[].publicIPAddress out.",
        reference="https://learn.microsoft.com/en-us/azure/security/fundamentals/network-best-practices",
        check=_shows_addresses,
    ),
    Rule(
        id="azure-network-interface-deny-forwarding",
        types=(INTERFACE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A machine that forwards what is not its own joins networks that were kept apart.",
        remedy="Set enableIPForwarding: false, or leave it out.",
        reference=_GUIDE + "virtual-network-network-interface",
        check=must_not_be("enableIPForwarding", True),
    ),
    StackRule(
        id="azure-network-endpoint-require-names",
        types=(ENDPOINT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The service's name still leads to its public address, and nothing uses the endpoint.",
        remedy="Add a PrivateDnsZoneGroup to the endpoint.",
        reference="https://learn.microsoft.com/en-us/azure/private-link/private-endpoint-dns",
        check=must_have(
            (ENDPOINT_NAMES,),
            "privateEndpointName",
            "no zone gives it a name",
            by="privateEndpointName",
            holds=lambda one: bool(one.get("privateDnsZoneConfigs")),
        ),
    ),
)
