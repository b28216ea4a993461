"""Statements of AWS policy documents. An unreadable document raises, so its rule counts as not evaluated."""

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
"""Condition keys that restrict a statement for all principals to known ones."""


def statements(document: Any, path: str) -> Iterator[tuple[str, Statement]]:
    """Yield every statement with its path. The document is JSON text or an object."""
    entries = (document if isinstance(document, Mapping) else json.loads(document))["Statement"]
    if isinstance(entries, Mapping):
        yield f"{path}.Statement", entries
        return
    for index in range(len(entries)):
        yield f"{path}.Statement[{index}]", entries[index]


def allow_statements(document: Any, path: str) -> Iterator[tuple[str, Statement]]:
    """Yield every statement with the effect Allow."""
    return (
        (statement_path, entry) for statement_path, entry in statements(document, path) if entry["Effect"] == "Allow"
    )


def texts(value: Any) -> Sequence[str]:
    """Return a string or a list of strings as a sequence; an absent value as an empty one."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else [str(value[index]) for index in range(len(value))]


def is_public(statement: Statement) -> bool:
    """True if the statement applies to all principals without a restricting condition."""
    principal = statement.get("Principal")
    principals = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return ("NotPrincipal" in statement or "*" in texts(principals)) and not _is_narrowed(statement)


def conditions(statement: Statement) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield every condition: operator and key in lower case, and its values."""
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


def denies_plain_transport(document: Any, *, below: str = "", only: str = "") -> bool:
    """True if the document denies every action to all principals without TLS.

    ``below``: a suffix that one of the resources must have, where a resource contains others. ``only``: the one action,
    in lower case, that must be denied where a service accepts no wildcard.
    """
    return any(
        entry["Effect"] == "Deny"
        and _is_any_principal(entry.get("Principal"))
        and any(verb == "*" or verb.endswith(":*") or verb.lower() == only for verb in texts(entry.get("Action")))
        and any(name.endswith(below) for name in texts(entry.get("Resource")))
        and _only_without_tls(entry)
        for _, entry in statements(document, "")
    )


def _only_without_tls(statement: Statement) -> bool:
    all_conditions = list(conditions(statement))
    return len(all_conditions) == 1 and all(
        operator in ("bool", "boolifexists") and key == "aws:securetransport" and values[0].lower() == "false"
        for operator, key, values in all_conditions
    )


def _is_any_principal(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, Mapping) and "*" in texts(principal.get("AWS")))
