"""Rules of the web firewall at the edge. Pure data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from infra.contracts import READY_PATH

REQUESTS_A_MINUTE: Final = 3000
"""From one address: fifty a second, well above what a wallet or an indexer asks."""
_MOST_RANGES: Final = 600
"""Ranges that one condition holds."""

MANAGED_RULES: Final = (
    {"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.1", "ruleSetAction": "Block"},
    {"ruleSetType": "Microsoft_BotManagerRuleSet", "ruleSetVersion": "1.1", "ruleSetAction": "Block"},
)


def custom_rules(allow_from: Sequence[str]) -> list[dict[str, Any]]:
    """Let in ``allow_from`` alone, and of those nobody too often.

    Readiness is for everybody: whoever watches a name from outside, on any cloud, asks it from addresses of its own.

    Raises:
        ValueError: there are more ranges than the firewall can hold.
    """
    if len(allow_from) > _MOST_RANGES:
        raise ValueError(f"{len(allow_from)} ranges may reach the balancer; Front Door's firewall holds {_MOST_RANGES}")
    stranger = {
        "matchVariable": "SocketAddr",
        "operator": "IPMatch",
        "negateCondition": True,
        "matchValue": list(allow_from),
    }
    not_ready = {
        "matchVariable": "RequestUri",
        "operator": "RegEx",
        "negateCondition": True,
        "matchValue": [rf"^[^?]*://[^/]+{READY_PATH}$|^{READY_PATH}$"],
    }
    anything = {"matchVariable": "RequestUri", "operator": "Any", "matchValue": []}
    return [
        {
            "name": "allowFrom",
            "priority": 10,
            "ruleType": "MatchRule",
            "action": "Block",
            "enabledState": "Enabled",
            "matchConditions": [stranger, not_ready],
        },
        {
            "name": "rate",
            "priority": 20,
            "ruleType": "RateLimitRule",
            "action": "Block",
            "enabledState": "Enabled",
            "rateLimitDurationInMinutes": 1,
            "rateLimitThreshold": REQUESTS_A_MINUTE,
            "groupBy": [{"variableName": "SocketAddr"}],
            "matchConditions": [anything],
        },
    ]
