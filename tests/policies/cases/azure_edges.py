"""Cases of ``policies.azure.edges``."""

from __future__ import annotations

from policies.azure import edges
from policies.azure.edges import RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.azure.fixtures import DOMAIN, EDGE, FIREWALL, GATEWAY, ROUTE, SECURITY, TAGS
from tests.policies.contract import REMOVED

_make = tables.of(RULES)
_POLICY = "azure-firewall-policy-"
_NAME = "azure-frontdoor-name-require-firewall"
_DOMAINS = "parameters.associations[0].domains"
_FIREWALL = (Declaration(type=edges.SECURITY, name="use", props=SECURITY),)
_FOR_GATEWAY = {"policySettings": {"mode": "Prevention", "requestBodyCheck": True}, "tags": TAGS}

CASES = [
    _make("azure-gateway-listener-require-firewall", GATEWAY, "firewallPolicy", REMOVED),
    _make("azure-gateway-listener-require-firewall", GATEWAY, "sku.tier", "Standard_v2"),
    _make("azure-gateway-listener-require-tls", GATEWAY, "httpListeners[0].protocol", "Http"),
    _make("azure-gateway-gateway-require-tls12", GATEWAY, "sslPolicy.policyName", "AppGwSslPolicy20150501"),
    _make("azure-gateway-gateway-require-zones", GATEWAY, "zones", []),
    _make(_POLICY + "require-prevention", FIREWALL, "policySettings.mode", "Detection"),
    _make(_POLICY + "require-prevention", _FOR_GATEWAY, "policySettings.mode", "Detection",
          type=edges.GATEWAY_FIREWALL),
    _make(_POLICY + "deny-disabled", FIREWALL, "policySettings.enabledState", "Disabled"),
    _make(_POLICY + "require-body-check", FIREWALL, "policySettings.requestBodyCheck", "Disabled"),
    _make(_POLICY + "require-body-check", _FOR_GATEWAY, "policySettings.requestBodyCheck", False,
          type=edges.GATEWAY_FIREWALL),
    _make(_POLICY + "require-managed-rules", FIREWALL, "managedRules.managedRuleSets[0].ruleSetType",
          "Microsoft_BotManagerRuleSet", absent_path="managedRules"),
    _make(_NAME, EDGE, f"{_DOMAINS}[0].id", "/afdEndpoints/other", related=_FIREWALL, broken_related="use"),
    _make(_NAME, DOMAIN, f"{_DOMAINS}[1].id", "/customDomains/other", related=_FIREWALL, broken_related="use",
          type=edges.DOMAIN),
    _make("azure-frontdoor-domain-require-tls12", DOMAIN, "tlsSettings.minimumTlsVersion", "TLS10"),
    _make("azure-frontdoor-route-deny-plain", ROUTE, "supportedProtocols[0]", "Http", absent_path="supportedProtocols"),
    _make("azure-firewall-network-match-threats", {"threatIntelMode": "Deny", "tags": TAGS}, "threatIntelMode", "Off"),
]  # fmt: skip
