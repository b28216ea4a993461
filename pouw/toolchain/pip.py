"""pip's output, as far as a user has to read it."""

from __future__ import annotations

import re

_RETRIED = "WARNING: Retrying"
_CAUSE = re.compile(r"(\[Errno -?\d+\] [^'\")]+|timed out[^'\")]*|certificate verify failed[^'\")]*)")


def reason(stderr: str) -> str:
    """Why pip failed: the network's own words where it tried again and again, else what it said last."""
    lines = stderr.strip().splitlines()
    rest = [line for line in lines if not line.startswith(_RETRIED)]
    causes = (found.group(1) for line in lines if line.startswith(_RETRIED) and (found := _CAUSE.search(line)))
    if cause := next(causes, ""):
        return "; ".join([cause, *rest[-1:]])
    return "\n".join(rest)[-600:]
