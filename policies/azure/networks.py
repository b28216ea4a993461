"""Rules about virtual networks: security groups, flow logs, DDoS protection, egress and private endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.azure.edges import GATEWAY, public_listeners
from policies.azure.references import must_have
from policies.azure.registries import ENDPOINT
from policies.azure.storage import FLOW_LOG
from policies.checks import MISSING, find, format_value, must_be, must_be_set, must_not_be
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
_MINIMUM_DAYS = 90
_EXEMPT_SUBNETS = ("GatewaySubnet", "AzureFirewallSubnet", "AzureFirewallManagementSubnet", "RouteServerSubnet")
_EXEMPT_DELEGATIONS = ("Microsoft.ContainerService/managedClusters",)
"""Services whose delegated subnets Azure protects itself."""
_ENTRIES = {
    GATEWAY: "frontendIPConfigurations",
    "azure-native:network:LoadBalancer": "frontendIPConfigurations",
    "azure-native:network:AzureFirewall": "ipConfigurations",
    "azure-native:network:BastionHost": "ipConfigurations",
    "azure-native:network:VirtualNetworkGateway": "ipConfigurations",
}
"""Types that accept connections from the Internet, with the input that contains their addresses. Machines and NAT
gateways are excluded: machines have no public address, and a NAT gateway accepts no inbound connection.
"""


def _subnets(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every subnet with its path. The resource is a network or a single subnet."""
    if "addressSpace" in props or "subnets" in props:
        yield from ((f"{path}.", subnet) for path, subnet in find(props, "subnets[*]") if subnet is not MISSING)
    else:
        yield "", props


def _is_exempt(subnet: Mapping[str, Any]) -> bool:
    names = [name for _, name in find(subnet, "delegations[*].serviceName")]
    return any(name in _EXEMPT_DELEGATIONS for name in names) or subnet.get("name") in _EXEMPT_SUBNETS


def _check_security_group(props: Props) -> Iterator[str]:
    for path, subnet in _subnets(props):
        if not subnet.get("networkSecurityGroup") and not _is_exempt(subnet):
            yield (
                f"{path}networkSecurityGroup: the subnet has no security group; got nothing; expected a "
                "NetworkSecurityGroup"
            )


def _check_outbound_access(props: Props) -> Iterator[str]:
    for path, subnet in _subnets(props):
        if subnet.get("defaultOutboundAccess") is not False:
            yield (
                f"{path}defaultOutboundAccess: default outbound access is on; got "
                f"{format_value(subnet.get('defaultOutboundAccess'))}; expected false"
            )


def _check_log_retention(props: Props) -> Iterator[str]:
    retention = props.get("retentionPolicy") or {}
    # A missing or disabled policy keeps logs as long as the account does.
    if retention.get("enabled") and 0 < float(retention.get("days") or 0) < _MINIMUM_DAYS:
        yield (
            f"retentionPolicy.days: is too low; got {float(retention['days']):g}; expected at least {_MINIMUM_DAYS}, "
            "or 0 for unlimited"
        )


def _is_public(entry: Resource) -> bool:
    """True if the resource accepts connections from the Internet: a gateway by its listeners, others by any address."""
    if entry.type == GATEWAY:
        return any(True for _ in public_listeners(entry.props))
    configurations = find(entry.props, f"{_ENTRIES[entry.type]}[*]")
    return any(
        configuration is not MISSING and "publicIPAddress" in configuration for _, configuration in configurations
    )


def _check_ddos_protection(network: Resource, stack: Stack) -> Iterator[str]:
    if network.props.get("enableDdosProtection") is True:
        return
    for entry in filter(_is_public, stack.of_type(*_ENTRIES)):
        origins = entry.references.get(_ENTRIES[entry.type], frozenset())
        addresses = [address for address in stack.of_type(ADDRESS) if address.urn in origins]
        modes = [(address.props.get("ddosSettings") or {}).get("protectionMode") for address in addresses]
        if not modes or any(mode != "Enabled" for mode in modes):
            yield (
                f"enableDdosProtection: a public entry has no DDoS protection; got {entry.name} without it; expected "
                "true"
            )


def _check_public_address(props: Props) -> Iterator[str]:
    for path, address in find(props, "ipConfigurations[*].publicIPAddress"):
        if address is not MISSING:
            yield f"{path}: the machine has a public address; got an address; expected nothing"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-network-subnet-require-guard",
        types=(NETWORK, SUBNET),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a security group, every port in the subnet is reachable from the whole network.",
        remedy="Set networkSecurityGroup. Subnets of Azure gateways and control planes are exempt.",
        reference=_GUIDE + "network-security-groups-overview",
        check=_check_security_group,
    ),
    Rule(
        id="azure-network-subnet-deny-default-outbound",
        types=(NETWORK, SUBNET),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Machines use a shared, changing address and bypass the site's NAT gateway.",
        remedy="Set defaultOutboundAccess: false, and add a NAT gateway.",
        reference=_GUIDE + "ip-services/default-outbound-access",
        check=_check_outbound_access,
    ),
    StackRule(
        id="azure-network-network-require-flowlog",
        types=(NETWORK,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without flow logs, the source of an intrusion and the data it took cannot be determined.",
        remedy="Add an enabled FlowLog whose targetResourceId is the network.",
        reference=_WATCHER + "vnet-flow-logs-overview",
        check=must_have(
            (FLOW_LOG,),
            "targetResourceId",
            "the network has no flow log; got no enabled FlowLog; expected one",
            by="virtualNetworkName",
            holds=lambda props: props.get("enabled") is not False,
        ),
    ),
    StackRule(
        id="azure-network-network-require-ddos-protection",
        types=(NETWORK,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The free protection does not stop floods that are small for Azure but large for the site.",
        remedy="Set enableDdosProtection: true and a plan, or ddosSettings.protectionMode: Enabled on the addresses.",
        reference="https://learn.microsoft.com/en-us/azure/ddos-protection/ddos-protection-overview",
        check=_check_ddos_protection,
    ),
    Rule(
        id="azure-network-flowlog-require-retention",
        types=(FLOW_LOG,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Most intrusions are noticed after weeks, when a short retention has deleted the first logs.",
        remedy=f"Set retentionPolicy.days to at least {_MINIMUM_DAYS}, or to 0 for unlimited.",
        reference=_WATCHER + "vnet-flow-logs-overview",
        check=_check_log_retention,
    ),
    Rule(
        id="azure-network-flowlog-require-analytics",
        types=(FLOW_LOG,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Raw flow log files are too large for manual review.",
        remedy=(
            "Set flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration.enabled: true, and a workspace."
        ),
        reference=_WATCHER + "traffic-analytics",
        check=must_be("flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration.enabled", True),
    ),
    Rule(
        id="azure-network-address-require-standard",
        types=(ADDRESS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A basic address is open by default, has no zone redundancy, and is no longer supported.",
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
        why="Without zones, the data centre whose failure takes the address down is unknown.",
        remedy="Set zones: one for a zonal resource, all for a redundant one.",
        reference=_GUIDE + "ip-services/public-ip-addresses",
        check=must_be_set("zones"),
    ),
    Rule(
        id="azure-network-translation-require-zone",
        types=(TRANSLATION,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="NAT gateways without a zone may all be in one data centre.",
        remedy="Set zones to the zone of the machines that it serves.",
        reference="https://learn.microsoft.com/en-us/azure/nat-gateway/nat-availability-zones",
        check=must_be_set("zones"),
    ),
    Rule(
        id="azure-network-peering-deny-forwarding",
        types=(PEERING,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Any network connected to the peer can reach this network through it.",
        remedy="Set allowForwardedTraffic: false, or remove it.",
        reference=_GUIDE + "virtual-network-peering-overview",
        check=must_not_be("allowForwardedTraffic", True),
    ),
    Rule(
        id="azure-network-interface-deny-public-address",
        types=(INTERFACE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A machine with a public address is reachable past the balancer and the firewall.",
        remedy="Remove ipConfigurations[].publicIPAddress.",
        reference="https://learn.microsoft.com/en-us/azure/security/fundamentals/network-best-practices",
        check=_check_public_address,
    ),
    Rule(
        id="azure-network-interface-deny-forwarding",
        types=(INTERFACE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A machine that forwards traffic connects networks that must stay separate.",
        remedy="Set enableIPForwarding: false, or remove it.",
        reference=_GUIDE + "virtual-network-network-interface",
        check=must_not_be("enableIPForwarding", True),
    ),
    StackRule(
        id="azure-network-endpoint-require-names",
        types=(ENDPOINT,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The service's name still resolves to its public address, so clients bypass the private endpoint.",
        remedy="Add a PrivateDnsZoneGroup with privateDnsZoneConfigs to the endpoint.",
        reference="https://learn.microsoft.com/en-us/azure/private-link/private-endpoint-dns",
        check=must_have(
            (ENDPOINT_NAMES,),
            "privateEndpointName",
            "no DNS zone resolves the endpoint; got no PrivateDnsZoneGroup; expected one",
            by="privateEndpointName",
            holds=lambda props: bool(props.get("privateDnsZoneConfigs")),
        ),
    ),
)
