"""The part of a provider's configuration that plans and functions depend on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value
from pouw.engine.plugins.core.sdk_types import Plain, Properties


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The account and region of a provider. An empty text is not known."""

    account: str = ""
    """Account, subscription or project."""
    region: str = ""
    tags: Mapping[str, Value] = field(default_factory=dict)
    """Tags or labels that the provider adds to every resource."""


def decoded(values: Mapping[str, Value], properties: Properties) -> dict[str, Value]:
    """Return a provider's inputs in their own types: on the wire everything but text is JSON in a text."""
    return {name: _decoded(value, properties, name) for name, value in values.items()}


def _decoded(value: Value, properties: Properties, name: str) -> Value:
    if isinstance(value, Secret):
        return Secret(_decoded(value.value, properties, name))
    definition = properties.get(name)
    if not isinstance(value, str) or value is UNKNOWN or definition is None or definition.type == Plain("string"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # a text where none is allowed, or an enum's value: validation decides which


def text(values: Mapping[str, Value], name: str) -> str:
    """Return a text of the configuration; empty when it is missing or not known."""
    value = values.get(name)
    value = value.value if isinstance(value, Secret) else value
    return value if isinstance(value, str) else ""
