"""Poll loops on a clock that only moves when a loop sleeps."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from pouw import poll


@dataclass
class FakeClock:
    """A clock that a sleep moves forward."""

    seconds: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds

    def clock(self) -> poll.Clock:
        return poll.Clock(now=lambda: self.seconds, sleep=self.sleep)


def test_the_last_attempt_begins_at_the_deadline() -> None:
    fake = FakeClock()
    starts = [fake.seconds for _ in poll.attempts(1.0, interval_seconds=0.4, clock=fake.clock())]
    assert starts == pytest.approx([0.0, 0.4, 0.8, 1.0])


def test_no_time_is_one_attempt_without_a_pause() -> None:
    fake = FakeClock()
    assert [attempt.number for attempt in poll.attempts(0, interval_seconds=1, clock=fake.clock())] == [1]
    assert fake.pauses == []


def test_intervals_double_up_to_the_longest() -> None:
    fake = FakeClock()
    attempts = poll.attempts(None, interval_seconds=1, longest_interval_seconds=5, clock=fake.clock())
    assert [attempt.number for attempt, _ in zip(attempts, range(6), strict=False)] == [1, 2, 3, 4, 5, 6]
    assert fake.pauses[:5] == [1, 2, 4, 5, 5]


def test_an_attempt_can_ask_for_a_longer_pause() -> None:
    fake = FakeClock()
    for attempt in poll.attempts(10, interval_seconds=1, clock=fake.clock()):
        attempt.retry_after_seconds = 7
    assert fake.pauses == [7]  # a second pause of 7 s would end after the deadline


def test_a_pause_may_end_at_the_deadline() -> None:
    fake = FakeClock()
    for attempt in poll.attempts(10, interval_seconds=1, clock=fake.clock()):
        attempt.retry_after_seconds = 5
    assert fake.pauses == [5, 5]


def test_time_spent_in_an_attempt_counts() -> None:
    fake = FakeClock()
    for _ in poll.attempts(1.0, interval_seconds=0.1, clock=fake.clock()):
        fake.seconds += 0.7
    assert fake.pauses == pytest.approx([0.1])


def test_a_cancelled_sleep_ends_the_loop() -> None:
    cancelled = threading.Event()
    cancelled.set()
    clock = poll.Clock(sleep=cancelled.wait)
    assert [attempt.number for attempt in poll.attempts(None, interval_seconds=60, clock=clock)] == [1]


def test_until_returns_the_first_true_result() -> None:
    fake, results = FakeClock(), iter(["", "", "ready", "late"])
    assert poll.until(lambda: next(results), seconds=9, interval_seconds=1, clock=fake.clock()) == "ready"
    assert fake.pauses == [1, 1]


def test_until_returns_the_last_result_when_time_is_up() -> None:
    fake = FakeClock()
    assert poll.until(lambda: False, seconds=3, interval_seconds=1, clock=fake.clock()) is False
    assert fake.pauses == [1, 1, 1]
