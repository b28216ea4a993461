"""Cases of ``policies.aws.web_firewalls``."""

from __future__ import annotations

import json
from typing import Any

from policies.aws.web_firewalls import LOGGING, RULE, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)
_ARN = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/edge/1"
_RATE = {"name": "rate", "statement": {"rateBasedStatement": {"limit": 2000}}, "action": {"block": {}}}
_MANAGED = {"name": "known", "statement": {"managedRuleGroupStatement": {"name": "AWSManagedRulesCommonRuleSet"}},
          "overrideAction": {"none": {}}}  # fmt: skip
_LOG = Declaration(type=LOGGING, name="log", props={"resourceArn": _ARN})
_APART = Declaration(type=RULE, name="apart", props={**_RATE, "webAclArn": _ARN})


def acl(*rules: Any) -> dict[str, Any]:
    """Return a web ACL with these rules."""
    visible = {"cloudwatchMetricsEnabled": True, "sampledRequestsEnabled": False}
    return {"arn": _ARN, "rules": list(rules), "visibilityConfig": visible}


def as_json(action: str) -> str:
    """Return a rate-based rule in the form of the API."""
    return json.dumps([{"Statement": {"RateBasedStatement": {"Limit": 2000}}, "Action": {action: {}}}])


_ACL = acl(_RATE, _MANAGED)
_LIMIT = "aws-wafv2-webacl-require-rate-limit"
_COUNTING = "aws-wafv2-webacl-deny-counting"
_METRICS = "aws-wafv2-webacl-require-metrics"

CASES = [
    _case("aws-wafv2-webacl-require-logging", _ACL, "resourceArn", "arn:other", related=(_LOG,), broken_related="log"),
    _case(_LIMIT, _ACL, "rules[0].action", {"count": {}}, absent_path="rules"),
    _case(_LIMIT, acl(), "webAclArn", "arn:other", related=(_APART,), broken_related="apart"),
    _case(_LIMIT, {"ruleJson": as_json("Block")}, "ruleJson", as_json("Count")),
    _case("aws-wafv2-webacl-require-managed-rules", acl(_MANAGED), "rules[0].statement", {"geoMatchStatement": {}}),
    _case(_COUNTING, _ACL, "rules[1].overrideAction", {"count": {}}),
    _case(_COUNTING, _MANAGED, "overrideAction", {"count": {}}, type=RULE),
    _case(_METRICS, _ACL, "visibilityConfig.cloudwatchMetricsEnabled", False),
]  # fmt: skip
