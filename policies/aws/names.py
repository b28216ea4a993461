"""Names and certificates: that they stay ours, renew by themselves, and can be checked by others."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.relations import StackCheck, about, must_have
from policies.checks import both, exists, may_be, must_be, must_not_be
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


def _renews_itself(props: Props) -> Iterator[str]:
    # A private authority asks nobody.
    if "certificateAuthorityArn" not in tuple(props):
        yield from must_be("validationMethod", "DNS")(props)


def _is_wildcard(props: Props) -> Iterator[str]:
    if str(props.get("domainName") or "").startswith("*."):
        yield "domainName: is for every name of the domain"


def _of_public(check: StackCheck) -> StackCheck:
    """Of zones that the world asks."""

    def checked(zone: Resource, stack: Stack) -> Iterator[str]:
        if not zone.props.get("vpcs"):
            yield from check(zone, stack)

    return checked


def _is_signed(zone: Resource, stack: Stack) -> Iterator[str]:
    signed = about(zone, stack, (DNSSEC,), "hostedZoneId", by="zoneId")
    if not exists(signed, lambda one: one.props.get("signingStatus") in (None, "SIGNING")):
        yield "name: its answers are not signed"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-acm-certificate-match-algorithm",
        types=(CERTIFICATE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A key of 1024 bits is within reach of whoever pays for it.",
        remedy="Leave keyAlgorithm at RSA_2048, or use a curve.",
        reference=_CERTIFICATES + "acm-bestpractices.html",
        check=may_be("keyAlgorithm", *_ALGORITHMS),
    ),
    Rule(
        id="aws-acm-certificate-deny-hidden",
        types=(CERTIFICATE,),
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="Browsers refuse certificates that no transparency log shows, and a false one stays unseen.",
        remedy="Remove certificateTransparencyLoggingPreference.",
        reference=_CERTIFICATES + "acm-concepts.html",
        check=must_not_be("options.certificateTransparencyLoggingPreference", "DISABLED"),
    ),
    Rule(
        id="aws-acm-certificate-match-renewal",
        types=(CERTIFICATE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A certificate that somebody has to renew by mail or by hand runs out on a holiday.",
        remedy="Set validationMethod: DNS, and keep the validation record.",
        reference=_CERTIFICATES + "dns-validation.html",
        check=_renews_itself,
    ),
    Rule(
        id="aws-acm-certificate-limit-wildcards",
        types=(CERTIFICATE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Whoever takes the key of a wildcard speaks for every name of the domain.",
        remedy="Name the hosts.",
        reference=_CERTIFICATES + "acm-bestpractices.html",
        check=_is_wildcard,
    ),
    StackRule(
        id="aws-route53-zone-require-dnssec",
        types=(ZONE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Answers that are not signed can be replaced on the way, and clients go where they are sent.",
        remedy="Add a KeySigningKey and a HostedZoneDnsSec, and the DS record in the parent zone.",
        reference=_ZONES + "dns-configuring-dnssec.html",
        check=_of_public(_is_signed),
    ),
    StackRule(
        id="aws-route53-zone-require-query-log",
        types=(ZONE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="What was asked for before an attack shows where it came from.",
        remedy="Add a QueryLog to a log group in us-east-1.",
        reference=_ZONES + "query-logs.html",
        check=_of_public(must_have((QUERY_LOG,), "zoneId", "query log", by="zoneId")),
    ),
    Rule(
        id="aws-route53-domain-require-lock",
        types=(DOMAIN,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whoever gets at the account moves the domain away, or lets it run out.",
        remedy="Leave transferLock and autoRenew on.",
        reference=_ZONES + "domain-lock.html",
        check=both(must_not_be("transferLock", False), must_not_be("autoRenew", False)),
    ),
)
