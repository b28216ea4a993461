"""Zones in Cloud DNS: that their answers are true, and what was asked is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import MISSING, find, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

ZONE = "gcp:dns/managedZone:ManagedZone"

_GUIDE = "https://cloud.google.com/dns/docs/"


def _of_public(check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    def checked(props: Props) -> Iterator[str]:
        if (props.get("visibility") or "public") == "public":
            yield from check(props)

    return checked


def _signs_weakly(kind: str) -> Callable[[Props], Iterator[str]]:
    def check(props: Props) -> Iterator[str]:
        for at, spec in find(props, "dnssecConfig.defaultKeySpecs[*]"):
            if spec is not MISSING and spec.get("keyType") == kind and spec.get("algorithm") == "rsasha1":
                yield f"{at}.algorithm: is rsasha1"

    return check


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-dns-zone-require-signatures",
        types=(ZONE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Whoever answers first decides where clients go.",
        remedy="Set dnssecConfig.state: on, and give the DS record to the parent zone.",
        reference=_GUIDE + "dnssec",
        check=_of_public(must_be("dnssecConfig.state", "on")),
    ),
    *(
        Rule(
            id=f"gcp-dns-zone-deny-weak-{words}-key",
            types=(ZONE,),
            severity=Severity.MEDIUM,
            absent=Absence.ALLOW,
            why="Signatures over SHA-1 can be made by others.",
            remedy="Set algorithm: ecdsap256sha256 in dnssecConfig.defaultKeySpecs.",
            reference=_GUIDE + "dnssec-advanced",
            check=_signs_weakly(kind),
        )
        for words, kind in (("signing", "keySigning"), ("zone", "zoneSigning"))
    ),
    Rule(
        id="gcp-dns-zone-deny-listing",
        types=(ZONE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="NSEC tells whoever asks every name there is.",
        remedy="Remove dnssecConfig.nonExistence, or set nsec3.",
        reference=_GUIDE + "dnssec-advanced",
        check=must_not_be("dnssecConfig.nonExistence", "nsec"),
    ),
    Rule(
        id="gcp-dns-zone-require-logs",
        types=(ZONE,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="Names that are tried one after the other announce an attack.",
        remedy="Set cloudLoggingConfig.enableLogging: true.",
        reference=_GUIDE + "monitoring",
        check=_of_public(must_be("cloudLoggingConfig.enableLogging", True)),
    ),
    Rule(
        id="gcp-dns-zone-deny-forced-deletion",
        types=(ZONE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        production_only=True,
        why="Every name goes with the zone, and a new one has other servers; elsewhere that is meant to be.",
        remedy="Remove forceDestroy.",
        reference=_GUIDE + "zones",
        check=must_not_be("forceDestroy", True),
    ),
)
