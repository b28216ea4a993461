"""The generated pages and the files that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pouw.paths import REPOSITORY
from tools.reference import commands, metrics, settings

_DOCS = REPOSITORY / "docs"
_METRICS_HEADING = "## Metrics\n\n"


def pages() -> Mapping[Path, str]:
    """Return the content of every generated page by its path."""
    node = _DOCS / "reference" / "node.md"
    text, _, _ = node.read_text(encoding="utf-8").partition(_METRICS_HEADING)
    return {
        _DOCS / "reference" / "settings.md": settings.render(),
        _DOCS / "reference" / "commands.md": commands.render(),
        node: text + _METRICS_HEADING + metrics.render(),
    }
