"""The web firewall in front of the edge: its rules as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.frontdoor.policy import Policy

from infra.azure.keys import Keys
from infra.azure.physical_names import global_name
from infra.component import Component
from infra.contracts import READY_PATH, SiteContext

RATE_LIMIT: Final = 3000
"""Requests that one address may send within ``RATE_WINDOW_SECONDS``: well above the rate of a wallet or an indexer."""
RATE_WINDOW_SECONDS: Final = 60
MANAGED_RULES: Final = (
    {"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.1", "ruleSetAction": "Block"},
    {"ruleSetType": "Microsoft_BotManagerRuleSet", "ruleSetVersion": "1.1", "ruleSetAction": "Block"},
)


@dataclass(frozen=True, kw_only=True)
class WebFirewallArgs:
    """The web firewall of one edge."""

    context: SiteContext
    keys: Keys
    allow_from: Sequence[str]


class WebFirewall(Component, token="pouw:azure:WebFirewall"):
    """A policy of Front Door with an allow-list, a rate limit and managed rules. Output: ``firewall``, its id."""

    firewall: pulumi.Output[str]

    def __init__(self, name: str, args: WebFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        policy = Policy(
            f"{name}-rules",
            resource_group_name=args.keys.group,
            policy_name=global_name(args.context, "firewall"),
            location="global",
            sku={"name": "Premium_AzureFrontDoor"},
            policy_settings={"enabledState": "Enabled", "mode": "Prevention", "requestBodyCheck": "Enabled"},
            custom_rules={"rules": rules(args.allow_from)},
            managed_rules={"managedRuleSets": list(MANAGED_RULES)},
            tags=args.context.tags,
            opts=self.child(),
        )
        self.publish(firewall=policy.id)


def rules(allow_from: Sequence[str]) -> list[dict[str, Any]]:
    """Return the custom rules in order: the allow-list, then the rate limit.

    Addresses outside ``allow_from`` may only read ``READY_PATH``: the health checks of DNS services on every cloud come
    from addresses of their own.
    """
    not_a_client = {
        "matchVariable": "SocketAddr",
        "operator": "IPMatch",
        "negateCondition": True,
        "matchValue": list(allow_from),
    }
    not_ready_path = {
        "matchVariable": "RequestUri",
        "operator": "RegEx",
        "negateCondition": True,
        "matchValue": [rf"^(https?://[^/]+)?{READY_PATH}$"],
    }
    not_a_read = {
        "matchVariable": "RequestMethod",
        "operator": "Equal",
        "negateCondition": True,
        "matchValue": ["GET", "HEAD"],
    }
    any_request = {"matchVariable": "RequestUri", "operator": "Any", "matchValue": []}
    return [
        _rule("othersPaths", 10, [not_a_client, not_ready_path]),
        _rule("othersMethods", 20, [not_a_client, not_a_read]),
        {
            **_rule("rate", 30, [any_request]),
            "ruleType": "RateLimitRule",
            "rateLimitDurationInMinutes": RATE_WINDOW_SECONDS // 60,
            "rateLimitThreshold": RATE_LIMIT,
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
