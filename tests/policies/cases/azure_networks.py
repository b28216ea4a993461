"""Cases of ``policies.azure.networks``."""

from __future__ import annotations

from dataclasses import replace

from policies.azure import networks
from policies.azure.networks import RULES
from policies.azure.storage import FLOW_LOG as FLOW_LOG_TYPE
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.azure.fixtures import ADDRESS, ENDPOINT, ENDPOINT_NAMES, FLOW_LOG, NETWORK, SUBNET, TAGS
from tests.policies.contract import REMOVED

_make = tables.of(RULES)
_FLOODS = "azure-network-network-require-ddos-protection"
_PUBLIC = {"name": "public", "publicIPAddress": {"id": "/publicIPAddresses/one"}}
_BALANCER = Declaration(
    type="azure-native:network:LoadBalancer", name="door", props={"frontendIPConfigurations": [_PUBLIC]}
)
_DOOR = (
    replace(_BALANCER, references={"frontendIPConfigurations": ["address"]}),
    Declaration(
        type=networks.ADDRESS, name="address", props={**ADDRESS, "ddosSettings": {"protectionMode": "Enabled"}}
    ),
)
_FLOWS = "azure-network-network-require-flowlog"
_LOG = (Declaration(type=FLOW_LOG_TYPE, name="log", props=FLOW_LOG),)
_NAMES = (Declaration(type=networks.ENDPOINT_NAMES, name="names", props=ENDPOINT_NAMES),)
_TO_VAULT = {**ENDPOINT, "privateLinkServiceConnections": [{"privateLinkServiceId": "/vaults/pouwkeys"}]}
_GUARD = "azure-network-subnet-require-guard"
_OUTBOUND = "azure-network-subnet-deny-default-outbound"
_INTERFACE = {"ipConfigurations": [{"name": "one"}], "enableIPForwarding": False, "tags": TAGS}
_ANALYTICS = "flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration.enabled"

CASES = [
    _make(_GUARD, NETWORK, "subnets[0].networkSecurityGroup", REMOVED),
    _make(_GUARD, SUBNET, "networkSecurityGroup", REMOVED, type=networks.SUBNET),
    _make(_OUTBOUND, NETWORK, "subnets[0].defaultOutboundAccess", True),
    _make(_OUTBOUND, SUBNET, "defaultOutboundAccess", True, type=networks.SUBNET),
    _make(_FLOWS, NETWORK, "enabled", False, absent_path="targetResourceId", related=_LOG, broken_related="log"),
    _make(_FLOWS, NETWORK, "targetResourceId", "/virtualNetworks/other", related=_LOG, broken_related="log"),
    _make(_FLOODS, NETWORK, "enableDdosProtection", False, related=(_BALANCER,)),
    _make(_FLOODS, {"tags": TAGS}, "ddosSettings.protectionMode", "VirtualNetworkInherited", related=_DOOR,
          broken_related="address"),
    _make("azure-network-flowlog-require-retention", FLOW_LOG, "retentionPolicy.days", 7),
    _make("azure-network-flowlog-require-analytics", FLOW_LOG, _ANALYTICS, False),
    _make("azure-network-address-require-standard", ADDRESS, "sku.name", "Basic"),
    _make("azure-network-address-require-zones", ADDRESS, "zones", []),
    _make("azure-network-translation-require-zone", {"zones": ["1"], "tags": TAGS}, "zones", []),
    _make("azure-network-peering-deny-forwarding", {"allowForwardedTraffic": False}, "allowForwardedTraffic", True),
    _make("azure-network-interface-deny-public-address", _INTERFACE, "ipConfigurations[0].publicIPAddress",
          {"id": "address"}, absent_path="ipConfigurations"),
    _make("azure-network-interface-deny-forwarding", _INTERFACE, "enableIPForwarding", True),
    _make("azure-network-endpoint-require-names", _TO_VAULT, "privateEndpointName", "other", related=_NAMES,
          broken_related="names"),
]  # fmt: skip
