"""The template environment, and Markdown in which values cannot act as markup."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_MARKUP: Final = "|<>`*_[]"


def environment(folder: Path) -> Environment:
    """Return the environment for the templates of a folder.

    HTML templates escape every value. Markdown templates escape a value with the filter ``cell``.
    """
    templates = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["cell"] = cell
    return templates


def cell(text: object) -> str:
    """Return the text on one line with its markup escaped, so that it fits into a cell of a table."""
    escaped = str(text).replace("\\", "\\\\")
    for character in _MARKUP:
        escaped = escaped.replace(character, "\\" + character)
    return " ".join(escaped.split())
