"""Rules about certificates, DNS zones and domains."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.references import StackCheck, must_have, referrers
from policies.checks import all_of, exists, may_be, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

CERTIFICATE = "aws:acm/certificate:Certificate"
ZONE = "aws:route53/zone:Zone"
DNSSEC = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
QUERY_LOG = "aws:route53/queryLog:QueryLog"
DOMAIN = "aws:route53domains/registeredDomain:RegisteredDomain"

_CERTIFICATES = "https://docs.aws.amazon.com/acm/latest/userguide/"
_ZONES = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
_ALGORITHMS = ("RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


def _check_validation(props: Props) -> Iterator[str]:
    # A private certificate authority needs no validation.
    if "certificateAuthorityArn" not in tuple(props):
        yield from must_be("validationMethod", "DNS")(props)


def _check_wildcard(props: Props) -> Iterator[str]:
    if str(props.get("domainName") or "").startswith("*."):
        yield f"domainName: the certificate is a wildcard; got {props.get('domainName')}; expected named hosts"


def _for_public_zone(check: StackCheck) -> StackCheck:
    """Return the check for public zones only."""

    def check_applicable(zone: Resource, stack: Stack) -> Iterator[str]:
        if not zone.props.get("vpcs"):
            yield from check(zone, stack)

    return check_applicable


def _check_dnssec(zone: Resource, stack: Stack) -> Iterator[str]:
    configurations = referrers(zone, stack, (DNSSEC,), "hostedZoneId", by="zoneId")
    if not exists(configurations, lambda resource: resource.props.get("signingStatus") in (None, "SIGNING")):
        yield "name: the zone is not signed; got no HostedZoneDnsSec with status SIGNING; expected one"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-acm-certificate-match-algorithm",
        types=(CERTIFICATE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A 1024-bit key can be broken with affordable computing power.",
        remedy="Remove keyAlgorithm, or set it to RSA_2048 or an elliptic curve.",
        reference=_CERTIFICATES + "acm-bestpractices.html",
        check=may_be("keyAlgorithm", *_ALGORITHMS),
    ),
    Rule(
        id="aws-acm-certificate-deny-hidden",
        types=(CERTIFICATE,),
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="Browsers reject certificates outside the transparency logs, and a forged one stays unnoticed.",
        remedy="Remove options.certificateTransparencyLoggingPreference.",
        reference=_CERTIFICATES + "acm-concepts.html",
        check=must_not_be("options.certificateTransparencyLoggingPreference", "DISABLED"),
    ),
    Rule(
        id="aws-acm-certificate-match-renewal",
        types=(CERTIFICATE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A certificate that needs manual or e-mail validation expires when the renewal is forgotten.",
        remedy="Set validationMethod: DNS, and keep the validation record.",
        reference=_CERTIFICATES + "dns-validation.html",
        check=_check_validation,
    ),
    Rule(
        id="aws-acm-certificate-limit-wildcards",
        types=(CERTIFICATE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="An attacker with the key of a wildcard certificate can impersonate every host of the domain.",
        remedy="Set domainName and subjectAlternativeNames to the hosts.",
        reference=_CERTIFICATES + "acm-bestpractices.html",
        check=_check_wildcard,
    ),
    StackRule(
        id="aws-route53-zone-require-dnssec",
        types=(ZONE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Unsigned DNS answers can be forged on the network path to redirect clients.",
        remedy="Add a KeySigningKey and a HostedZoneDnsSec, and the DS record in the parent zone.",
        reference=_ZONES + "dns-configuring-dnssec.html",
        check=_for_public_zone(_check_dnssec),
    ),
    StackRule(
        id="aws-route53-zone-require-query-log",
        types=(ZONE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without a query log, the DNS requests before an attack cannot be investigated.",
        remedy="Add a QueryLog to a log group in us-east-1.",
        reference=_ZONES + "query-logs.html",
        check=_for_public_zone(must_have((QUERY_LOG,), "zoneId", "QueryLog", by="zoneId")),
    ),
    Rule(
        id="aws-route53-domain-require-lock",
        types=(DOMAIN,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An attacker with access to the account can transfer the domain away or let it expire.",
        remedy="Remove transferLock and autoRenew, or set both to true.",
        reference=_ZONES + "domain-lock.html",
        check=all_of(must_not_be("transferLock", False), must_not_be("autoRenew", False)),
    ),
)
