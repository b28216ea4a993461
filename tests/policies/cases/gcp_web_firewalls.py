"""Cases of ``policies.gcp.web_firewalls``."""

from __future__ import annotations

from policies.gcp.web_firewalls import RULES
from tests.policies import tables

_case = tables.of(RULES)
_EVERYBODY = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
_POLICY = {
    "type": "CLOUD_ARMOR",
    "rules": [
        {"priority": 1, "action": "deny(403)", "preview": False,
         "match": {"expr": {"expression": "evaluatePreconfiguredWaf('sqli-v33-stable')"}}},
        {"priority": 2, "action": "throttle", "match": _EVERYBODY},
        {"priority": 2147483647, "action": "deny(403)", "match": _EVERYBODY},
    ],
    "adaptiveProtectionConfig": {"layer7DdosDefenseConfig": {"enable": True}},
}  # fmt: skip
_END = "gcp-armor-policy-deny-open-end"

CASES = [
    _case(_END, _POLICY, "rules[2].action", "allow", absent_path="rules"),
    _case(_END, _POLICY, "rules[2].priority", 3, absent_path="rules"),
    _case("gcp-armor-policy-require-rate-limit", _POLICY, "rules[1].action", "allow", absent_path="rules"),
    _case("gcp-armor-policy-require-attack-rules", _POLICY, "rules[0].match.expr.expression", "true"),
    _case("gcp-armor-policy-deny-watching-only", _POLICY, "rules[0].preview", True),
    _case("gcp-armor-policy-require-adaptive-protection", _POLICY,
          "adaptiveProtectionConfig.layer7DdosDefenseConfig.enable", False),
]  # fmt: skip
