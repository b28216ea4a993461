"""Web firewalls: that they hold back what they see, and tell it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policies.aws.relations import StackCheck, about, must_have
from policies.checks import MISSING, exists, find, must_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ACL = "aws:wafv2/webAcl:WebAcl"
RULE = "aws:wafv2/webAclRule:WebAclRule"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"

_GUIDE = "https://docs.aws.amazon.com/waf/latest/developerguide/"


def _some(is_right: Callable[[Mapping[str, Any]], bool], words: str) -> StackCheck:
    """Some rule of the list is right: inside it, as JSON, or a resource of its own."""

    def check(acl: Resource, stack: Stack) -> Iterator[str]:
        inside = [rule for _, rule in find(acl.props, "rules[*]") if rule is not MISSING]
        inside += [_lowered(rule) for rule in json.loads(acl.props.get("ruleJson") or "[]")]
        apart = [one.props for one in about(acl, stack, (RULE,), "webAclArn", by="arn")]
        if not exists((*inside, *apart), is_right):
            yield f"rules: {words}"

    return check


def _lowered(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """A rule as the service writes it, named as the provider names it."""
    parts = {"action": rule.get("Action"), "statement": rule.get("Statement")}
    return {
        name: {f"{key[0].lower()}{key[1:]}": inner for key, inner in (part or {}).items()}
        for name, part in parts.items()
    }


def _limits_rate(rule: Mapping[str, Any]) -> bool:
    stops = "count" not in tuple(rule.get("action") or ())
    return "rateBasedStatement" in tuple(rule.get("statement") or ()) and stops


def _is_managed(rule: Mapping[str, Any]) -> bool:
    return "managedRuleGroupStatement" in tuple(rule.get("statement") or ())


def _only_counts(props: Props) -> Iterator[str]:
    for path in ("rules[*].overrideAction", "overrideAction"):
        for at, action in find(props, path):
            # What to count with is an empty object, so that it is named says all.
            if action is not MISSING and "count" in tuple(action):
                yield f"{at}.count: what the group finds is counted and let through"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="aws-wafv2-webacl-require-logging",
        types=(ACL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Whom it held back, and whom it should have, cannot be found out later.",
        remedy="Add a WebAclLoggingConfiguration.",
        reference=_GUIDE + "logging.html",
        check=must_have((LOGGING,), "resourceArn", "log", by="arn"),
    ),
    StackRule(
        id="aws-wafv2-webacl-require-rate-limit",
        types=(ACL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="One client that calls without end takes the service away from all others.",
        remedy="Add a rule with a rateBasedStatement that blocks.",
        reference=_GUIDE + "waf-rule-statement-type-rate-based.html",
        check=_some(_limits_rate, "none holds back a client by its rate"),
    ),
    StackRule(
        id="aws-wafv2-webacl-require-managed-rules",
        types=(ACL,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Attacks that everybody knows are new to a list that nobody keeps.",
        remedy="Add a rule with a managedRuleGroupStatement such as AWSManagedRulesKnownBadInputsRuleSet.",
        reference=_GUIDE + "aws-managed-rule-groups.html",
        check=_some(_is_managed, "none is kept up to date by AWS"),
    ),
    Rule(
        id="aws-wafv2-webacl-deny-counting",
        types=(ACL, RULE),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A group that was set to count for a trial, and stayed so, protects from nothing.",
        remedy="Set overrideAction to none.",
        reference=_GUIDE + "web-acl-rule-group-override-options.html",
        check=_only_counts,
    ),
    Rule(
        id="aws-wafv2-webacl-require-metrics",
        types=(ACL,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="An attack that no figure shows is found by its damage.",
        remedy="Set visibilityConfig.cloudwatchMetricsEnabled: true; samples carry headers, and are not asked for.",
        reference=_GUIDE + "monitoring-cloudwatch.html",
        check=must_be("visibilityConfig.cloudwatchMetricsEnabled", True),
    ),
)
