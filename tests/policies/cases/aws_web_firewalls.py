"""Cases of ``policies.aws.web_firewalls``."""

from __future__ import annotations

import json
from typing import Any

from policies.aws.web_firewalls import LOGGING, RULE, RULES
from tests.policies import tables
from tests.policies.analyzer import Given

_case = tables.of(RULES)
_ARN = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/edge/1"
_RATE = {"name": "rate", "statement": {"rateBasedStatement": {"limit": 2000}}, "action": {"block": {}}}
_KNOWN = {"name": "known", "statement": {"managedRuleGroupStatement": {"name": "AWSManagedRulesCommonRuleSet"}},
          "overrideAction": {"none": {}}}  # fmt: skip
_LOG = Given(type=LOGGING, name="log", props={"resourceArn": _ARN})
_APART = Given(type=RULE, name="apart", props={**_RATE, "webAclArn": _ARN})


def acl(*rules: Any) -> dict[str, Any]:
    """A list with these rules."""
    visible = {"cloudwatchMetricsEnabled": True, "sampledRequestsEnabled": False}
    return {"arn": _ARN, "rules": list(rules), "visibilityConfig": visible}


def written(action: str) -> str:
    """One rule about the rate, as the service writes it."""
    return json.dumps([{"Statement": {"RateBasedStatement": {"Limit": 2000}}, "Action": {action: {}}}])


_BOTH = acl(_RATE, _KNOWN)
_LIMIT = "aws-wafv2-webacl-require-rate-limit"
_COUNTING = "aws-wafv2-webacl-deny-counting"
_METRICS = "aws-wafv2-webacl-require-metrics"

CASES = [
    _case("aws-wafv2-webacl-require-logging", _BOTH, "resourceArn", "arn:other", others=(_LOG,), broken_other="log"),
    _case(_LIMIT, _BOTH, "rules[0].action", {"count": {}}, absent_at="rules"),
    _case(_LIMIT, acl(), "webAclArn", "arn:other", others=(_APART,), broken_other="apart"),
    _case(_LIMIT, {"ruleJson": written("Block")}, "ruleJson", written("Count")),
    _case("aws-wafv2-webacl-require-managed-rules", acl(_KNOWN), "rules[0].statement", {"geoMatchStatement": {}}),
    _case(_COUNTING, _BOTH, "rules[1].overrideAction", {"count": {}}),
    _case(_COUNTING, _KNOWN, "overrideAction", {"count": {}}, type=RULE),
    _case(_METRICS, _BOTH, "visibilityConfig.cloudwatchMetricsEnabled", False),
]  # fmt: skip
