"""Rules about AWS WAF web ACLs: blocking, logging and metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policies.aws.references import StackCheck, must_have, referrers
from policies.checks import MISSING, exists, find, must_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ACL = "aws:wafv2/webAcl:WebAcl"
RULE = "aws:wafv2/webAclRule:WebAclRule"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"

_GUIDE = "https://docs.aws.amazon.com/waf/latest/developerguide/"


def _must_contain(is_match: Callable[[Mapping[str, Any]], bool], problem: str) -> StackCheck:
    """Return a check that some rule of the ACL is right: in the list, in its JSON form, or a separate resource."""

    def check(acl: Resource, stack: Stack) -> Iterator[str]:
        inline_rules = [rule for _, rule in find(acl.props, "rules[*]") if rule is not MISSING]
        inline_rules += [_with_provider_names(rule) for rule in json.loads(acl.props.get("ruleJson") or "[]")]
        separate_rules = [resource.props for resource in referrers(acl, stack, (RULE,), "webAclArn", by="arn")]
        if not exists((*inline_rules, *separate_rules), is_match):
            yield f"rules: {problem}"

    return check


def _with_provider_names(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a rule in the API's spelling with the provider's property names."""
    parts = {"action": rule.get("Action"), "statement": rule.get("Statement")}
    return {
        name: {f"{key[0].lower()}{key[1:]}": inner for key, inner in (part or {}).items()}
        for name, part in parts.items()
    }


def _limits_rate(rule: Mapping[str, Any]) -> bool:
    blocks = "count" not in tuple(rule.get("action") or ())
    return "rateBasedStatement" in tuple(rule.get("statement") or ()) and blocks


def _is_managed(rule: Mapping[str, Any]) -> bool:
    return "managedRuleGroupStatement" in tuple(rule.get("statement") or ())


def _check_count_override(props: Props) -> Iterator[str]:
    for pattern in ("rules[*].overrideAction", "overrideAction"):
        for path, action in find(props, pattern):
            # The count action is an empty object, so its presence decides.
            if action is not MISSING and "count" in tuple(action):
                yield f"{path}.count: the rule group counts matches and lets them pass; got count; expected none"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="aws-wafv2-webacl-require-logging",
        types=(ACL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without logs, blocked and missed requests cannot be investigated later.",
        remedy="Add a WebAclLoggingConfiguration.",
        reference=_GUIDE + "logging.html",
        check=must_have((LOGGING,), "resourceArn", "WebAclLoggingConfiguration", by="arn"),
    ),
    StackRule(
        id="aws-wafv2-webacl-require-rate-limit",
        types=(ACL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A single client with unlimited requests can exhaust the service for all other clients.",
        remedy="Add a rule with a rateBasedStatement and a block action.",
        reference=_GUIDE + "waf-rule-statement-type-rate-based.html",
        check=_must_contain(
            _limits_rate, "request rates are unlimited; got no blocking rateBasedStatement; expected at least one"
        ),
    ),
    StackRule(
        id="aws-wafv2-webacl-require-managed-rules",
        types=(ACL,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A static rule list does not detect attacks that were published after it was written.",
        remedy="Add a rule with a managedRuleGroupStatement such as AWSManagedRulesKnownBadInputsRuleSet.",
        reference=_GUIDE + "aws-managed-rule-groups.html",
        check=_must_contain(
            _is_managed, "no managed rule group is used; got no managedRuleGroupStatement; expected at least one"
        ),
    ),
    Rule(
        id="aws-wafv2-webacl-deny-counting",
        types=(ACL, RULE),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A rule group left in count mode after a trial blocks nothing.",
        remedy="Set overrideAction to none.",
        reference=_GUIDE + "web-acl-rule-group-override-options.html",
        check=_check_count_override,
    ),
    Rule(
        id="aws-wafv2-webacl-require-metrics",
        types=(ACL,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="Without metrics, an attack is first noticed by the damage it causes.",
        remedy="Set visibilityConfig.cloudwatchMetricsEnabled: true. Request samples contain headers and are optional.",
        reference=_GUIDE + "monitoring-cloudwatch.html",
        check=must_be("visibilityConfig.cloudwatchMetricsEnabled", True),
    ),
)
