"""The edge: gateways, Front Door, and the firewalls in front of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.azure.relations import must_have
from policies.checks import MISSING, find, may_be, must_be, must_be_set
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
    """Listeners on a frontend that has a public address."""
    public = {
        one["name"]
        for _, one in find(props, "frontendIPConfigurations[*]")
        if one is not MISSING and one.get("publicIPAddress")
    }
    for at, listener in find(props, "httpListeners[*]"):
        if listener is not MISSING and str(listener["frontendIPConfiguration"]["id"]).split("/")[-1] in public:
            yield at, listener


def _has_no_firewall(props: Props) -> Iterator[str]:
    for at, _ in public_listeners(props):
        if not props.get("firewallPolicy") or (props.get("sku") or {}).get("tier") != "WAF_v2":
            yield f"{at}: everybody reaches it, and no firewall looks at what comes"


def _is_plain(props: Props) -> Iterator[str]:
    redirecting = {
        str(one["httpListener"]["id"]).split("/")[-1]
        for _, one in find(props, "requestRoutingRules[*]")
        if one is not MISSING and one.get("redirectConfiguration")
    }
    for at, listener in public_listeners(props):
        if listener.get("protocol") != "Https" and listener["name"] not in redirecting:
            yield f"{at}.protocol: everybody reaches it, and without TLS"


def _speaks_old_tls(props: Props) -> Iterator[str]:
    if not any(name == "Https" for _, name in find(props, "httpListeners[*].protocol")):
        return
    policy = props.get("sslPolicy") or {}
    if policy.get("policyName") not in _STRONG and policy.get("minProtocolVersion") not in ("TLSv1_2", "TLSv1_3"):
        yield "sslPolicy: neither names a policy of TLS 1.2, nor sets minProtocolVersion"


def _lacks_managed_rules(props: Props) -> Iterator[str]:
    kinds = [str(kind) for _, kind in find(props, "managedRules.managedRuleSets[*].ruleSetType") if kind is not MISSING]
    if not any("DefaultRuleSet" in kind or kind == "OWASP" for kind in kinds):
        yield "managedRules.managedRuleSets: none is of the known attacks"


def _takes_plain(props: Props) -> Iterator[str]:
    if not props.get("supportedProtocols"):
        yield "supportedProtocols: is missing, and must be Https"
    elif "Http" in props["supportedProtocols"] and props.get("httpsRedirect") != "Enabled":
        yield "supportedProtocols: holds Http, and nothing redirects it"


def _is_exposed(name: Resource, stack: Stack) -> Iterator[str]:
    yield from must_have(
        (SECURITY,),
        "parameters.associations[*].domains[*].id",
        "no firewall is in front of it",
        by="endpointName" if name.type == EDGE else "customDomainName",
        holds=lambda one: one["parameters"].get("type") == "WebApplicationFirewall",
    )(name, stack)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-gateway-listener-require-firewall",
        types=(GATEWAY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Known attacks on web services reach the cluster as they come.",
        remedy="Use the WAF_v2 tier and set firewallPolicy; what listens on private addresses alone is exempt.",
        reference=_FIREWALLS + "ag/ag-overview",
        check=_has_no_firewall,
    ),
    Rule(
        id="azure-gateway-listener-require-tls",
        types=(GATEWAY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anybody on the way reads and changes what is said.",
        remedy="Set the protocol of public listeners to Https, or have their rule redirect.",
        reference=_GATEWAYS + "ssl-overview",
        check=_is_plain,
    ),
    Rule(
        id="azure-gateway-gateway-require-tls12",
        types=(GATEWAY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The gateway's oldest policy still speaks TLS 1.0, whose weaknesses are known.",
        remedy="Set sslPolicy.policyName: AppGwSslPolicy20220101S.",
        reference=_GATEWAYS + "application-gateway-ssl-policy-overview",
        check=_speaks_old_tls,
    ),
    Rule(
        id="azure-gateway-gateway-require-zones",
        types=(GATEWAY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The way in is lost with one building.",
        remedy="Set zones.",
        reference=_GATEWAYS + "application-gateway-autoscaling-zone-redundant",
        check=must_be_set("zones"),
    ),
    Rule(
        id="azure-firewall-policy-require-prevention",
        types=(FIREWALL, GATEWAY_FIREWALL),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="In detection the firewall writes down the attack, and lets it through.",
        remedy="Set policySettings.mode: Prevention.",
        reference=_FIREWALLS + "afds/waf-front-door-policy-settings",
        check=must_be("policySettings.mode", "Prevention"),
    ),
    Rule(
        id="azure-firewall-policy-deny-disabled",
        types=(FIREWALL,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A policy that is off lets everything through, and still shows in every list.",
        remedy="Set policySettings.enabledState: Enabled, or leave it out.",
        reference=_FIREWALLS + "afds/waf-front-door-policy-settings",
        check=may_be("policySettings.enabledState", "Enabled"),
    ),
    Rule(
        id="azure-firewall-policy-require-body-check",
        types=(FIREWALL, GATEWAY_FIREWALL),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Attacks come in the body, which is then not looked at.",
        remedy="Set policySettings.requestBodyCheck: Enabled, true for a gateway.",
        reference=_FIREWALLS + "ag/application-gateway-waf-request-size-limits",
        check=must_be("policySettings.requestBodyCheck", "Enabled", True),
    ),
    Rule(
        id="azure-firewall-policy-require-managed-rules",
        types=(FIREWALL, GATEWAY_FIREWALL),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Rules of one's own know the attacks of the day that they were written.",
        remedy="Add Microsoft_DefaultRuleSet to managedRules.managedRuleSets.",
        reference=_FIREWALLS + "afds/waf-front-door-drs",
        check=_lacks_managed_rules,
    ),
    StackRule(
        id="azure-frontdoor-name-require-firewall",
        types=(EDGE, DOMAIN),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="One name without the firewall is the way past it for all of them.",
        remedy="Name it in the associations of a SecurityPolicy.",
        reference=_FIREWALLS + "afds/afds-overview",
        check=_is_exposed,
    ),
    Rule(
        id="azure-frontdoor-domain-require-tls12",
        types=(DOMAIN,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 has weaknesses that are known.",
        remedy="Set tlsSettings.minimumTlsVersion: TLS12.",
        reference=_FRONT_DOOR + "standard-premium/tls-policy",
        check=must_be("tlsSettings.minimumTlsVersion", "TLS12", "TLS13"),
    ),
    Rule(
        id="azure-frontdoor-route-deny-plain",
        types=(ROUTE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anybody on the way reads and changes what is said.",
        remedy="Set supportedProtocols: [Https], or httpsRedirect: Enabled beside Http.",
        reference=_FRONT_DOOR + "front-door-route-matching",
        check=_takes_plain,
    ),
    Rule(
        id="azure-firewall-network-match-threats",
        types=(NETWORK_FIREWALL,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Machines speak to addresses that are known to be an intruder's.",
        remedy="Set threatIntelMode: Deny, or leave it to the firewall's policy.",
        reference="https://learn.microsoft.com/en-us/azure/firewall/threat-intel",
        check=may_be("threatIntelMode", "Deny"),
    ),
)
