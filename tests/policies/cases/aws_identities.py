"""Cases of ``policies.aws.identities``."""

from __future__ import annotations

import json
from typing import Any

from policies.aws.identities import LOGIN, RULES, USER_POLICIES
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/1"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_READER = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def trust(principal: Any, condition: Any = None) -> str:
    """Return a trust policy for one principal."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    bound = {"Condition": condition} if condition else {}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **bound}]})


def token(**claims: str) -> str:
    """Return a trust policy for tokens with these claims."""
    provider = {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{_ISSUER}"}
    return trust(provider, {"StringLike": {f"{_ISSUER}:{name}": value for name, value in claims.items()}})


_PODS = {"assumeRolePolicy": trust({"Service": "pods.eks.amazonaws.com"})}
_ORGANISATION = {"assumeRolePolicy": trust("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}})}
_NODES = {"assumeRolePolicy": token(sub="system:serviceaccount:pouw-system:node", aud="sts.amazonaws.com")}
_USER = {"name": "robot"}
_OTHERS_LOGIN = Declaration(type=LOGIN, name="login", props={"user": "colleague"})
_OTHERS_RIGHTS = Declaration(type=USER_POLICIES[1], name="rights", props={"user": "colleague", "policyArn": _READER})
_PASSWORDS = {"minimumPasswordLength": 14, "passwordReusePrevention": 24}
_OPEN = "aws-iam-role-deny-open-trust"
_TOKENS = "aws-iam-role-limit-tokens"
_DIRECT = "aws-iam-user-deny-direct-rights"

CASES = [
    _case(_OPEN, _PODS, "assumeRolePolicy", trust("*")),
    _case(_OPEN, _ORGANISATION, "assumeRolePolicy", trust({"AWS": ["*"]})),
    _case(_OPEN, _PODS, "assumeRolePolicy", trust("*", {"StringNotEquals": {"aws:PrincipalAccount": "1"}})),
    _case(_TOKENS, _NODES, "assumeRolePolicy", token(aud="sts.amazonaws.com")),
    _case(_TOKENS, _NODES, "assumeRolePolicy", token(sub="system:serviceaccount:pouw-system:node")),
    _case(_TOKENS, _NODES, "assumeRolePolicy", token(sub="*", aud="sts.amazonaws.com")),
    _case("aws-iam-role-limit-accounts", _PODS, "assumeRolePolicy", trust({"AWS": "arn:aws:iam::123456789012:root"})),
    _case("aws-iam-attachment-deny-administrator", {"policyArn": _READER, "role": "node"}, "policyArn", _ADMINISTRATOR,
          absent_path="role"),
    _case("aws-iam-attachment-limit-cloudshell", {"policyArn": _READER, "role": "node"}, "policyArn",
          "arn:aws:iam::aws:policy/AWSCloudShellFullAccess", absent_path="role"),
    _case("aws-iam-role-deny-administrator", {"managedPolicyArns": [_READER]}, "managedPolicyArns[0]", _ADMINISTRATOR),
    _case("aws-iam-role-deny-inline", {"inlinePolicies": []}, "inlinePolicies", [{"name": "own", "policy": "{}"}]),
    _case("aws-iam-role-require-boundary", {"permissionsBoundary": _READER}, "permissionsBoundary", REMOVED),
    _case("aws-iam-accesskey-deny-active", {"status": "Inactive"}, "status", "Active"),
    _case("aws-iam-user-deny-console", _USER, "user", "robot", related=(_OTHERS_LOGIN,), broken_related="login"),
    _case(_DIRECT, _USER, "user", "robot", related=(_OTHERS_RIGHTS,), broken_related="rights"),
    _case("aws-iam-passwords-require-length", _PASSWORDS, "minimumPasswordLength", 8),
    _case("aws-iam-passwords-deny-reuse", _PASSWORDS, "passwordReusePrevention", 5),
]  # fmt: skip
