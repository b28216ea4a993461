"""What the supervisor decides, without doing it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum

from pouw.cluster.components import Component
from pouw.cluster.processes import Process

STEADY_SECONDS = 60.0
"""A component that lived this long is forgiven its earlier ends."""
LONGEST_PAUSE_SECONDS = 10.0
HUNG_SECONDS = 60.0
"""A component that was well and has not answered for this long is ended, so that it starts again."""
START_SECONDS = 180.0
"""How long a component may take from its start to its first good answer before it counts as hung."""


class Action(Enum):
    """What to do with a wanted component when the supervisor looks at it."""

    ADOPT = "adopt"
    REPLACE = "replace"
    START = "start"


def action(wanted: Component, found: Process | None) -> Action:
    """Adopt what runs as specified, replace what runs otherwise, start what does not run."""
    if found is None:
        return Action.START
    return Action.ADOPT if found.digest == wanted.digest else Action.REPLACE


def pause(failures: int) -> float:
    """Seconds before the next start after so many quick ends in a row: none at first, then doubling to a limit."""
    return 0.0 if failures <= 1 else min(LONGEST_PAUSE_SECONDS, 0.25 * 2 ** (failures - 1))


def failures_after(failures: int, lived_seconds: float) -> int:
    """Quick ends in a row, once one more process has ended after ``lived_seconds``."""
    return 1 if lived_seconds >= STEADY_SECONDS else failures + 1


def hung(*, started: float, last_good: float | None, now: float) -> bool:
    """Whether a living process counts as dead (all in the same clock's seconds)."""
    if last_good is None:
        return now - started > START_SECONDS
    return now - last_good > HUNG_SECONDS


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What the supervisor last saw of one component."""

    name: str
    pid: int
    since: float
    restarts: int
    healthy: bool


def observed_to_json(seen: Mapping[str, Observed]) -> str:
    return json.dumps([asdict(each) for each in seen.values()])


def observed_from_json(text: str) -> dict[str, Observed]:
    """The inverse; nothing for text that is torn or of another version, for it only informs."""
    try:
        return {item["name"]: Observed(**item) for item in json.loads(text)}
    except (ValueError, TypeError, KeyError):
        return {}
