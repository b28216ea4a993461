"""Durations in the notation of controllers: ``1h30m``, ``90s``, ``500ms``, with arguments in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+|0")
_ARGUMENT = re.compile(r"\{\{\s*args\.([\w-]+)\s*\}\}")


def seconds(text: Any) -> float | None:
    """Return the duration in seconds; None where the text is not a duration."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text))


def fill_arguments(value: Any, args: Mapping[str, Any]) -> Any:
    """Return the value with arguments such as ``{{args.name}}`` filled in; None if one has no value in the plan."""
    if not isinstance(value, str):
        return value
    for name in _ARGUMENT.findall(value):
        if args.get(name) is None:
            return None
    return _ARGUMENT.sub(lambda match: str(args[match[1]]), value)
