"""Rules about Cloud Armor policies: default action, rate limits and attack detection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks import MISSING, find, must_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

POLICY = "gcp:compute/securityPolicy:SecurityPolicy"

_GUIDE = "https://cloud.google.com/armor/docs/"
_LAST_PRIORITY = 2_147_483_647
_LIMITING = ("throttle", "rate_based_ban")


def _rules(props: Props) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # Policies of other types protect caches and networks, and have none of these settings.
    if (props.get("type") or "CLOUD_ARMOR") == "CLOUD_ARMOR":
        yield from ((path, rule) for path, rule in find(props, "rules[*]") if rule is not MISSING)


def _check_default_rule(props: Props) -> Iterator[str]:
    default_rules = [(path, rule) for path, rule in _rules(props) if int(rule["priority"]) == _LAST_PRIORITY]
    if not default_rules:
        yield (
            "rules: all remaining clients are admitted; got no rule of the last priority; expected one that denies or "
            "throttles"
        )
    for path, rule in default_rules:
        if rule["action"] == "allow":
            yield f"{path}.action: all remaining clients are admitted; got allow; expected deny or throttle"


def _check_rate_limit(props: Props) -> Iterator[str]:
    if not any(rule["action"] in _LIMITING for _, rule in _rules(props)):
        yield "rules: request rates are unlimited; got no rule with throttle or rate_based_ban; expected at least one"


def _check_attack_rules(props: Props) -> Iterator[str]:
    expressions = (((entry.get("match") or {}).get("expr") or {}).get("expression") or "" for _, entry in _rules(props))
    if not any(
        "evaluatePreconfiguredWaf" in expression or "evaluatePreconfiguredExpr" in expression
        for expression in expressions
    ):
        yield "rules: known attacks are not blocked; got no preconfigured rule; expected evaluatePreconfiguredWaf"


def _check_preview(props: Props) -> Iterator[str]:
    for path, rule in _rules(props):
        if rule.get("preview") is True:
            yield f"{path}.preview: the rule is logged but not enforced; got true; expected false"


def _check_adaptive_protection(props: Props) -> Iterator[str]:
    if (props.get("type") or "CLOUD_ARMOR") == "CLOUD_ARMOR":
        yield from must_be("adaptiveProtectionConfig.layer7DdosDefenseConfig.enable", True)(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-armor-policy-deny-open-end",
        types=(POLICY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Clients that match no rule have unlimited access.",
        remedy=f"Add a rule of priority {_LAST_PRIORITY} with action deny(403) or throttle.",
        reference=_GUIDE + "security-policy-overview",
        check=_check_default_rule,
    ),
    Rule(
        id="gcp-armor-policy-require-rate-limit",
        types=(POLICY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A single client with unlimited requests can exhaust the service for all other clients.",
        remedy="Set action: throttle or rate_based_ban on the rules that admit clients.",
        reference=_GUIDE + "rate-limiting-overview",
        check=_check_rate_limit,
    ),
    Rule(
        id="gcp-armor-policy-require-attack-rules",
        types=(POLICY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Known attacks reach programs with unpatched vulnerabilities.",
        remedy="Add rules with evaluatePreconfiguredWaf.",
        reference=_GUIDE + "waf-rules",
        check=_check_attack_rules,
    ),
    Rule(
        id="gcp-armor-policy-deny-watching-only",
        types=(POLICY,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A rule in preview looks like protection, but blocks nothing.",
        remedy="Remove preview after the log shows no false positives.",
        reference=_GUIDE + "security-policy-overview",
        check=_check_preview,
    ),
    Rule(
        id="gcp-armor-policy-require-adaptive-protection",
        types=(POLICY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A flood from many addresses, each below the rate limit, stays undetected.",
        remedy="Set adaptiveProtectionConfig.layer7DdosDefenseConfig.enable: true.",
        reference=_GUIDE + "adaptive-protection-overview",
        check=_check_adaptive_protection,
    ),
)
