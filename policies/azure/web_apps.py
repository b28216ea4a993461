"""Rules about App Service web apps and functions."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import MISSING, find, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

APPLICATIONS = ("azure-native:web:WebApp", "azure-native:web:WebAppSlot")

_GUIDE = "https://learn.microsoft.com/en-us/azure/app-service/"


def _check_cors_origins(props: Props) -> Iterator[str]:
    for path, origin in find(props, "siteConfig.cors.allowedOrigins[*]"):
        if origin is not MISSING and origin == "*":
            yield (
                f"{path}: every website may call the application with its visitors' credentials; got *; expected named "
                "origins"
            )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-web-app-require-https",
        types=APPLICATIONS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The application also answers without TLS, and anyone on the network path can read the data.",
        remedy="Set httpsOnly: true.",
        reference=_GUIDE + "configure-ssl-bindings",
        check=must_be("httpsOnly", True),
    ),
    Rule(
        id="azure-web-app-require-tls12",
        types=APPLICATIONS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 has known attacks.",
        remedy='Set siteConfig.minTlsVersion: "1.2".',
        reference=_GUIDE + "overview-tls",
        check=must_be("siteConfig.minTlsVersion", "1.2", "1.3"),
    ),
    Rule(
        id="azure-web-app-deny-ftp",
        types=APPLICATIONS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anyone with the publishing password can replace the program without a review.",
        remedy="Set siteConfig.ftpsState: Disabled.",
        reference=_GUIDE + "deploy-ftp",
        check=must_be("siteConfig.ftpsState", "Disabled", "FtpsOnly"),
    ),
    Rule(
        id="azure-web-app-deny-debugging",
        types=APPLICATIONS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A remote debugger can read the program's memory, including its secrets.",
        remedy="Set siteConfig.remoteDebuggingEnabled: false, or remove it.",
        reference=_GUIDE + "configure-common",
        check=must_not_be("siteConfig.remoteDebuggingEnabled", True),
    ),
    Rule(
        id="azure-web-app-deny-any-origin",
        types=APPLICATIONS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A malicious website can call the application with the credentials of its visitors.",
        remedy="Set siteConfig.cors.allowedOrigins to named origins.",
        reference=_GUIDE + "app-service-web-tutorial-rest-api",
        check=_check_cors_origins,
    ),
    Rule(
        id="azure-web-app-require-identity",
        types=APPLICATIONS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A program without a managed identity needs a stored secret.",
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
        why="Clients can reach the application without passing the edge and its web firewall.",
        remedy="Set publicNetworkAccess: Disabled, and use a private endpoint.",
        reference=_GUIDE + "overview-private-endpoint",
        check=must_be("publicNetworkAccess", "Disabled"),
    ),
)
