"""Cases of ``policies.aws.permissions``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from policies.aws.permissions import ROLE, RULES
from tests.policies import tables
from tests.policies.contract import Case

_make = tables.of(RULES)


def document(action: str | list[str] = "s3:GetObject", resource: str = "*", **more: Any) -> str:
    """Return a policy with one Allow statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _case(rule: str, broken_value: str, compliant: str = document(), **fields: Any) -> Case:
    return _make(rule, {"policy": compliant}, "policy", broken_value, **fields)


_ADMINISTRATOR = "aws-iam-policy-deny-administrator"
_SERVICES = "aws-iam-policy-deny-whole-services"
_EXCEPTIONS = "aws-iam-policy-deny-exceptions"
_PASSING = "aws-iam-policy-deny-passing-any-role"
_ESCALATION = "aws-iam-policy-deny-escalation"
_RESOURCES = "aws-iam-policy-limit-resources"
_TO_MACHINES = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
_INLINE: Mapping[str, Any] = {"inlinePolicies": [{"name": "own", "policy": document()}]}

CASES = [
    _case(_ADMINISTRATOR, document("*")),
    _case(_ADMINISTRATOR, document(["s3:Get*", "*:*"])),
    _make(_ADMINISTRATOR, _INLINE, "inlinePolicies[0].policy", document("*"), type=ROLE),
    _case(_SERVICES, document("s3:*"), document("s3:*", "arn:aws:s3:::pouw/*")),
    _case(_EXCEPTIONS, json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}})),
    _case(_EXCEPTIONS, json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:Get*", "NotResource": "arn:x"}})),
    _case(_PASSING, document("iam:Pass*"), document("iam:PassRole", Condition=_TO_MACHINES)),
    _case(_ESCALATION, document("iam:Put*"), document("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/pouw")),
    _case(_RESOURCES, document("ec2:DeleteVolume"), document(["ec2:DescribeVolumes", "s3:GetObject"])),
    _case(
        _RESOURCES, document("kms:Encrypt"), document("kms:Encrypt", Condition={"Bool": {"aws:SecureTransport": True}})
    ),
]
