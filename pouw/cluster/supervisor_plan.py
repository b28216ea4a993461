"""The decisions of the supervisor. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum

from pouw.cluster.components import Component
from pouw.cluster.processes import Process

STEADY_SECONDS = 60.0
"""Lifetime after which the earlier ends of a component no longer count."""
LONGEST_PAUSE_SECONDS = 10.0
HUNG_SECONDS = 60.0
"""Silence after which a component that was healthy is ended, so that it starts again."""
START_SECONDS = 180.0
"""Longest time from the start of a component to its first healthy answer."""


class Action(Enum):
    """Treatment of a specified component by a supervisor that has just started."""

    ADOPT = "adopt"
    REPLACE = "replace"
    START = "start"


def action(component: Component, process: Process | None) -> Action:
    """Return whether to adopt a process that runs as specified, to replace it, or to start one."""
    if process is None:
        return Action.START
    return Action.ADOPT if process.digest == component.digest else Action.REPLACE


def pause(failures: int) -> float:
    """Return the seconds before the next start, after a number of short lives in a row."""
    return 0.0 if failures <= 1 else min(LONGEST_PAUSE_SECONDS, 0.25 * 2 ** (failures - 1))


def failures_after(failures: int, lived_seconds: float) -> int:
    """Return the number of short lives in a row, including one of ``lived_seconds``."""
    return 1 if lived_seconds >= STEADY_SECONDS else failures + 1


def hung(*, start: float, last_good: float | None, now: float) -> bool:
    """True if a running process counts as hung. All times are seconds of one clock."""
    if last_good is None:
        return now - start > START_SECONDS
    return now - last_good > HUNG_SECONDS


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Last observation of one component by the supervisor."""

    name: str
    pid: int
    since: float
    restarts: int
    healthy: bool


def observed_to_json(observed: Mapping[str, Observed]) -> str:
    """Return the observations as the supervisor writes them."""
    return json.dumps([asdict(observation) for observation in observed.values()])


def observed_from_json(text: str) -> dict[str, Observed]:
    """Return the observations that ``observed_to_json`` wrote; empty for text of another version."""
    try:
        return {item["name"]: Observed(**item) for item in json.loads(text)}
    except (ValueError, TypeError, KeyError):
        return {}
