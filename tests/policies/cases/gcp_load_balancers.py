"""Cases of ``policies.gcp.load_balancers``."""

from __future__ import annotations

from typing import Any

from policies.gcp.load_balancers import ROUTES, RULES, SECURITY_POLICIES
from tests.policies import tables
from tests.policies.analyzer import UNKNOWN, Declaration
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_GUARD = "gcp-balancers-backend-require-guard"
_LOGS = "gcp-balancers-backend-require-logs"
_POLICY = "gcp-balancers-proxy-require-tls-policy"
_HEALTH = "gcp-balancers-backend-require-health-checks"
_TLS = "gcp-balancers-tlspolicy-match-tls"
_REDIRECT = "gcp-balancers-proxy-require-redirect"
_BACKEND = {
    "loadBalancingScheme": "EXTERNAL_MANAGED",
    "protocol": "HTTP",
    "securityPolicy": "projects/some/global/securityPolicies/guard",
    "healthChecks": "projects/some/global/healthChecks/check",
    "logConfig": {"enable": True},
}
_INNER = {"loadBalancingScheme": "INTERNAL_MANAGED"}
_STRICT = {"minTlsVersion": "TLS_1_2", "profile": "RESTRICTED"}
_PROXY = {"sslPolicy": "projects/some/global/sslPolicies/strict", "tlsEarlyData": "DISABLED"}
_ROUTES = Declaration(
    type=ROUTES[0], name="routes", props={"defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False}}
)


def from_stack(token: str, key: str) -> dict[str, Any]:
    """Return the fields of a case with one other resource that the subject references."""
    return {"related": (Declaration(type=token, name="other", props={}),), "references": {key: ["other"]}}


CASES = [
    _case(_GUARD, _BACKEND, "securityPolicy", ""),
    _case(_GUARD, _INNER, "loadBalancingScheme", "EXTERNAL"),
    _case(_GUARD, {**_BACKEND, "securityPolicy": UNKNOWN}, "securityPolicy", REMOVED,
          **from_stack(SECURITY_POLICIES[0], "securityPolicy")),
    _case(_LOGS, _BACKEND, "logConfig.enable", False),
    _case(_LOGS, {**_BACKEND, "logConfig": {"enable": False}, "protocol": "TCP"}, "protocol", "HTTPS"),
    _case(_TLS, _STRICT, "minTlsVersion", "TLS_1_0"),
    _case(_TLS, _STRICT, "profile", "COMPATIBLE"),
    _case(_POLICY, _PROXY, "sslPolicy", ""),
    _case("gcp-balancers-proxy-deny-early-data", _PROXY, "tlsEarlyData", "PERMISSIVE"),
    _case(_REDIRECT, {"urlMap": UNKNOWN}, "defaultUrlRedirect.httpsRedirect", False, related=(_ROUTES,),
          references={"urlMap": ["routes"]}, broken_related="routes"),
    _case(_REDIRECT, {"urlMap": UNKNOWN}, "pathMatchers", [{"name": "all", "defaultService": "some"}],
          related=(_ROUTES,), references={"urlMap": ["routes"]}, broken_related="routes",
          absent_path="defaultUrlRedirect"),
    _case(_HEALTH, _BACKEND, "healthChecks", ""),
    _case("gcp-certificates-certificate-deny-own", {"selfManaged": {}, "managed": {"domains": ["some.example.org"]}},
          "selfManaged", {"pemCertificate": "some"}),
]  # fmt: skip
