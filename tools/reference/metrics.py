"""The table of metrics: every series that a node exposes, as the node's own registry describes it."""

from __future__ import annotations

from typing import Final

from node.metrics import Metrics

START: Final = "| metric | type | meaning |\n|---|---|---|\n"
_SUFFIXES: Final = {"counter": "_total", "info": "_info"}


def render() -> str:
    """Return the table."""
    metrics = Metrics(version="", role="", site="", slot="", node="")
    rows = [
        f"| `{family.name}{_SUFFIXES.get(family.type, '')}` | {family.type} | {family.documentation} |"
        for family in metrics.registry.collect()
        if family.name.startswith("pouw_")
    ]
    return START + "\n".join(sorted(rows)) + "\n"
