"""Rules about AWS load balancers: TLS, logging, health checks and availability."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.aws.references import must_span_zones, referrers
from policies.checks import MISSING, find, must_be, must_match, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
TARGETS = "aws:lb/targetGroup:TargetGroup"
FIREWALL = "aws:wafv2/webAclAssociation:WebAclAssociation"

_APPLICATION = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
_NETWORK = "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/"
_TLS = r"ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)-.+"


def _type_of(props: Props) -> str:
    return str(props.get("loadBalancerType") or "application")


def _for_type(balancer_type: str, check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    def check_applicable(props: Props) -> Iterator[str]:
        if _type_of(props) == balancer_type:
            yield from check(props)

    return check_applicable


def _check_tls(props: Props) -> Iterator[str]:
    # Gateway listeners have neither port nor protocol. Any other listener without a protocol serves HTTP.
    if "port" not in props or (props.get("protocol") or "HTTP") != "HTTP":
        return
    for path, action in find(props, "defaultActions[*]"):
        redirects = action is not MISSING and action.get("type") == "redirect"
        if not redirects or (action.get("redirect") or {}).get("protocol") != "HTTPS":
            yield (
                f"{path}: the listener serves requests without TLS; got protocol HTTP; expected HTTPS, or a redirect "
                "to HTTPS"
            )


def _check_tls_policy(props: Props) -> Iterator[str]:
    if props.get("protocol") in ("HTTPS", "TLS"):
        yield from must_match("sslPolicy", _TLS, "a policy that accepts only TLS 1.2 or later")(props)


def _check_web_acl(balancer: Resource, stack: Stack) -> Iterator[str]:
    if _type_of(balancer.props) != "application" or balancer.inputs.get("internal") is True:
        return
    if not referrers(balancer, stack, (FIREWALL,), "resourceArn", by="arn"):
        yield "internal: a public balancer has no web ACL; got no WebAclAssociation; expected one, or internal: true"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-elb-listener-require-tls",
        types=(LISTENER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without TLS, anyone on the network path can read requests and change responses.",
        remedy="Set protocol: HTTPS, and redirect the HTTP listener to it.",
        reference=_APPLICATION + "create-https-listener.html",
        check=_check_tls,
    ),
    Rule(
        id="aws-elb-listener-match-tls-policy",
        types=(LISTENER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default policy accepts TLS 1.0, which has known attacks.",
        remedy="Set sslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06.",
        reference=_APPLICATION + "describe-ssl-policies.html",
        check=_check_tls_policy,
    ),
    Rule(
        id="aws-elb-balancer-require-clean-headers",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Invalid headers can smuggle a second request past the balancer.",
        remedy="Set dropInvalidHeaderFields: true.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=_for_type("application", must_be("dropInvalidHeaderFields", True)),
    ),
    Rule(
        id="aws-elb-balancer-deny-desync",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="In monitor mode the balancer forwards ambiguous requests to the nodes.",
        remedy="Set desyncMitigationMode: defensive or strictest.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=must_not_be("desyncMitigationMode", "monitor"),
    ),
    Rule(
        id="aws-elb-balancer-require-access-logs",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without access logs, the clients and requests of an incident cannot be identified.",
        remedy="Set accessLogs.bucket, and accessLogs.enabled: true.",
        reference=_APPLICATION + "load-balancer-access-logs.html",
        check=_for_type("application", must_be("accessLogs.enabled", True)),
    ),
    Rule(
        id="aws-elb-balancer-require-deletion-protection",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        production_only=True,
        why=(
            "One API call can delete the service's address permanently. Stacks outside production are meant to be "
            "deleted."
        ),
        remedy="Set enableDeletionProtection: true.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=must_be("enableDeletionProtection", True),
    ),
    StackRule(
        id="aws-elb-balancer-require-firewall",
        types=(BALANCER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a web ACL, request rates are unlimited and known attacks reach the nodes.",
        remedy="Add a WebAclAssociation, or set internal: true.",
        reference="https://docs.aws.amazon.com/waf/latest/developerguide/web-acl.html",
        check=_check_web_acl,
    ),
    Rule(
        id="aws-elb-balancer-deny-open-failure",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="An attacker who overloads the firewall bypasses it.",
        remedy="Remove enableWafFailOpen.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=must_not_be("enableWafFailOpen", True),
    ),
    Rule(
        id="aws-elb-balancer-require-stated-exposure",
        types=(BALANCER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A balancer is public by default, so a forgotten setting publishes a service.",
        remedy="Set internal to true or false.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=must_be("internal", True, False),
    ),
    Rule(
        id="aws-elb-balancer-require-cross-zone",
        types=(BALANCER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Clients routed to a zone without a healthy node fail, although other zones have healthy nodes.",
        remedy="Set enableCrossZoneLoadBalancing: true on network balancers.",
        reference=_NETWORK + "network-load-balancers.html",
        check=_for_type("network", must_be("enableCrossZoneLoadBalancing", True)),
    ),
    StackRule(
        id="aws-elb-balancer-require-zones",
        types=(BALANCER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A failure of its only zone stops the service.",
        remedy="Set subnets to subnets of at least two zones.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=must_span_zones("subnets", "subnetMappings"),
    ),
    Rule(
        id="aws-elb-targets-require-health-checks",
        types=(TARGETS,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Without health checks, the balancer routes requests to failed nodes.",
        remedy="Remove healthCheck.enabled, or set it to true.",
        reference=_APPLICATION + "target-group-health-checks.html",
        check=must_not_be("healthCheck.enabled", False),
    ),
)
