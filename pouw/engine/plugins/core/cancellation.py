"""The engine's request to end the operations that run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancellation:
    """A request that is set once. A caller that waits for another event subscribes to be woken."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] = []

    def set(self) -> None:
        """Set the request, and wake every subscriber."""
        with self._lock:
            self._event.set()
            waiting = list(self._waiting)
        for wake in waiting:
            wake()

    def is_set(self) -> bool:
        """True if the engine requested the end."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep for at most that time. True if the request ended the sleep."""
        return self._event.wait(seconds)

    @contextmanager
    def subscribed(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call ``wake`` on the request, at once if it is set already."""
        with self._lock:
            self._waiting.append(wake)
            is_set = self._event.is_set()
        try:
            if is_set:
                wake()
            yield
        finally:
            with self._lock:
                self._waiting.remove(wake)
