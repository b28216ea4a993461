"""Cases of ``policies.gcp.domains``."""

from __future__ import annotations

from policies.gcp.domains import RULES
from tests.policies import tables

_case = tables.of(RULES)
_ALGORITHM = "ecdsap256sha256"
_ZONE = {
    "visibility": "public",
    "dnssecConfig": {
        "state": "on",
        "nonExistence": "nsec3",
        "defaultKeySpecs": [
            {"keyType": "keySigning", "algorithm": _ALGORITHM, "keyLength": 256},
            {"keyType": "zoneSigning", "algorithm": _ALGORITHM, "keyLength": 256},
        ],
    },
    "cloudLoggingConfig": {"enableLogging": True},
    "forceDestroy": False,
}
_SPECS = "dnssecConfig.defaultKeySpecs"
_SIGNED = "gcp-dns-zone-require-signatures"
_LOGGED = "gcp-dns-zone-require-logs"

CASES = [
    _case(_SIGNED, _ZONE, "dnssecConfig.state", "off"),
    _case(_SIGNED, {"visibility": "private"}, "visibility", "public"),
    _case("gcp-dns-zone-deny-weak-signing-key", _ZONE, f"{_SPECS}[0].algorithm", "rsasha1"),
    _case("gcp-dns-zone-deny-weak-zone-key", _ZONE, f"{_SPECS}[1].algorithm", "rsasha1"),
    _case("gcp-dns-zone-deny-listing", _ZONE, "dnssecConfig.nonExistence", "nsec"),
    _case(_LOGGED, _ZONE, "cloudLoggingConfig.enableLogging", False),
    _case("gcp-dns-zone-deny-forced-deletion", _ZONE, "forceDestroy", True),
]
