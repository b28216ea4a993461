"""Functions on AWS, and the secrets and settings that programs read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.aws.relations import must_have
from policies.checks import may_be, may_be_at_least, must_be_set
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
"""A word of a name, as names of variables and of parameters are written."""
_ABOUT = re.compile(
    r"(?i)(arn|name|id|path|file|url|ttl|days|hours|seconds|expiry|length|type|version|enabled|issuer)$"
)
"""Ends of names whose value is about the secret: where it is, or how it is handled."""
_RUNTIMES = ("dotnet8", "dotnet10", "java17", "java21", "java25", "nodejs22.x", "nodejs24.x", "provided.al2023",
             "python3.11", "python3.12", "python3.13", "python3.14", "ruby3.3", "ruby3.4")  # fmt: skip
_LEAST_DAYS = 7


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _ABOUT.search(name)


def _holds_secret(props: Props) -> Iterator[str]:
    variables = (props.get("environment") or {}).get("variables") or {}
    for name in variables:
        if _is_secret(name):
            yield f"environment.variables.{name}: is a secret by its name"


def _is_readable_secret(props: Props) -> Iterator[str]:
    if props.get("type") != "SecureString" and _is_secret(str(props.get("name") or "")):
        yield "type: is not SecureString, and the parameter is a secret by its name"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-lambda-function-match-runtime",
        types=(FUNCTION,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A runtime that is no longer supported gets no patches, and one day no deployment.",
        remedy=f"Set runtime to one of {', '.join(_RUNTIMES)}.",
        reference=_FUNCTIONS + "lambda-runtimes.html",
        check=may_be("runtime", *_RUNTIMES),
    ),
    Rule(
        id="aws-lambda-function-deny-secrets",
        types=(FUNCTION,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whoever may describe the function reads its environment.",
        remedy="Keep the secret in Secrets Manager, and give the function its ARN.",
        reference=_FUNCTIONS + "configuration-envvars-encryption.html",
        check=_holds_secret,
    ),
    Rule(
        id="aws-lambda-function-require-network",
        types=(FUNCTION,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A function outside of the network talks to everything, and no flow log shows it.",
        remedy="Set vpcConfig.subnetIds where it has to do with what is in the network.",
        reference=_FUNCTIONS + "configuration-vpc.html",
        check=must_be_set("vpcConfig.subnetIds"),
    ),
    StackRule(
        id="aws-secretsmanager-secret-require-rotation",
        types=(SECRET,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A secret that never changes is known to all who ever had it.",
        remedy="Add a SecretRotation.",
        reference=_SECRETS + "rotating-secrets.html",
        check=must_have((ROTATION,), "secretId", "rotation", by="arn"),
    ),
    Rule(
        id="aws-secretsmanager-secret-limit-deletion",
        types=(SECRET,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A secret that is deleted at once takes down what still reads it, and cannot be had back.",
        remedy=f"Leave recoveryWindowInDays out, or set at least {_LEAST_DAYS}.",
        reference=_SECRETS + "manage_delete-secret.html",
        check=may_be_at_least("recoveryWindowInDays", _LEAST_DAYS),
    ),
    Rule(
        id="aws-ssm-parameter-deny-plain-secret",
        types=(PARAMETER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A plain parameter is read by whoever may read parameters, without any key.",
        remedy="Set type: SecureString.",
        reference="https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html",
        check=_is_readable_secret,
    ),
)
