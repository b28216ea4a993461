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
    """The policy as JSON. An override takes the place of the statement that has its ``Sid``, or comes last."""
    statements: list[dict[str, Any]] = []
    for source in arguments.get("sourcePolicyDocuments") or []:
        statements += _statements(source)
    statements += [_statement(one) for one in arguments.get("statements") or []]
    for override in arguments.get("overridePolicyDocuments") or []:
        for one in _statements(override):
            same = [known for known in statements if one.get("Sid") and known.get("Sid") == one["Sid"]]
            if same:
                statements[statements.index(same[0])] = one
            else:
                statements.append(one)
    made: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        made["Id"] = arguments["policyId"]
    return json.dumps({**made, "Statement": statements}, separators=(",", ":"))


def _statements(text: str) -> Iterable[dict[str, Any]]:
    found = json.loads(text).get("Statement") or []
    return found if isinstance(found, list) else [found]


def _statement(given: Mapping[str, Value]) -> dict[str, Any]:
    made: dict[str, Any] = {word: given[name] for name, word in _WORDS if given.get(name)}
    made.setdefault("Effect", "Allow")
    for name, word in _LISTS:
        if given.get(name):
            made[word] = _single(sorted(given[name], reverse=True))
    for name, word in _PRINCIPALS:
        if given.get(name):
            made[word] = _principals(given[name])
    if given.get("conditions"):
        conditions: dict[str, dict[str, Any]] = {}
        for one in given["conditions"]:
            conditions.setdefault(one["test"], {})[one["variable"]] = _single(one["values"])
        made["Condition"] = conditions
    return made


def _principals(given: Sequence[Mapping[str, Value]]) -> Any:
    by_type: dict[str, list[str]] = {}
    for one in given:
        by_type.setdefault(one["type"], []).extend(one["identifiers"])
    return "*" if by_type == {"*": ["*"]} else {kind: _single(who) for kind, who in by_type.items()}


def _single(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else list(values)
