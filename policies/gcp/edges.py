"""Cloud Armor: whom the public edge lets in, and how often."""

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
    # Policies of other kinds guard caches and networks, where none of this is said.
    if (props.get("type") or "CLOUD_ARMOR") == "CLOUD_ARMOR":
        yield from ((at, one) for at, one in find(props, "rules[*]") if one is not MISSING)


def _lets_the_rest_in(props: Props) -> Iterator[str]:
    last = [(at, one) for at, one in _rules(props) if int(one["priority"]) == _LAST_PRIORITY]
    if not last:
        yield "rules: have no last one, and Google's lets everybody in"
    for at, one in last:
        if one["action"] == "allow":
            yield f"{at}.action: lets in whomever no other rule is about"


def _limits_nothing(props: Props) -> Iterator[str]:
    if not any(one["action"] in _LIMITING for _, one in _rules(props)):
        yield "rules: none limits how often one client calls"


def _knows_no_attack(props: Props) -> Iterator[str]:
    expressions = (((one.get("match") or {}).get("expr") or {}).get("expression") or "" for _, one in _rules(props))
    if not any("evaluatePreconfiguredWaf" in one or "evaluatePreconfiguredExpr" in one for one in expressions):
        yield "rules: none looks for known attacks"


def _only_watches(props: Props) -> Iterator[str]:
    for at, one in _rules(props):
        if one.get("preview") is True:
            yield f"{at}.preview: the rule is written down, and not followed"


def _does_not_learn(props: Props) -> Iterator[str]:
    if (props.get("type") or "CLOUD_ARMOR") == "CLOUD_ARMOR":
        yield from must_be("adaptiveProtectionConfig.layer7DdosDefenseConfig.enable", True)(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-armor-policy-deny-open-end",
        types=(POLICY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever no rule is about is a client like any other.",
        remedy=f"Add a rule of priority {_LAST_PRIORITY} with action deny(403) or throttle.",
        reference=_GUIDE + "security-policy-overview",
        check=_lets_the_rest_in,
    ),
    Rule(
        id="gcp-armor-policy-require-rate-limit",
        types=(POLICY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="One client takes the service from all others by asking often.",
        remedy="Let what is allowed in by a rule with action throttle or rate_based_ban.",
        reference=_GUIDE + "rate-limiting-overview",
        check=_limits_nothing,
    ),
    Rule(
        id="gcp-armor-policy-require-attack-rules",
        types=(POLICY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Attacks that everybody knows reach programs that somebody forgot to mend.",
        remedy="Add rules with evaluatePreconfiguredWaf.",
        reference=_GUIDE + "waf-rules",
        check=_knows_no_attack,
    ),
    Rule(
        id="gcp-armor-policy-deny-watching-only",
        types=(POLICY,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A rule in preview looks like protection and is none.",
        remedy="Remove preview once the log shows that the rule hits nobody wrongly.",
        reference=_GUIDE + "security-policy-overview",
        check=_only_watches,
    ),
    Rule(
        id="gcp-armor-policy-require-adaptive-protection",
        types=(POLICY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A flood from many addresses, each below the limit, is seen by nobody.",
        remedy="Set adaptiveProtectionConfig.layer7DdosDefenseConfig.enable: true.",
        reference=_GUIDE + "adaptive-protection-overview",
        check=_does_not_learn,
    ),
)
