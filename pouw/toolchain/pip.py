"""Reasons of failed pip commands, in the words that help a user."""

from __future__ import annotations

import re

_RETRY_PREFIX = "WARNING: Retrying"
_CAUSE = re.compile(r"(\[Errno -?\d+\] [^'\")]+|timed out[^'\")]*|certificate verify failed[^'\")]*)")


def reason(stderr: str) -> str:
    """Return the network's own words if pip retried, followed by its last line; else the end of its output."""
    lines = stderr.strip().splitlines()
    retries = [line for line in lines if line.startswith(_RETRY_PREFIX)]
    messages = [line for line in lines if not line.startswith(_RETRY_PREFIX)]
    causes = (match.group(1) for line in retries if (match := _CAUSE.search(line)))
    if cause := next(causes, ""):
        return "; ".join([cause, *messages[-1:]])
    return "\n".join(messages)[-600:]
