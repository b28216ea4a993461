"""The web firewall in front of the edge (Cloud Armor): its rules as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_gcp.compute.security_policy import SecurityPolicy

from infra.component import Component
from infra.contracts import READY_PATH, SiteContext
from infra.gcp import physical_names
from infra.gcp.keys import Keys

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
"""Rule sets that Google maintains, derived from OWASP's."""
RATE_LIMIT: Final = 1200
"""Requests that one address may send within ``RATE_WINDOW_SECONDS``."""
RATE_WINDOW_SECONDS: Final = 60
_RANGES_PER_RULE: Final = 10
_LAST_PRIORITY: Final = 2_147_483_647
READINESS: Final = f"request.path == '{READY_PATH}' && (request.method == 'GET' || request.method == 'HEAD')"
"""The one request that every address may send."""


@dataclass(frozen=True, kw_only=True)
class WebFirewallArgs:
    """The web firewall of one edge."""

    context: SiteContext
    keys: Keys
    allow_from: Sequence[str]


class WebFirewall(Component, token="pouw:gcp:WebFirewall"):
    """A security policy with an allow-list, a rate limit and rules against attacks. Output: ``firewall``, its id."""

    firewall: pulumi.Output[str]

    def __init__(self, name: str, args: WebFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        policy = SecurityPolicy(
            f"{name}-rules",
            project=physical_names.project(context),
            description=f"Requests that the edge of the site {context.site.name} serves",
            type="CLOUD_ARMOR",
            rules=rules(args.allow_from),
            advanced_options_config={"json_parsing": "STANDARD", "log_level": "NORMAL"},
            adaptive_protection_config={"layer7_ddos_defense_config": {"enable": True, "rule_visibility": "STANDARD"}},
            labels=context.tags,
            opts=self.child(),
        )
        self.publish(firewall=policy.id)


def rules(allow_from: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rules: block attacks, serve ``READINESS`` to every address and everything else to ``allow_from``.

    Both are limited to ``RATE_LIMIT``.
    """
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
    every_address = {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}}
    default = {"priority": _LAST_PRIORITY, "action": "deny(403)", "description": "default", "match": every_address}
    return [*attacks, ready, *clients, default]


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
            "rate_limit_threshold": {"count": RATE_LIMIT, "interval_sec": RATE_WINDOW_SECONDS},
        },
    }
