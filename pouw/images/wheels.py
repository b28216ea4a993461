"""The wheels of the node image, fetched beforehand: the build then needs neither network nor registry settings."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from infra.faults import Fault
from pouw.images import image_folder
from pouw.images.errors import ImageError
from pouw.images.root_contents import PYTHON
from pouw.paths import REPOSITORY
from pouw.progress import Progress
from pouw.toolchain import pip

LOCKS: tuple[str, ...] = ("digits.lock", "installer.lock", "node.lock")
"""Below ``requirements``: the digits file's carrier, pip for bases without one, what a node imports."""

_GLIBC_MINORS = range(36, 16, -1)


def key(repository: Path = REPOSITORY) -> str:
    """Of the locks and of the platform that wheels are chosen for."""
    digest = hashlib.sha256(f"{PYTHON} {platform.machine()}".encode())
    for lock in LOCKS:
        digest.update(hashlib.sha256((repository / "requirements" / lock).read_bytes()).digest())
    return digest.hexdigest()[:16]


def ensure(progress: Progress, repository: Path = REPOSITORY) -> Path:
    """The folder of wheels that fit the base made here; fetched when not in the cache, put in place by one rename.

    Raises:
        ImageError: no index is reachable, or a wheel is not the one that its lock names.
    """
    folder = image_folder.folder() / f"wheels-{key(repository)}"
    if folder.exists():
        return folder
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with progress.step("Wheels of the node image") as step:
        for number, lock in enumerate(LOCKS):
            step.update(lock, done=number, total=len(LOCKS))
            _download(repository / "requirements" / lock, partial)
        partial.replace(folder)
    return folder


def platforms(machine: str) -> list[str]:
    """The wheel platforms that the base's C library can run, best first."""
    return [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS] + [f"manylinux2014_{machine}"]


def _download(lock: Path, folder: Path) -> None:
    arguments = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--python-version", PYTHON]
    for name in platforms(platform.machine()):
        arguments += ["--platform", name]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", *arguments, "--dest", str(folder), "-r", str(lock)],
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        check=False,
    )
    if done.returncode != 0:
        raise _fault(lock, done.stderr)


def _fault(lock: Path, said: str) -> ImageError:
    mismatch = "DO NOT MATCH THE HASHES" in said
    return ImageError(
        Fault(
            path=f"requirements/{lock.name}",
            message="a wheel is not the one that the lock names" if mismatch else "the wheels cannot be fetched",
            got=pip.reason(said),
            expected="the files whose hashes the lock holds",
            remedy="find out who serves another file under that name before you trust it"
            if mismatch
            else "check the package index that pip is set up with, then run the same command again",
        )
    )
