"""Cases of ``policies.aws.domains``."""

from __future__ import annotations

from policies.aws.domains import DNSSEC, QUERY_LOG, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)
_CERTIFICATE = {
    "domainName": "rpc.example.org",
    "keyAlgorithm": "EC_prime256v1",
    "validationMethod": "DNS",
    "options": {"certificateTransparencyLoggingPreference": "ENABLED"},
}
_ZONE = {"name": "example.org", "zoneId": "Z1"}
_SIGNED = Declaration(type=DNSSEC, name="signed", props={"hostedZoneId": "Z1", "signingStatus": "SIGNING"})
_LOGGED = Declaration(type=QUERY_LOG, name="logged", props={"zoneId": "Z1"})
_LOCKED = {"transferLock": True, "autoRenew": True}
_DNSSEC = "aws-route53-zone-require-dnssec"
_LOG = "aws-route53-zone-require-query-log"
_LOCK = "aws-route53-domain-require-lock"

CASES = [
    _case("aws-acm-certificate-match-algorithm", _CERTIFICATE, "keyAlgorithm", "RSA_1024"),
    _case("aws-acm-certificate-deny-hidden", _CERTIFICATE, "options.certificateTransparencyLoggingPreference",
          "DISABLED"),
    _case("aws-acm-certificate-match-renewal", _CERTIFICATE, "validationMethod", "EMAIL"),
    _case("aws-acm-certificate-limit-wildcards", _CERTIFICATE, "domainName", "*.example.org"),
    _case(_DNSSEC, _ZONE, "signingStatus", "NOT_SIGNING", related=(_SIGNED,), broken_related="signed"),
    _case(_LOG, _ZONE, "zoneId", "Z2", related=(_LOGGED,), broken_related="logged"),
    _case(_LOG, {"vpcs": [{"vpcId": "vpc-1"}]}, "vpcs", []),
    _case(_LOCK, _LOCKED, "transferLock", False),
    _case(_LOCK, _LOCKED, "autoRenew", False),
]  # fmt: skip
