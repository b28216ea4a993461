"""Rules of the web firewall at the edge. Pure data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from infra.contracts import READY_PATH

REQUESTS_A_MINUTE: Final = 3000
"""From one address: fifty a second, well above what a wallet or an indexer asks."""

MANAGED_RULES: Final = (
    {"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.1", "ruleSetAction": "Block"},
    {"ruleSetType": "Microsoft_BotManagerRuleSet", "ruleSetVersion": "1.1", "ruleSetAction": "Block"},
)


def custom_rules(allow_from: Sequence[str]) -> list[dict[str, Any]]:
    """Let in ``allow_from`` alone, and of those nobody too often.

    Anybody may read whether the site is ready: whoever watches a name, on any cloud, asks from addresses of its own.
    """
    stranger = {
        "matchVariable": "SocketAddr",
        "operator": "IPMatch",
        "negateCondition": True,
        "matchValue": list(allow_from),
    }
    elsewhere = {
        "matchVariable": "RequestUri",
        "operator": "RegEx",
        "negateCondition": True,
        "matchValue": [rf"^(https?://[^/]+)?{READY_PATH}$"],
    }
    more = {
        "matchVariable": "RequestMethod",
        "operator": "Equal",
        "negateCondition": True,
        "matchValue": ["GET", "HEAD"],
    }
    anything = {"matchVariable": "RequestUri", "operator": "Any", "matchValue": []}
    return [
        _rule("strangersPaths", 10, [stranger, elsewhere]),
        _rule("strangersMethods", 20, [stranger, more]),
        {
            **_rule("rate", 30, [anything]),
            "ruleType": "RateLimitRule",
            "rateLimitDurationInMinutes": 1,
            "rateLimitThreshold": REQUESTS_A_MINUTE,
            "groupBy": [{"variableName": "SocketAddr"}],
        },
    ]


def _rule(name: str, priority: int, conditions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "priority": priority,
        "ruleType": "MatchRule",
        "action": "Block",
        "enabledState": "Enabled",
        "matchConditions": conditions,
    }
