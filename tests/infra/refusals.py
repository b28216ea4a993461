"""The faults with which a configuration is refused, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.settings.loader import ConfigError, parse


def refusals(values: Mapping[str, Any]) -> list[str]:
    """Return the faults of a configuration; empty if it is accepted."""
    try:
        parse(values)
    except ConfigError as error:
        return [str(fault) for fault in error.faults]
    return []
