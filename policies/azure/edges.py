"""Rules about the edge: application gateways, Front Door and their web firewalls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.azure.references import must_have
from policies.checks import MISSING, find, format_value, may_be, must_be, must_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

GATEWAY = "azure-native:network:ApplicationGateway"
GATEWAY_FIREWALL = "azure-native:network:WebApplicationFirewallPolicy"
FIREWALL = "azure-native:frontdoor:Policy"
DOMAIN = "azure-native:cdn:AFDCustomDomain"
EDGE = "azure-native:cdn:AFDEndpoint"
ROUTE = "azure-native:cdn:Route"
SECURITY = "azure-native:cdn:SecurityPolicy"
NETWORK_FIREWALL = "azure-native:network:AzureFirewall"

_GATEWAYS = "https://learn.microsoft.com/en-us/azure/application-gateway/"
_FIREWALLS = "https://learn.microsoft.com/en-us/azure/web-application-firewall/"
_FRONT_DOOR = "https://learn.microsoft.com/en-us/azure/frontdoor/"
_STRONG = ("AppGwSslPolicy20170401S", "AppGwSslPolicy20220101", "AppGwSslPolicy20220101S")


def public_listeners(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the listeners on a frontend with a public address."""
    public = {
        entry["name"]
        for _, entry in find(props, "frontendIPConfigurations[*]")
        if entry is not MISSING and entry.get("publicIPAddress")
    }
    for path, listener in find(props, "httpListeners[*]"):
        if listener is not MISSING and str(listener["frontendIPConfiguration"]["id"]).split("/")[-1] in public:
            yield path, listener


def _check_web_firewall(props: Props) -> Iterator[str]:
    for path, _ in public_listeners(props):
        if not props.get("firewallPolicy") or (props.get("sku") or {}).get("tier") != "WAF_v2":
            yield f"{path}: a public listener has no web firewall; got no firewallPolicy in tier WAF_v2; expected both"


def _check_listener_tls(props: Props) -> Iterator[str]:
    redirecting = {
        str(entry["httpListener"]["id"]).split("/")[-1]
        for _, entry in find(props, "requestRoutingRules[*]")
        if entry is not MISSING and entry.get("redirectConfiguration")
    }
    for path, listener in public_listeners(props):
        if listener.get("protocol") != "Https" and listener["name"] not in redirecting:
            yield (
                f"{path}.protocol: a public listener accepts plain HTTP; got {format_value(listener.get('protocol'))}; "
                "expected Https"
            )


def _check_tls_policy(props: Props) -> Iterator[str]:
    if not any(name == "Https" for _, name in find(props, "httpListeners[*].protocol")):
        return
    policy = props.get("sslPolicy") or {}
    if policy.get("policyName") not in _STRONG and policy.get("minProtocolVersion") not in ("TLSv1_2", "TLSv1_3"):
        yield (
            f"sslPolicy: old TLS versions are accepted; got {format_value(policy.get('policyName'))}; expected a "
            "policy or minProtocolVersion of TLS 1.2"
        )


def _check_managed_rules(props: Props) -> Iterator[str]:
    kinds = [str(kind) for _, kind in find(props, "managedRules.managedRuleSets[*].ruleSetType") if kind is not MISSING]
    if not any("DefaultRuleSet" in kind or kind == "OWASP" for kind in kinds):
        yield (
            f"managedRules.managedRuleSets: known attacks are not blocked; got {format_value(kinds)}; expected "
            "Microsoft_DefaultRuleSet"
        )


def _check_route_protocols(props: Props) -> Iterator[str]:
    if not props.get("supportedProtocols"):
        yield "supportedProtocols: is missing; got nothing; expected Https"
    elif "Http" in props["supportedProtocols"] and props.get("httpsRedirect") != "Enabled":
        yield "supportedProtocols: plain HTTP is accepted; got Http without a redirect; expected Https"


def _check_frontdoor_firewall(endpoint: Resource, stack: Stack) -> Iterator[str]:
    yield from must_have(
        (SECURITY,),
        "parameters.associations[*].domains[*].id",
        "no web firewall protects the name; got no SecurityPolicy of type WebApplicationFirewall; expected one",
        by="endpointName" if endpoint.type == EDGE else "customDomainName",
        holds=lambda props: props["parameters"].get("type") == "WebApplicationFirewall",
    )(endpoint, stack)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-gateway-listener-require-firewall",
        types=(GATEWAY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Known attacks on web services reach the cluster without a filter.",
        remedy="Set sku.tier: WAF_v2, and firewallPolicy. Listeners on private addresses are exempt.",
        reference=_FIREWALLS + "ag/ag-overview",
        check=_check_web_firewall,
    ),
    Rule(
        id="azure-gateway-listener-require-tls",
        types=(GATEWAY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without TLS, anyone on the network path can read and change the traffic.",
        remedy="Set protocol: Https on public listeners, or redirect them.",
        reference=_GATEWAYS + "ssl-overview",
        check=_check_listener_tls,
    ),
    Rule(
        id="azure-gateway-gateway-require-tls12",
        types=(GATEWAY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The gateway's oldest policy accepts TLS 1.0, which has known attacks.",
        remedy="Set sslPolicy.policyName: AppGwSslPolicy20220101S.",
        reference=_GATEWAYS + "application-gateway-ssl-policy-overview",
        check=_check_tls_policy,
    ),
    Rule(
        id="azure-gateway-gateway-require-zones",
        types=(GATEWAY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The failure of one data centre makes the entry unavailable.",
        remedy="Set zones.",
        reference=_GATEWAYS + "application-gateway-autoscaling-zone-redundant",
        check=must_be_set("zones"),
    ),
    Rule(
        id="azure-firewall-policy-require-prevention",
        types=(FIREWALL, GATEWAY_FIREWALL),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="In detection mode the firewall logs attacks and lets them pass.",
        remedy="Set policySettings.mode: Prevention.",
        reference=_FIREWALLS + "afds/waf-front-door-policy-settings",
        check=must_be("policySettings.mode", "Prevention"),
    ),
    Rule(
        id="azure-firewall-policy-deny-disabled",
        types=(FIREWALL,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A disabled policy blocks nothing, but still appears in every list.",
        remedy="Set policySettings.enabledState: Enabled, or remove it.",
        reference=_FIREWALLS + "afds/waf-front-door-policy-settings",
        check=may_be("policySettings.enabledState", "Enabled"),
    ),
    Rule(
        id="azure-firewall-policy-require-body-check",
        types=(FIREWALL, GATEWAY_FIREWALL),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Attacks in the request body are not inspected.",
        remedy="Set policySettings.requestBodyCheck: Enabled; for a gateway, true.",
        reference=_FIREWALLS + "ag/application-gateway-waf-request-size-limits",
        check=must_be("policySettings.requestBodyCheck", "Enabled", True),
    ),
    Rule(
        id="azure-firewall-policy-require-managed-rules",
        types=(FIREWALL, GATEWAY_FIREWALL),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Custom rules do not detect attacks that were published after they were written.",
        remedy="Add Microsoft_DefaultRuleSet to managedRules.managedRuleSets.",
        reference=_FIREWALLS + "afds/waf-front-door-drs",
        check=_check_managed_rules,
    ),
    StackRule(
        id="azure-frontdoor-name-require-firewall",
        types=(EDGE, DOMAIN),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="One host name without the firewall lets attackers bypass it for all of them.",
        remedy="Add the name to parameters.associations of a SecurityPolicy.",
        reference=_FIREWALLS + "afds/afds-overview",
        check=_check_frontdoor_firewall,
    ),
    Rule(
        id="azure-frontdoor-domain-require-tls12",
        types=(DOMAIN,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 has known attacks.",
        remedy="Set tlsSettings.minimumTlsVersion: TLS12.",
        reference=_FRONT_DOOR + "standard-premium/tls-policy",
        check=must_be("tlsSettings.minimumTlsVersion", "TLS12", "TLS13"),
    ),
    Rule(
        id="azure-frontdoor-route-deny-plain",
        types=(ROUTE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without TLS, anyone on the network path can read and change the traffic.",
        remedy="Set supportedProtocols: [Https], or httpsRedirect: Enabled with Http.",
        reference=_FRONT_DOOR + "front-door-route-matching",
        check=_check_route_protocols,
    ),
    Rule(
        id="azure-firewall-network-match-threats",
        types=(NETWORK_FIREWALL,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Without threat intelligence, machines can connect to addresses of known attackers.",
        remedy="Set threatIntelMode: Deny, or remove it and use the firewall policy.",
        reference="https://learn.microsoft.com/en-us/azure/firewall/threat-intel",
        check=may_be("threatIntelMode", "Deny"),
    ),
)
