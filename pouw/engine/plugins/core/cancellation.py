"""The engine's wish that everything under way ends soon."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancellation:
    """Set once, never unset. Whoever waits on something else subscribes to be woken."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] = []

    def set(self) -> None:
        """Wake everybody."""
        with self._lock:
            self._event.set()
            waiting = list(self._waiting)
        for wake in waiting:
            wake()

    def is_set(self) -> bool:
        """Whether the engine wants us to end."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep at most that long; True when woken by the wish."""
        return self._event.wait(seconds)

    @contextmanager
    def subscribed(self, wake: Callable[[], None]) -> Iterator[None]:
        """``wake`` is called when the wish comes, at once if it is there already."""
        with self._lock:
            self._waiting.append(wake)
            already = self._event.is_set()
        try:
            if already:
                wake()
            yield
        finally:
            with self._lock:
                self._waiting.remove(wake)
