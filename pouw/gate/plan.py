"""The plan that a preview prints as JSON: a fingerprint of what it would do, and where each resource is declared."""

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
    """Relative to the repository."""
    line: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a preview would do."""

    digest: str
    """SHA-256 over every step with its inputs; empty if the engine printed no plan."""
    positions: Mapping[str, Position] = field(default_factory=dict)
    """By URN, for resources that our own program declares."""


NO_PLAN = Plan(digest="")


def parse(output: bytes) -> Plan:
    """The plan in what the engine printed; it may have printed other lines too."""
    text = output.decode(errors="replace")
    start = 0 if text.startswith("{") else text.find("\n{") + 1
    try:
        content, _ = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return NO_PLAN
    steps = content.get("steps") or []
    return Plan(digest=_digest(steps), positions=dict(_positions(steps)))


def _digest(steps: list[Mapping[str, Any]]) -> str:
    kept = sorted(
        (step["urn"], step["op"], json.dumps((step.get("newState") or {}).get("inputs"), sort_keys=True))
        for step in steps
    )
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


def _positions(steps: list[Mapping[str, Any]]) -> list[tuple[str, Position]]:
    found = []
    for step in steps:
        said = str((step.get("newState") or {}).get("sourcePosition") or "")
        if (match := _POSITION.match(said)) and (REPOSITORY / match["file"]).is_file():
            found.append((step["urn"], Position(file=match["file"], line=int(match["line"]))))
    return found
