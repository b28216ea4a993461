"""Rules about Google Cloud load balancers: TLS, Cloud Armor, logging and health checks."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import must_be, must_not_be, must_not_be_set
from policies.gcp.references import must_name, referrers
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
SECURITY_POLICIES = (
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
_EXTERNAL = ("EXTERNAL", "EXTERNAL_MANAGED")
_WEB_PROTOCOLS = ("HTTP", "HTTPS", "HTTP2", "H2C", "GRPC")


def _serves_web(props: Props) -> bool:
    """True if the backend serves HTTP to external clients."""
    scheme = props.get("loadBalancingScheme") or "EXTERNAL"
    return scheme in _EXTERNAL and (props.get("protocol") or "HTTP") in _WEB_PROTOCOLS


def _check_security_policy(backend: Resource, stack: Stack) -> Iterator[str]:
    if _serves_web(backend.inputs):
        yield from must_name(
            "securityPolicy",
            SECURITY_POLICIES,
            "no security policy protects the backend; got nothing; expected a Cloud Armor policy",
        )(backend, stack)


def _check_logging(props: Props) -> Iterator[str]:
    if _serves_web(props):
        yield from must_be("logConfig.enable", True)(props)


def _check_tls_policy(props: Props) -> Iterator[str]:
    yield from must_be("minTlsVersion", "TLS_1_2", "TLS_1_3")(props)
    yield from must_be("profile", "MODERN", "RESTRICTED", "FIPS_202205")(props)


def _check_redirect(proxy: Resource, stack: Stack) -> Iterator[str]:
    routes = [
        resource for resource in stack.of_type(*ROUTES) if proxy in referrers(resource, stack, PLAIN_PROXIES, "urlMap")
    ]
    if not routes or not all(_only_redirects(route.inputs) for route in routes):
        yield (
            "urlMap: the proxy serves requests without TLS; got routes without a redirect; expected httpsRedirect only"
        )


def _only_redirects(routes: Props) -> bool:
    redirect = routes.get("defaultUrlRedirect") or {}
    return redirect.get("httpsRedirect") is True and not routes.get("pathMatchers")


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="gcp-balancers-backend-require-guard",
        types=BACKENDS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without Cloud Armor, request rates are unlimited and known attacks reach the nodes.",
        remedy="Set securityPolicy to a Cloud Armor policy.",
        reference="https://cloud.google.com/armor/docs/security-policy-overview",
        check=_check_security_policy,
    ),
    Rule(
        id="gcp-balancers-backend-require-logs",
        types=BACKENDS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a log, the clients and requests of an incident cannot be identified.",
        remedy="Set logConfig.enable: true.",
        reference=_GUIDE + "https/https-logging-monitoring",
        check=_check_logging,
    ),
    Rule(
        id="gcp-balancers-tlspolicy-match-tls",
        types=TLS_POLICIES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 and its ciphers have known attacks.",
        remedy="Set minTlsVersion: TLS_1_2, and profile: RESTRICTED or MODERN.",
        reference=_GUIDE + "ssl-policies-concepts",
        check=_check_tls_policy,
    ),
    StackRule(
        id="gcp-balancers-proxy-require-tls-policy",
        types=TLS_PROXIES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Google's default policy accepts TLS 1.0 and every cipher.",
        remedy="Set sslPolicy to an SSLPolicy.",
        reference=_GUIDE + "use-ssl-policies",
        check=must_name("sslPolicy", TLS_POLICIES, "old TLS versions are accepted; got nothing; expected an SSLPolicy"),
    ),
    Rule(
        id="gcp-balancers-proxy-deny-early-data",
        types=TLS_PROXIES[:2],
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="An attacker on the network path can replay early data, including transactions.",
        remedy="Remove tlsEarlyData, or set it to DISABLED.",
        reference=_GUIDE + "https",
        check=must_not_be("tlsEarlyData", "PERMISSIVE", "UNRESTRICTED"),
    ),
    StackRule(
        id="gcp-balancers-proxy-require-redirect",
        types=PLAIN_PROXIES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without TLS, anyone on the network path can read requests and change responses.",
        remedy="Set defaultUrlRedirect.httpsRedirect: true in the URL map, and remove its routes.",
        reference=_GUIDE + "https/setting-up-http-https-redirect",
        check=_check_redirect,
    ),
    StackRule(
        id="gcp-balancers-backend-require-health-checks",
        types=BACKENDS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without health checks, the balancer routes requests to failed nodes.",
        remedy="Set healthChecks.",
        reference=_GUIDE + "health-check-concepts",
        check=must_name(
            "healthChecks", HEALTH_CHECKS, "the backend has no health check; got nothing; expected a health check"
        ),
    ),
    Rule(
        id="gcp-certificates-certificate-deny-own",
        types=(CERTIFICATE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A self-managed certificate expires when its renewal is forgotten, and its key is in the state.",
        remedy="Replace selfManaged by managed with domains and dnsAuthorizations. Google renews it.",
        reference="https://cloud.google.com/certificate-manager/docs/overview",
        check=must_not_be_set("selfManaged"),
    ),
)
