"""Policy documents of AWS: who may do what. One that cannot be read raises, so its rule was not evaluated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Statement: TypeAlias = Mapping[str, Any]

_NARROWING = frozenset(
    {
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
        "aws:sourcearn", "aws:sourceorgid", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "kms:calleraccount",
    }
)  # fmt: skip
"""Condition keys that hold a statement for anybody to somebody."""


def statements(document: Any, at: str) -> Iterator[tuple[str, Statement]]:
    """Every statement with its path; a document is JSON, or already an object."""
    listed = (document if isinstance(document, Mapping) else json.loads(document))["Statement"]
    if isinstance(listed, Mapping):
        yield f"{at}.Statement", listed
        return
    for index in range(len(listed)):
        yield f"{at}.Statement[{index}]", listed[index]


def allowed(document: Any, at: str) -> Iterator[tuple[str, Statement]]:
    """Every statement that allows something."""
    return ((where, one) for where, one in statements(document, at) if one["Effect"] == "Allow")


def texts(value: Any) -> Sequence[str]:
    """One text or several, as documents have it; none where there is nothing."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else [str(value[index]) for index in range(len(value))]


def is_for_anybody(statement: Statement) -> bool:
    """Whether the principal is everyone, and no condition says otherwise."""
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return ("NotPrincipal" in statement or "*" in texts(named)) and not _is_narrowed(statement)


def conditions(statement: Statement) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Every condition: operator and key in lower case, and its values."""
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield operator.lower(), key.lower(), texts(values if not isinstance(values, bool) else str(values))


def _is_narrowed(statement: Statement) -> bool:
    return any(
        key in _NARROWING and "*" not in values
        for operator, key, values in conditions(statement)
        if not operator.startswith(("stringnot", "arnnot", "null", "forallvalues:"))
        and not operator.endswith("ifexists")
    )


def refuses_plain_transport(document: Any, *, below: str = "", only: str = "") -> bool:
    """Whether the document denies everything to everybody who comes without TLS.

    ``below``: what one of its resources has to end with, where a resource has others inside. ``only``: an action, in
    lower case, that is all there is to deny where a service takes no wildcard.
    """
    return any(
        one["Effect"] == "Deny"
        and _is_everyone(one.get("Principal"))
        and any(verb == "*" or verb.endswith(":*") or verb.lower() == only for verb in texts(one.get("Action")))
        and any(name.endswith(below) for name in texts(one.get("Resource")))
        and _only_without_tls(one)
        for _, one in statements(document, "")
    )


def _only_without_tls(statement: Statement) -> bool:
    listed = list(conditions(statement))
    return len(listed) == 1 and all(
        operator in ("bool", "boolifexists") and key == "aws:securetransport" and values[0].lower() == "false"
        for operator, key, values in listed
    )


def _is_everyone(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, Mapping) and "*" in texts(principal.get("AWS")))
