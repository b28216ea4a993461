"""``aws.iam.getPolicyDocument``: statements rendered to a policy, as the official provider renders them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pouw.engine.plugins.core.properties import Value

_WORDS = (("sid", "Sid"), ("effect", "Effect"))
_LISTS = (
    ("actions", "Action"),
    ("notActions", "NotAction"),
    ("resources", "Resource"),
    ("notResources", "NotResource"),
)
_PRINCIPALS = (("principals", "Principal"), ("notPrincipals", "NotPrincipal"))


def document(arguments: Mapping[str, Value]) -> str:
    """Return the policy as JSON. An override replaces the statement that has its ``Sid``, or is added at the end."""
    statements: list[dict[str, Any]] = []
    for source in arguments.get("sourcePolicyDocuments") or []:
        statements += _statements(source)
    statements += [_statement(statement) for statement in arguments.get("statements") or []]
    for override in arguments.get("overridePolicyDocuments") or []:
        for statement in _statements(override):
            replaced = [known for known in statements if statement.get("Sid") and known.get("Sid") == statement["Sid"]]
            if replaced:
                statements[statements.index(replaced[0])] = statement
            else:
                statements.append(statement)
    content: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        content["Id"] = arguments["policyId"]
    return json.dumps({**content, "Statement": statements}, separators=(",", ":"))


def _statements(text: str) -> Iterable[dict[str, Any]]:
    statements = json.loads(text).get("Statement") or []
    return statements if isinstance(statements, list) else [statements]


def _statement(arguments: Mapping[str, Value]) -> dict[str, Any]:
    statement: dict[str, Any] = {word: arguments[name] for name, word in _WORDS if arguments.get(name)}
    statement.setdefault("Effect", "Allow")
    for name, word in _LISTS:
        if arguments.get(name):
            statement[word] = _single(sorted(arguments[name], reverse=True))
    for name, word in _PRINCIPALS:
        if arguments.get(name):
            statement[word] = _principals(arguments[name])
    if arguments.get("conditions"):
        conditions: dict[str, dict[str, Any]] = {}
        for condition in arguments["conditions"]:
            conditions.setdefault(condition["test"], {})[condition["variable"]] = _single(condition["values"])
        statement["Condition"] = conditions
    return statement


def _principals(principals: Sequence[Mapping[str, Value]]) -> Any:
    by_type: dict[str, list[str]] = {}
    for principal in principals:
        by_type.setdefault(principal["type"], []).extend(principal["identifiers"])
    return "*" if by_type == {"*": ["*"]} else {kind: _single(identifiers) for kind, identifiers in by_type.items()}


def _single(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else list(values)
