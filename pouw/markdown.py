"""Pages from templates, and Markdown that other people's words cannot break."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_MARKS: Final = "|<>`*_[]"


def templates(folder: Path) -> Environment:
    """The templates of a folder. Values are escaped in HTML; in Markdown each goes through the filter ``cell``."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = cell
    return environment


def cell(text: object) -> str:
    """Text that stays inside one cell of a table, and is no markup there."""
    escaped = str(text).replace("\\", "\\\\")
    for mark in _MARKS:
        escaped = escaped.replace(mark, "\\" + mark)
    return " ".join(escaped.split())
