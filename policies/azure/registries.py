"""Rules about container registries."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.network_access import open_exceptions
from policies.azure.references import referrers
from policies.azure.vaults import REGISTRY
from policies.checks import must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ENDPOINT = "azure-native:network:PrivateEndpoint"

_GUIDE = "https://learn.microsoft.com/en-us/azure/container-registry/"
_SERVICE = "privateLinkServiceConnections[*].privateLinkServiceId"


def _check_network(props: Props) -> Iterator[str]:
    if props.get("publicNetworkAccess") == "Disabled":
        return
    if (props.get("networkRuleSet") or {}).get("defaultAction") != "Deny":
        yield "networkRuleSet.defaultAction: every network may connect; got another action than Deny; expected Deny"
    yield from open_exceptions(props, "networkRuleSet.ipRules[*].iPAddressOrRange")


def _check_private_endpoint(registry: Resource, stack: Stack) -> Iterator[str]:
    if registry.props.get("publicNetworkAccess") == "Disabled":
        top = "privateLinkServiceConnections"
        if not stack.referrers(registry, (ENDPOINT,), top) and not referrers(
            registry, stack, (ENDPOINT,), _SERVICE, by="registryName"
        ):
            yield "registryName: a private registry is unreachable; got no PrivateEndpoint; expected one"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-acr-registry-deny-admin",
        types=(REGISTRY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="All users of the administrator account share one password that may push images.",
        remedy="Set adminUserEnabled: false, or remove it.",
        reference=_GUIDE + "container-registry-authentication",
        check=must_not_be("adminUserEnabled", True),
    ),
    Rule(
        id="azure-acr-registry-deny-anonymous",
        types=(REGISTRY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Anyone can read the images and any secrets left in them.",
        remedy="Set anonymousPullEnabled: false, or remove it.",
        reference=_GUIDE + "anonymous-pull-access",
        check=must_not_be("anonymousPullEnabled", True),
    ),
    Rule(
        id="azure-acr-registry-deny-open-network",
        types=(REGISTRY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A leaked token can pull and push images from anywhere.",
        remedy="Set publicNetworkAccess: Disabled, or networkRuleSet.defaultAction: Deny.",
        reference=_GUIDE + "container-registry-access-selected-networks",
        check=_check_network,
    ),
    StackRule(
        id="azure-acr-registry-require-endpoint",
        types=(REGISTRY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="New machines cannot pull images, which is first noticed when one is created.",
        remedy="Add a PrivateEndpoint whose privateLinkServiceConnections name the registry.",
        reference=_GUIDE + "container-registry-private-endpoints",
        check=_check_private_endpoint,
    ),
    Rule(
        id="azure-acr-registry-require-own-key",
        types=(REGISTRY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Access to images under a Microsoft-managed key cannot be revoked.",
        remedy="Set encryption.status: enabled, with a key and an identity that may use it.",
        reference=_GUIDE + "tutorial-enable-customer-managed-keys",
        check=must_be("encryption.status", "enabled"),
    ),
    Rule(
        id="azure-acr-registry-require-zones",
        types=(REGISTRY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="After a failure of the registry's data centre, no machine can be replaced.",
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
        why="Untagged images keep costing money and keep their vulnerabilities.",
        remedy="Set policies.retentionPolicy.status: enabled.",
        reference=_GUIDE + "container-registry-retention-policy",
        check=must_be("policies.retentionPolicy.status", "enabled"),
    ),
    Rule(
        id="azure-acr-registry-require-premium",
        types=(REGISTRY,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="Only the Premium tier supports network rules, private endpoints, customer-managed keys and zones.",
        remedy="Set sku.name: Premium.",
        reference=_GUIDE + "container-registry-skus",
        check=must_be("sku.name", "Premium"),
    ),
)
