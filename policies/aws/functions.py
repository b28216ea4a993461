"""Rules about Lambda functions, secrets and SSM parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.aws.references import must_have
from policies.checks import format_value, may_be, may_be_at_least, must_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule

FUNCTION = "aws:lambda/function:Function"
SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type token
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
PARAMETER = "aws:ssm/parameter:Parameter"

_FUNCTIONS = "https://docs.aws.amazon.com/lambda/latest/dg/"
_SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/"
_SECRET_NAME = re.compile(
    r"(?i:(?:^|[_/.-])(?:passw(?:or)?d|secret|token|credentials?|private_?key|api_?key|access_?key)(?:$|[_/.-]))"
    r"|[a-z](?:Password|Secret|Token|Credentials?|PrivateKey|ApiKey)$"
)
"""A secret-like word in the name of a variable or parameter."""
_DESCRIPTION_NAME = re.compile(
    r"(?i)(arn|name|id|path|file|url|ttl|days|hours|seconds|expiry|length|type|version|enabled|issuer)$"
)
"""Suffixes of names whose value describes a secret, such as its location or lifetime."""
_RUNTIMES = ("dotnet8", "dotnet10", "java17", "java21", "java25", "nodejs22.x", "nodejs24.x", "provided.al2023",
             "python3.11", "python3.12", "python3.13", "python3.14", "ruby3.3", "ruby3.4")  # fmt: skip
_MINIMUM_DAYS = 7


def _is_secret_name(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _DESCRIPTION_NAME.search(name)


def _check_environment(props: Props) -> Iterator[str]:
    variables = (props.get("environment") or {}).get("variables") or {}
    for name in variables:
        if _is_secret_name(name):
            yield (
                f"environment.variables.{name}: the environment contains a secret; got a variable with a secret's "
                "name; expected the ARN of a stored secret"
            )


def _check_parameter_type(props: Props) -> Iterator[str]:
    if props.get("type") != "SecureString" and _is_secret_name(str(props.get("name") or "")):
        yield (
            f"type: a parameter with a secret's name is not encrypted; got {format_value(props.get('type'))}; expected "
            "SecureString"
        )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-lambda-function-match-runtime",
        types=(FUNCTION,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="An unsupported runtime receives no security patches, and later its deployments fail.",
        remedy=f"Set runtime to one of {', '.join(_RUNTIMES)}.",
        reference=_FUNCTIONS + "lambda-runtimes.html",
        check=may_be("runtime", *_RUNTIMES),
    ),
    Rule(
        id="aws-lambda-function-deny-secrets",
        types=(FUNCTION,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Anyone who may describe the function can read its environment.",
        remedy="Replace the value in environment.variables by the ARN of a secret in Secrets Manager.",
        reference=_FUNCTIONS + "configuration-envvars-encryption.html",
        check=_check_environment,
    ),
    Rule(
        id="aws-lambda-function-require-network",
        types=(FUNCTION,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A function outside the VPC can reach any address, and no flow log records it.",
        remedy="Set vpcConfig.subnetIds where the function uses resources of the network.",
        reference=_FUNCTIONS + "configuration-vpc.html",
        check=must_be_set("vpcConfig.subnetIds"),
    ),
    StackRule(
        id="aws-secretsmanager-secret-require-rotation",
        types=(SECRET,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A secret that never changes stays valid for every client that ever had access to it.",
        remedy="Add a SecretRotation.",
        reference=_SECRETS + "rotating-secrets.html",
        check=must_have((ROTATION,), "secretId", "SecretRotation", by="arn"),
    ),
    Rule(
        id="aws-secretsmanager-secret-limit-deletion",
        types=(SECRET,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Immediate deletion breaks every reader of the secret and cannot be undone.",
        remedy=f"Remove recoveryWindowInDays, or set it to at least {_MINIMUM_DAYS}.",
        reference=_SECRETS + "manage_delete-secret.html",
        check=may_be_at_least("recoveryWindowInDays", _MINIMUM_DAYS),
    ),
    Rule(
        id="aws-ssm-parameter-deny-plain-secret",
        types=(PARAMETER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Anyone who may read parameters can read a String parameter without a key.",
        remedy="Set type: SecureString.",
        reference="https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html",
        check=_check_parameter_type,
    ),
)
