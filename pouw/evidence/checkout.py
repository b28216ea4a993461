"""The commit that a run, or a result of the pipeline, refers to."""

from __future__ import annotations

import subprocess

from pouw.paths import REPOSITORY


def commit() -> str:
    """Return the commit that is checked out, with ``+changes`` if files differ from it; empty without a repository."""
    command = ["git", "--no-optional-locks", "-C", str(REPOSITORY), "describe", "--always", "--abbrev=40"]
    try:
        process = subprocess.run(
            [*command, "--exclude=*", "--dirty=+changes"], capture_output=True, text=True, check=False, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return process.stdout.strip()
