"""Whether a process that somebody wrote down is still at work."""

from __future__ import annotations

import os
from pathlib import Path


def is_running(pid: int) -> bool:
    """Whether the process exists and has not ended. One that ended and that nobody collected (a zombie) has."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return not Path("/proc/self/stat").exists()  # it ended just now, or this system has no /proc
    return fields[:1] != ["Z"]
