"""Null is nothing: a rule must not have to ask twice whether something is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_policy.proxy import _DictProxy, _ListProxy


def without_nulls(props: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties without those that are null, taken out of them at any depth. Items of lists keep their places."""
    _clean(props)
    return props


def _clean(node: Any) -> None:
    # What holds unknown values raises where they are read, and gives what it holds under this name.
    held = node["__target"] if isinstance(node, _DictProxy | _ListProxy) else node
    if isinstance(held, dict):
        for key in [key for key, value in held.items() if value is None]:
            del held[key]
        for value in held.values():
            _clean(value)
    elif isinstance(held, list):
        for value in held:
            _clean(value)
