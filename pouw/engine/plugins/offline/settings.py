"""A provider's configuration, as far as answers depend on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value
from pouw.engine.plugins.core.sdk_types import Plain, Properties


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where a provider works. Empty texts are not known."""

    account: str = ""
    """Account, subscription or project."""
    region: str = ""
    tags: Mapping[str, Value] = field(default_factory=dict)
    """Tags or labels that the provider puts on everything."""


def decoded(values: Mapping[str, Value], properties: Properties) -> dict[str, Value]:
    """A provider's inputs with their own types: on the wire everything but text is JSON in a text."""
    return {name: _decoded(value, properties, name) for name, value in values.items()}


def _decoded(value: Value, properties: Properties, name: str) -> Value:
    if isinstance(value, Secret):
        return Secret(_decoded(value.value, properties, name))
    described = properties.get(name)
    if not isinstance(value, str) or value is UNKNOWN or described is None or described.type == Plain("string"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # a text where none belongs, or an enum's: validation says which


def text(values: Mapping[str, Value], name: str) -> str:
    """A text of the configuration; empty when it is not there or not known."""
    value = values.get(name)
    value = value.value if isinstance(value, Secret) else value
    return value if isinstance(value, str) else ""
