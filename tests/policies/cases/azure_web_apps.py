"""Cases of ``policies.azure.web_apps``."""

from __future__ import annotations

from policies.azure.web_apps import APPLICATIONS, RULES
from tests.policies import tables
from tests.policies.azure.fixtures import APPLICATION

_make = tables.of(RULES)
_WEB = "azure-web-app-"

CASES = [
    _make(_WEB + "require-https", APPLICATION, "httpsOnly", False),
    _make(_WEB + "require-https", APPLICATION, "httpsOnly", False, type=APPLICATIONS[1]),
    _make(_WEB + "require-tls12", APPLICATION, "siteConfig.minTlsVersion", "1.0"),
    _make(_WEB + "deny-ftp", APPLICATION, "siteConfig.ftpsState", "AllAllowed"),
    _make(_WEB + "deny-debugging", APPLICATION, "siteConfig.remoteDebuggingEnabled", True),
    _make(
        _WEB + "deny-any-origin", APPLICATION, "siteConfig.cors.allowedOrigins[0]", "*", absent_path="siteConfig.cors"
    ),
    _make(_WEB + "require-identity", APPLICATION, "identity.type", "None"),
    _make(_WEB + "deny-public-network", APPLICATION, "publicNetworkAccess", "Enabled"),
]
