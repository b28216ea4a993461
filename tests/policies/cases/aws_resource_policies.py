"""Cases of ``policies.aws.resource_policies``."""

from __future__ import annotations

import json
from typing import Any

from policies.aws.resource_policies import DOMAIN, QUEUE_POLICY, RULES, WITH_POLICY
from tests.policies import tables

_case = tables.of(RULES)
_ANYBODY = "aws-policies-resource-deny-anybody"
_TLS = "aws-policies-messages-require-tls"
_NAMES = {DOMAIN: "accessPolicies", "aws:opensearch/domainPolicy:DomainPolicy": "accessPolicies",
          "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument"}  # fmt: skip


def policy(principal: Any = "*", **condition: Any) -> str:
    """Return a policy with one Allow statement for a principal."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"}
    return json.dumps({"Statement": [{**statement, "Condition": condition} if condition else statement]})


def refusal(operator: str = "Bool", action: str = "sqs:*") -> str:
    """Return a policy that denies requests without TLS."""
    without_tls = {operator: {"aws:SecureTransport": "false"}}
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": "*",
        "Condition": without_tls,
    }
    return json.dumps({"Statement": statement})


_ROOT = policy({"AWS": "arn:aws:iam::123456789012:root"})
_SOURCED = policy("*", ArnEquals={"aws:SourceArn": "arn:aws:events:eu-west-1:123456789012:rule/pouw"})
_LOOSE = policy("*", StringEqualsIfExists={"aws:SourceAccount": "123456789012"})
_EXCEPTED = json.dumps({"Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "*"}]})

CASES = [
    *(_case(_ANYBODY, {_NAMES.get(kind, "policy"): _ROOT}, _NAMES.get(kind, "policy"), policy(), type=kind)
      for kind in WITH_POLICY),
    _case(_ANYBODY, {"policy": _SOURCED}, "policy", _LOOSE, type=QUEUE_POLICY),
    _case(_ANYBODY, {"policy": _SOURCED}, "policy", _EXCEPTED, type=QUEUE_POLICY),
    _case(_TLS, {"policy": refusal()}, "policy", _ROOT),
    _case(_TLS, {"policy": refusal(action="SNS:Publish")}, "policy", refusal(action="sns:Subscribe")),
    _case(_TLS, {"policy": refusal()}, "policy", refusal("StringEquals"), type=QUEUE_POLICY),
    _case("aws-sns-subscription-deny-plain", {"protocol": "https"}, "protocol", "http"),
    _case("aws-lambda-permission-deny-anybody", {"principal": "events.amazonaws.com"}, "principal", "*"),
    _case("aws-lambda-url-require-authentication", {"authorizationType": "AWS_IAM"}, "authorizationType", "NONE"),
]  # fmt: skip
