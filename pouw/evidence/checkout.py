"""Which source a run and the pipeline's results are about."""

from __future__ import annotations

import subprocess

from pouw.paths import REPOSITORY


def commit() -> str:
    """The commit that is checked out, with ``+changes`` where files differ from it; empty where there is none."""
    asked = ["git", "--no-optional-locks", "-C", str(REPOSITORY), "describe", "--always", "--abbrev=40"]
    try:
        said = subprocess.run(
            [*asked, "--exclude=*", "--dirty=+changes"], capture_output=True, text=True, check=False, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip()
