"""Rules about Cloud DNS zones: DNSSEC, query logs and deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import MISSING, find, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

ZONE = "gcp:dns/managedZone:ManagedZone"

_GUIDE = "https://cloud.google.com/dns/docs/"


def _for_public_zone(check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    def check_applicable(props: Props) -> Iterator[str]:
        if (props.get("visibility") or "public") == "public":
            yield from check(props)

    return check_applicable


def _must_sign_strongly(key_type: str) -> Callable[[Props], Iterator[str]]:
    def check(props: Props) -> Iterator[str]:
        for path, spec in find(props, "dnssecConfig.defaultKeySpecs[*]"):
            if spec is not MISSING and spec.get("keyType") == key_type and spec.get("algorithm") == "rsasha1":
                yield f"{path}.algorithm: the signature is weak; got rsasha1; expected ecdsap256sha256"

    return check


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-dns-zone-require-signatures",
        types=(ZONE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Unsigned DNS answers can be forged on the network path to redirect clients.",
        remedy="Set dnssecConfig.state: on, and add the DS record to the parent zone.",
        reference=_GUIDE + "dnssec",
        check=_for_public_zone(must_be("dnssecConfig.state", "on")),
    ),
    *(
        Rule(
            id=f"gcp-dns-zone-deny-weak-{words}-key",
            types=(ZONE,),
            severity=Severity.MEDIUM,
            absent=Absence.ALLOW,
            why="Signatures with SHA-1 can be forged.",
            remedy="Set algorithm: ecdsap256sha256 in dnssecConfig.defaultKeySpecs.",
            reference=_GUIDE + "dnssec-advanced",
            check=_must_sign_strongly(kind),
        )
        for words, kind in (("signing", "keySigning"), ("zone", "zoneSigning"))
    ),
    Rule(
        id="gcp-dns-zone-deny-listing",
        types=(ZONE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="NSEC reveals every name of the zone to any client.",
        remedy="Remove dnssecConfig.nonExistence, or set it to nsec3.",
        reference=_GUIDE + "dnssec-advanced",
        check=must_not_be("dnssecConfig.nonExistence", "nsec"),
    ),
    Rule(
        id="gcp-dns-zone-require-logs",
        types=(ZONE,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="Without query logs, the enumeration of names before an attack stays unnoticed.",
        remedy="Set cloudLoggingConfig.enableLogging: true.",
        reference=_GUIDE + "monitoring",
        check=_for_public_zone(must_be("cloudLoggingConfig.enableLogging", True)),
    ),
    Rule(
        id="gcp-dns-zone-deny-forced-deletion",
        types=(ZONE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        production_only=True,
        why=(
            "Deletion loses every record, and a new zone has other name servers. Zones outside production are meant "
            "to be deleted."
        ),
        remedy="Remove forceDestroy.",
        reference=_GUIDE + "zones",
        check=must_not_be("forceDestroy", True),
    ),
)
