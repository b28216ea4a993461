"""Load balancers on Google Cloud: what they speak to the world, and who looks at what comes in."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import must_be, must_not_be, must_not_be_set
from policies.gcp.relations import about, must_name
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

BACKENDS = (
    "gcp:compute/backendService:BackendService",
    "gcp:compute/regionBackendService:RegionBackendService",
)
TLS_POLICIES = ("gcp:compute/sSLPolicy:SSLPolicy", "gcp:compute/regionSslPolicy:RegionSslPolicy")
TLS_PROXIES = (
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy",
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy",
    "gcp:compute/targetSSLProxy:TargetSSLProxy",
)
PLAIN_PROXIES = (
    "gcp:compute/targetHttpProxy:TargetHttpProxy",
    "gcp:compute/regionTargetHttpProxy:RegionTargetHttpProxy",
)
GUARDS = (
    "gcp:compute/securityPolicy:SecurityPolicy",
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy",
)
HEALTH_CHECKS = (
    "gcp:compute/healthCheck:HealthCheck",
    "gcp:compute/regionHealthCheck:RegionHealthCheck",
)
ROUTES = ("gcp:compute/uRLMap:URLMap", "gcp:compute/regionUrlMap:RegionUrlMap")
CERTIFICATE = "gcp:certificatemanager/certificate:Certificate"

_GUIDE = "https://cloud.google.com/load-balancing/docs/"
_OUTSIDE = ("EXTERNAL", "EXTERNAL_MANAGED")
_MEDIA = ("HTTP", "HTTPS", "HTTP2", "H2C", "GRPC")


def _serves_web(props: Props) -> bool:
    """Whether it is behind a balancer that clients reach and that understands HTTP."""
    scheme = props.get("loadBalancingScheme") or "EXTERNAL"
    return scheme in _OUTSIDE and (props.get("protocol") or "HTTP") in _MEDIA


def _has_guard(backend: Resource, stack: Stack) -> Iterator[str]:
    if _serves_web(backend.inputs):
        yield from must_name("securityPolicy", GUARDS, "is missing, so everything comes through")(backend, stack)


def _logs_nothing(props: Props) -> Iterator[str]:
    if _serves_web(props):
        yield from must_be("logConfig.enable", True)(props)


def _speaks_old_tls(props: Props) -> Iterator[str]:
    yield from must_be("minTlsVersion", "TLS_1_2", "TLS_1_3")(props)
    yield from must_be("profile", "MODERN", "RESTRICTED", "FIPS_202205")(props)


def _speaks_plainly(proxy: Resource, stack: Stack) -> Iterator[str]:
    routes = [one for one in stack.of(*ROUTES) if proxy in about(one, stack, PLAIN_PROXIES, "urlMap")]
    if not routes or not all(_only_redirects(one.inputs) for one in routes):
        yield "urlMap: answers without TLS"


def _only_redirects(routes: Props) -> bool:
    redirect = routes.get("defaultUrlRedirect") or {}
    return redirect.get("httpsRedirect") is True and not routes.get("pathMatchers")


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="gcp-balancers-backend-require-guard",
        types=BACKENDS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Nothing limits how often one client calls, and known attacks reach the nodes.",
        remedy="Name a Cloud Armor policy in securityPolicy.",
        reference="https://cloud.google.com/armor/docs/security-policy-overview",
        check=_has_guard,
    ),
    Rule(
        id="gcp-balancers-backend-require-logs",
        types=BACKENDS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a log nobody can say who called what while something went wrong.",
        remedy="Set logConfig.enable: true.",
        reference=_GUIDE + "https/https-logging-monitoring",
        check=_logs_nothing,
    ),
    Rule(
        id="gcp-balancers-tlspolicy-match-tls",
        types=TLS_POLICIES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 and the ciphers of its time have been broken.",
        remedy="Set minTlsVersion: TLS_1_2 and profile: RESTRICTED or MODERN.",
        reference=_GUIDE + "ssl-policies-concepts",
        check=_speaks_old_tls,
    ),
    StackRule(
        id="gcp-balancers-proxy-require-tls-policy",
        types=TLS_PROXIES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Google's default policy takes TLS 1.0 and every cipher.",
        remedy="Name an SSLPolicy in sslPolicy.",
        reference=_GUIDE + "use-ssl-policies",
        check=must_name("sslPolicy", TLS_POLICIES, "is missing, so TLS 1.0 and weak ciphers are taken"),
    ),
    Rule(
        id="gcp-balancers-proxy-deny-early-data",
        types=TLS_PROXIES[:2],
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="What comes with the first packet can be sent again by whoever saw it: a transaction, too.",
        remedy="Remove tlsEarlyData, or set DISABLED.",
        reference=_GUIDE + "https",
        check=must_not_be("tlsEarlyData", "PERMISSIVE", "UNRESTRICTED"),
    ),
    StackRule(
        id="gcp-balancers-proxy-require-redirect",
        types=PLAIN_PROXIES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever sits between reads the calls and changes the answers.",
        remedy="Let the URL map's defaultUrlRedirect say httpsRedirect: true, and route nothing.",
        reference=_GUIDE + "https/setting-up-http-https-redirect",
        check=_speaks_plainly,
    ),
    StackRule(
        id="gcp-balancers-backend-require-health-checks",
        types=BACKENDS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without checks calls go on to nodes that are dead.",
        remedy="Name a health check in healthChecks.",
        reference=_GUIDE + "health-check-concepts",
        check=must_name("healthChecks", HEALTH_CHECKS, "names none"),
    ),
    Rule(
        id="gcp-certificates-certificate-deny-own",
        types=(CERTIFICATE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A certificate that somebody brings ends on a day that somebody forgets, and its key lies in the state.",
        remedy="Set managed with domains and dnsAuthorizations: Google renews it.",
        reference="https://cloud.google.com/certificate-manager/docs/overview",
        check=must_not_be_set("selfManaged"),
    ),
)
