"""Web applications and functions."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import MISSING, find, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

APPLICATIONS = ("azure-native:web:WebApp", "azure-native:web:WebAppSlot")

_GUIDE = "https://learn.microsoft.com/en-us/azure/app-service/"


def _answers_any_page(props: Props) -> Iterator[str]:
    for at, origin in find(props, "siteConfig.cors.allowedOrigins[*]"):
        if origin is not MISSING and origin == "*":
            yield f"{at}: pages of everybody call it with the visitor's rights"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-web-app-require-https",
        types=APPLICATIONS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="It answers without TLS, too, and then anybody on the way reads along.",
        remedy="Set httpsOnly: true.",
        reference=_GUIDE + "configure-ssl-bindings",
        check=must_be("httpsOnly", True),
    ),
    Rule(
        id="azure-web-app-require-tls12",
        types=APPLICATIONS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 has weaknesses that are known.",
        remedy='Set siteConfig.minTlsVersion: "1.2".',
        reference=_GUIDE + "overview-tls",
        check=must_be("siteConfig.minTlsVersion", "1.2", "1.3"),
    ),
    Rule(
        id="azure-web-app-deny-ftp",
        types=APPLICATIONS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever has the publishing password replaces the program, past every review.",
        remedy="Set siteConfig.ftpsState: Disabled.",
        reference=_GUIDE + "deploy-ftp",
        check=must_be("siteConfig.ftpsState", "Disabled", "FtpsOnly"),
    ),
    Rule(
        id="azure-web-app-deny-debugging",
        types=APPLICATIONS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A debugger reads the program's memory with all its secrets.",
        remedy="Set siteConfig.remoteDebuggingEnabled: false, or leave it out.",
        reference=_GUIDE + "configure-common",
        check=must_not_be("siteConfig.remoteDebuggingEnabled", True),
    ),
    Rule(
        id="azure-web-app-deny-any-origin",
        types=APPLICATIONS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A page of a stranger calls the application in the name of whoever visits it.",
        remedy="Name the origins in siteConfig.cors.allowedOrigins.",
        reference=_GUIDE + "app-service-web-tutorial-rest-api",
        check=_answers_any_page,
    ),
    Rule(
        id="azure-web-app-require-identity",
        types=APPLICATIONS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A program without an identity carries somebody's secret.",
        remedy="Set identity.type: SystemAssigned or UserAssigned.",
        reference=_GUIDE + "overview-managed-identity",
        check=must_be("identity.type", "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"),
    ),
    Rule(
        id="azure-web-app-deny-public-network",
        types=APPLICATIONS,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="It is reached past the edge and its firewall.",
        remedy="Set publicNetworkAccess: Disabled and use a private endpoint.",
        reference=_GUIDE + "overview-private-endpoint",
        check=must_be("publicNetworkAccess", "Disabled"),
    ),
)
