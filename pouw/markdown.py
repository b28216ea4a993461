"""Markdown that other people's words cannot break."""

from __future__ import annotations

from typing import Final

_MARKS: Final = "|<>`*_[]"


def cell(text: object) -> str:
    """Text that stays inside one cell of a table, and is no markup there."""
    escaped = str(text).replace("\\", "\\\\")
    for mark in _MARKS:
        escaped = escaped.replace(mark, "\\" + mark)
    return " ".join(escaped.split())
