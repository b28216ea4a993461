"""Timeouts and retries of requests, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WATCH_INTERVAL_SECONDS: Final = 1.0
"""Pause between a watch that broke off and the next list."""
WATCH_GRACE_SECONDS: Final = 15.0
"""Longest silence of a watch after the end that it asked for."""


@dataclass(frozen=True, kw_only=True)
class RequestPolicy:
    """Limits of a request: its timeouts, and for how long it is repeated while the server is overloaded or silent.

    The pause between two attempts doubles. A ``Retry-After`` of the server lengthens it.
    """

    connect_seconds: float = 3.0
    answer_seconds: float = 10.0
    retry_seconds: float = 0.0
    """0 makes a single attempt."""
    first_interval_seconds: float = 0.2
    longest_interval_seconds: float = 5.0
    retried_statuses: frozenset[int] = frozenset({429, 500, 502, 503, 504})


SINGLE_ATTEMPT: Final = RequestPolicy()
