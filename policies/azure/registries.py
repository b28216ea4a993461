"""Registries of images."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.openings import admitted
from policies.azure.relations import about
from policies.azure.vaults import REGISTRY
from policies.checks import must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ENDPOINT = "azure-native:network:PrivateEndpoint"

_GUIDE = "https://learn.microsoft.com/en-us/azure/container-registry/"
_SERVICE = "privateLinkServiceConnections[*].privateLinkServiceId"


def _is_open(props: Props) -> Iterator[str]:
    if props.get("publicNetworkAccess") == "Disabled":
        return
    if (props.get("networkRuleSet") or {}).get("defaultAction") != "Deny":
        yield "networkRuleSet.defaultAction: is not Deny, and every network may connect"
    yield from admitted(props, "networkRuleSet.ipRules[*].iPAddressOrRange")


def _is_out_of_reach(registry: Resource, stack: Stack) -> Iterator[str]:
    if registry.props.get("publicNetworkAccess") == "Disabled":
        top = "privateLinkServiceConnections"
        if not stack.pointing_at(registry, (ENDPOINT,), top) and not about(
            registry, stack, (ENDPOINT,), _SERVICE, by="registryName"
        ):
            yield "registryName: no private endpoint leads to it, and nobody can pull"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-acr-registry-deny-admin",
        types=(REGISTRY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="The administrator is one password for everybody, which may push.",
        remedy="Set adminUserEnabled: false, or leave it out.",
        reference=_GUIDE + "container-registry-authentication",
        check=must_not_be("adminUserEnabled", True),
    ),
    Rule(
        id="azure-acr-registry-deny-anonymous",
        types=(REGISTRY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Everybody reads the images, and what was left in them.",
        remedy="Set anonymousPullEnabled: false, or leave it out.",
        reference=_GUIDE + "anonymous-pull-access",
        check=must_not_be("anonymousPullEnabled", True),
    ),
    Rule(
        id="azure-acr-registry-deny-open-network",
        types=(REGISTRY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever gets hold of a token pulls and pushes from anywhere.",
        remedy="Set publicNetworkAccess: Disabled, or networkRuleSet.defaultAction: Deny.",
        reference=_GUIDE + "container-registry-access-selected-networks",
        check=_is_open,
    ),
    StackRule(
        id="azure-acr-registry-require-endpoint",
        types=(REGISTRY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Machines that are made anew find no image, and nobody notices before one is.",
        remedy="Add a PrivateEndpoint whose connection names the registry.",
        reference=_GUIDE + "container-registry-private-endpoints",
        check=_is_out_of_reach,
    ),
    Rule(
        id="azure-acr-registry-require-own-key",
        types=(REGISTRY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Microsoft's key cannot be taken away from whoever may read the registry.",
        remedy="Set encryption.status: enabled, with a key and an identity that may use it.",
        reference=_GUIDE + "tutorial-enable-customer-managed-keys",
        check=must_be("encryption.status", "enabled"),
    ),
    Rule(
        id="azure-acr-registry-require-zones",
        types=(REGISTRY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="With the registry's building gone, no machine can be replaced.",
        remedy="Set zoneRedundancy: Enabled.",
        reference=_GUIDE + "zone-redundancy",
        check=must_be("zoneRedundancy", "Enabled"),
    ),
    Rule(
        id="azure-acr-registry-require-retention",
        types=(REGISTRY,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="What has no tag any more is kept and paid for, with its holes.",
        remedy="Set policies.retentionPolicy.status: enabled.",
        reference=_GUIDE + "container-registry-retention-policy",
        check=must_be("policies.retentionPolicy.status", "enabled"),
    ),
    Rule(
        id="azure-acr-registry-require-premium",
        types=(REGISTRY,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="Only the premium kind has a firewall, private endpoints, an own key and zones.",
        remedy="Set sku.name: Premium.",
        reference=_GUIDE + "container-registry-skus",
        check=must_be("sku.name", "Premium"),
    ),
)
