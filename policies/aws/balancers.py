"""Load balancers: what they speak to the world, what they write down, and what they survive."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.aws.relations import about, must_span_zones
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


def _kind(props: Props) -> str:
    return str(props.get("loadBalancerType") or "application")


def _of_kind(kind: str, check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    def checked(props: Props) -> Iterator[str]:
        if _kind(props) == kind:
            yield from check(props)

    return checked


def _speaks_plainly(props: Props) -> Iterator[str]:
    # Listeners of gateways have neither port nor protocol; without a protocol any other speaks HTTP.
    if "port" not in props or (props.get("protocol") or "HTTP") != "HTTP":
        return
    for at, action in find(props, "defaultActions[*]"):
        sends_on = action is not MISSING and action.get("type") == "redirect"
        if not sends_on or (action.get("redirect") or {}).get("protocol") != "HTTPS":
            yield f"{at}: answers without TLS"


def _takes_old_tls(props: Props) -> Iterator[str]:
    if props.get("protocol") in ("HTTPS", "TLS"):
        yield from must_match("sslPolicy", _TLS, "one that takes TLS 1.2 and later only")(props)


def _has_firewall(balancer: Resource, stack: Stack) -> Iterator[str]:
    if _kind(balancer.props) != "application" or balancer.inputs.get("internal") is True:
        return
    if not about(balancer, stack, (FIREWALL,), "resourceArn", by="arn"):
        yield "internal: is open to the Internet, and no web ACL is associated with it"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-elb-listener-require-tls",
        types=(LISTENER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever sits between reads the calls and changes the answers.",
        remedy="Set protocol: HTTPS, and let the plain listener redirect to it.",
        reference=_APPLICATION + "create-https-listener.html",
        check=_speaks_plainly,
    ),
    Rule(
        id="aws-elb-listener-match-tls-policy",
        types=(LISTENER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default policy takes TLS 1.0, whose protection has been broken.",
        remedy="Set sslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06.",
        reference=_APPLICATION + "describe-ssl-policies.html",
        check=_takes_old_tls,
    ),
    Rule(
        id="aws-elb-balancer-require-clean-headers",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Headers that are not valid smuggle a second request past the balancer.",
        remedy="Set dropInvalidHeaderFields: true.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=_of_kind("application", must_be("dropInvalidHeaderFields", True)),
    ),
    Rule(
        id="aws-elb-balancer-deny-desync",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A balancer that only watches lets ambiguous requests through to the nodes.",
        remedy="Leave desyncMitigationMode at defensive, or set strictest.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=must_not_be("desyncMitigationMode", "monitor"),
    ),
    Rule(
        id="aws-elb-balancer-require-access-logs",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without a log nobody can say who called what while something went wrong.",
        remedy="Set accessLogs.bucket, and accessLogs.enabled: true.",
        reference=_APPLICATION + "load-balancer-access-logs.html",
        check=_of_kind("application", must_be("accessLogs.enabled", True)),
    ),
    Rule(
        id="aws-elb-balancer-require-deletion-protection",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        production_only=True,
        why="One call takes the service's address away for good; elsewhere a stack is meant to be taken down.",
        remedy="Set enableDeletionProtection: true.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=must_be("enableDeletionProtection", True),
    ),
    StackRule(
        id="aws-elb-balancer-require-firewall",
        types=(BALANCER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Nothing limits how often one client calls, and known attacks reach the nodes.",
        remedy="Add a WebAclAssociation, or set internal: true.",
        reference="https://docs.aws.amazon.com/waf/latest/developerguide/web-acl.html",
        check=_has_firewall,
    ),
    Rule(
        id="aws-elb-balancer-deny-open-failure",
        types=(BALANCER,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Whoever overloads the firewall gets past it.",
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
        why="A balancer is open to the Internet unless somebody says no, so a forgotten line publishes a service.",
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
        why="Clients that were sent to a zone without a healthy node get nothing, though other zones have some.",
        remedy="Set enableCrossZoneLoadBalancing: true on network balancers.",
        reference=_NETWORK + "network-load-balancers.html",
        check=_of_kind("network", must_be("enableCrossZoneLoadBalancing", True)),
    ),
    StackRule(
        id="aws-elb-balancer-require-zones",
        types=(BALANCER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="When its one zone fails, the service fails.",
        remedy="Name subnets of at least two zones.",
        reference=_APPLICATION + "application-load-balancers.html",
        check=must_span_zones("subnets", "subnetMappings"),
    ),
    Rule(
        id="aws-elb-targets-require-health-checks",
        types=(TARGETS,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Without checks calls go on to nodes that are dead.",
        remedy="Remove healthCheck.enabled, or set it to true.",
        reference=_APPLICATION + "target-group-health-checks.html",
        check=must_not_be("healthCheck.enabled", False),
    ),
)
