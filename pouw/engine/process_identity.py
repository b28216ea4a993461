"""The state of a process that a file names."""

from __future__ import annotations

import os
from pathlib import Path


def is_running(pid: int) -> bool:
    """True if the process exists and has not ended. A process that ended and was not collected (a zombie) has."""
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
        return not Path("/proc/self/stat").exists()  # it ended in between, or this system has no /proc
    return fields[:1] != ["Z"]
