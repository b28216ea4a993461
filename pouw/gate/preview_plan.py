"""The plan that a preview prints as JSON: its digest, and the source position of each resource."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pouw.paths import REPOSITORY

_POSITION = re.compile(r"^project:///(?P<file>(?:infra|stacks)/[^#]+)#(?P<line>\d+)")


@dataclass(frozen=True, kw_only=True)
class Position:
    """A line of the program."""

    file: str
    """Path relative to the repository."""
    line: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps of a preview, as far as the gates and the evidence need them."""

    digest: str
    """SHA-256 over every step with its inputs; empty if the engine printed no plan."""
    positions: Mapping[str, Position] = field(default_factory=dict)
    """Positions by URN, for resources that this repository's program declares."""


NO_PLAN = Plan(digest="")


def parse(output: bytes) -> Plan:
    """Return the plan in the engine's output, which may hold other lines too."""
    text = output.decode(errors="replace")
    start = 0 if text.startswith("{") else text.find("\n{") + 1
    try:
        content, _ = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return NO_PLAN
    steps = content.get("steps") or []
    return Plan(digest=_digest(steps), positions=dict(_positions(steps)))


def _digest(steps: list[Mapping[str, Any]]) -> str:
    entries = sorted(
        (step["urn"], step["op"], json.dumps((step.get("newState") or {}).get("inputs"), sort_keys=True))
        for step in steps
    )
    return hashlib.sha256(json.dumps(entries).encode()).hexdigest()


def _positions(steps: list[Mapping[str, Any]]) -> list[tuple[str, Position]]:
    positions = []
    for step in steps:
        source = str((step.get("newState") or {}).get("sourcePosition") or "")
        if (match := _POSITION.match(source)) and (REPOSITORY / match["file"]).is_file():
            positions.append((step["urn"], Position(file=match["file"], line=int(match["line"]))))
    return positions
