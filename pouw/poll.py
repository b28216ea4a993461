"""The one poll loop: attempts until a deadline, with a fixed interval or with back-off, on a clock that tests replace.

A loop over :func:`attempts` serves a caller that reports progress or keeps its last observation::

    for _ in poll.attempts(30.0, interval_seconds=0.5):
        if (image := lookup()) is not None:
            return image
    raise TimeoutError

:func:`until` serves a caller that has one condition.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time as a poll loop sees it.

    A sleep that returns True ends the loop, so that ``threading.Event.wait`` makes a loop that can be cancelled.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep


SYSTEM = Clock()


@dataclass(kw_only=True)
class Attempt:
    """One attempt. ``number`` counts from 1."""

    number: int
    retry_after_seconds: float = 0.0
    """Shortest pause before the next attempt, set by a body that was asked to wait."""


def attempts(
    seconds: float | None,
    *,
    interval_seconds: float,
    longest_interval_seconds: float | None = None,
    clock: Clock = SYSTEM,
) -> Iterator[Attempt]:
    """Yield attempts until ``seconds`` have passed, without end if that is None.

    There is at least one attempt, and the last one begins at the deadline. With a ``longest_interval_seconds`` the
    interval doubles up to it. The loop ends early if an attempt asks for a pause that the deadline does not leave.
    """
    deadline = None if seconds is None else clock.now() + seconds
    interval = interval_seconds
    for number in itertools.count(1):
        attempt = Attempt(number=number)
        yield attempt
        pause = max(interval, attempt.retry_after_seconds)
        if deadline is not None:
            remaining = deadline - clock.now()
            if remaining <= 0 or attempt.retry_after_seconds > remaining:
                return
            pause = min(pause, remaining)
        if clock.sleep(pause) is True:
            return
        if longest_interval_seconds is not None:
            interval = min(interval * 2, longest_interval_seconds)


def until(
    condition: Callable[[], Result], *, seconds: float | None, interval_seconds: float, clock: Clock = SYSTEM
) -> Result:
    """Return the first true result of ``condition``, or its last result when ``seconds`` have passed."""
    for _ in attempts(seconds, interval_seconds=interval_seconds, clock=clock):
        result = condition()
        if result:
            break
    return result
