"""Where images, their base and their wheels are kept, and what must hold before one is made."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from infra.faults import Fault
from pouw.images.errors import ImageError
from pouw.paths import cache_dir

NEEDED_BYTES = 2 * 1024**3


def folder() -> Path:
    """``images`` in the cache; made when absent."""
    path = cache_dir() / "images"
    path.mkdir(parents=True, exist_ok=True)
    return path


def lock() -> Path:
    """Held by whoever makes anything in ``folder``."""
    return folder() / ".lock"


def require_root() -> None:
    """Raises:
    ImageError: this process may not make root file systems.
    """
    if os.geteuid() != 0:
        raise ImageError(
            Fault(
                path="user",
                message="images are built by root only: their files belong to several users",
                got=f"user id {os.geteuid()}",
                expected="user id 0",
                remedy="run the same command with sudo, or build with your own engine: "
                "docker build -f Dockerfile.production .",
            )
        )


def require_space() -> None:
    """Raises:
    ImageError: less room than a build may take.
    """
    free = shutil.disk_usage(folder()).free
    if free < NEEDED_BYTES:
        raise ImageError(
            Fault(
                path=str(folder()),
                message="not enough room to build an image",
                got=f"{free // 1024**2} MiB free",
                expected=f"{NEEDED_BYTES // 1024**2} MiB",
                remedy="free some, or put the cache elsewhere with POUW_CACHE",
            )
        )
