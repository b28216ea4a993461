"""Removal of nulls, so that a rule tests for absence only once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_policy.proxy import _DictProxy, _ListProxy


def without_nulls(props: Mapping[str, Any]) -> Mapping[str, Any]:
    """Remove null properties in place, at any depth, and return the properties. Items of lists keep their indices."""
    _clean(props)
    return props


def _clean(node: Any) -> None:
    # A proxy raises where an unknown value is read, and exposes the proxied object under this key.
    target = node["__target"] if isinstance(node, _DictProxy | _ListProxy) else node
    if isinstance(target, dict):
        for key in [key for key, value in target.items() if value is None]:
            del target[key]
        for value in target.values():
            _clean(value)
    elif isinstance(target, list):
        for value in target:
            _clean(value)
