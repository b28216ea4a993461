"""Cases of ``policies.aws.functions``."""

from __future__ import annotations

from policies.aws.functions import ROTATION, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)
_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:peers"
_FUNCTION = {
    "runtime": "python3.13",
    "environment": {"variables": {"LEVEL": "info", "DB_PASSWORD_ARN": _ARN, "MAX_TOKENS": "9", "TOKEN_TTL": "60"}},
    "vpcConfig": {"subnetIds": ["subnet-1"]},
}
_SECRET = {"arn": _ARN, "recoveryWindowInDays": 30}
_ROTATED = Declaration(type=ROTATION, name="rotation", props={"secretId": _ARN})

CASES = [
    _case("aws-lambda-function-match-runtime", _FUNCTION, "runtime", "python3.8"),
    _case("aws-lambda-function-deny-secrets", _FUNCTION, "environment.variables.DB_PASSWORD", "correct horse",
          absent_path="environment"),
    _case("aws-lambda-function-deny-secrets", _FUNCTION, "environment.variables.peerToken", "correct horse",
          absent_path="environment"),
    _case("aws-lambda-function-require-network", _FUNCTION, "vpcConfig.subnetIds", []),
    _case("aws-secretsmanager-secret-require-rotation", _SECRET, "secretId", "arn:other", related=(_ROTATED,),
          broken_related="rotation"),
    _case("aws-secretsmanager-secret-limit-deletion", _SECRET, "recoveryWindowInDays", 0),
    _case("aws-ssm-parameter-deny-plain-secret", {"type": "SecureString", "name": "/pouw/peers/token"}, "type",
          "String", absent_path="name"),
]  # fmt: skip
