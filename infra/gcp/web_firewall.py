"""Whom the public edge lets in, and how often. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from infra.contracts import READY_PATH

ATTACKS: Final = (
    "sqli-v33-stable",
    "xss-v33-stable",
    "lfi-v33-stable",
    "rfi-v33-stable",
    "rce-v33-stable",
    "scannerdetection-v33-stable",
    "protocolattack-v33-stable",
    "sessionfixation-v33-stable",
    "cve-canary",
)
"""Rule sets that Google keeps, after those of OWASP."""
REQUESTS: Final = 1200
"""Requests that one address may send within ``WINDOW_SECONDS``."""
WINDOW_SECONDS: Final = 60
_RANGES_PER_RULE: Final = 10
_LAST: Final = 2_147_483_647
READINESS: Final = f"request.path == '{READY_PATH}' && (request.method == 'GET' || request.method == 'HEAD')"
"""What anybody may ask."""


def rules(allow_from: Sequence[str]) -> list[dict[str, Any]]:
    """Attacks are refused, readiness is told to anyone, the rest to ``allow_from``; both at a limited rate."""
    attacks = [
        {
            "priority": 1000 + index,
            "action": "deny(403)",
            "description": name,
            "match": {"expr": {"expression": f"evaluatePreconfiguredWaf('{name}', {{'sensitivity': 1}})"}},
        }
        for index, name in enumerate(ATTACKS)
    ]
    ready = _limited(2000, "readiness", {"expr": {"expression": READINESS}})
    pieces = [allow_from[start : start + _RANGES_PER_RULE] for start in range(0, len(allow_from), _RANGES_PER_RULE)]
    clients = [
        _limited(3000 + index, "clients", {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": list(piece)}})
        for index, piece in enumerate(pieces)
    ]
    everybody = {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}}
    rest = {"priority": _LAST, "action": "deny(403)", "description": "everybody else", "match": everybody}
    return [*attacks, ready, *clients, rest]


def _limited(priority: int, description: str, match: dict[str, Any]) -> dict[str, Any]:
    return {
        "priority": priority,
        "action": "throttle",
        "description": description,
        "match": match,
        "rate_limit_options": {
            "conform_action": "allow",
            "exceed_action": "deny(429)",
            "enforce_on_key": "IP",
            "rate_limit_threshold": {"count": REQUESTS, "interval_sec": WINDOW_SECONDS},
        },
    }
