"""Times as controllers write them: ``1h30m``, ``90s``, ``500ms``; and arguments in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+|0")
_ARGUMENT = re.compile(r"\{\{\s*args\.([\w-]+)\s*\}\}")


def seconds(text: Any) -> float | None:
    """The time in seconds; none where the text is not one."""
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text))


def filled(value: Any, args: Mapping[str, Any]) -> Any:
    """The value with arguments put in, as in ``{{args.name}}``; none where one has no value in the plan."""
    if not isinstance(value, str):
        return value
    for name in _ARGUMENT.findall(value):
        if args.get(name) is None:
            return None
    return _ARGUMENT.sub(lambda found: str(args[found[1]]), value)
