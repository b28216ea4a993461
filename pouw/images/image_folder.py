"""The folder of images, their base and their wheels, and the conditions for making one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from infra.faults import Fault
from pouw.home import Home
from pouw.images.errors import ImageError

NEEDED_BYTES = 2 * 1024**3


def folder(home: Home) -> Path:
    """Return ``images`` in the cache, created if missing."""
    path = home.cache / "images"
    path.mkdir(parents=True, exist_ok=True)
    return path


def lock(home: Home) -> Path:
    """Return the path of the lock that every writer of the folder holds."""
    return folder(home) / ".lock"


def require_root() -> None:
    """Refuse a user who may not make root file systems.

    Raises:
        ImageError: the user is not root.
    """
    if os.geteuid() != 0:
        raise ImageError(
            Fault(
                path="user",
                message="only root builds images, because their files belong to several users",
                got=f"user id {os.geteuid()}",
                expected="user id 0",
                remedy="run the same command with sudo, or build with your own engine: "
                "docker build -f Dockerfile.production .",
            )
        )


def require_space(home: Home) -> None:
    """Refuse a disk with less room than a build may take.

    Raises:
        ImageError: it has less.
    """
    free = shutil.disk_usage(folder(home)).free
    if free < NEEDED_BYTES:
        raise ImageError(
            Fault(
                path=str(folder(home)),
                message="not enough room to build an image",
                got=f"{free // 1024**2} MiB free",
                expected=f"{NEEDED_BYTES // 1024**2} MiB",
                remedy="free some, or put the cache on another disk with POUW_CACHE",
            )
        )
