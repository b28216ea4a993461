"""The wheels of the node image, fetched before the build, which then needs neither network nor registry settings."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from pathlib import Path

from infra.faults import Fault
from pouw import files
from pouw.home import Home
from pouw.images import image_folder
from pouw.images.errors import ImageError
from pouw.images.root_contents import PYTHON
from pouw.paths import REPOSITORY
from pouw.progress import Progress
from pouw.toolchain import pip

LOCKS: tuple[str, ...] = ("digits.lock", "installer.lock", "node.lock")
"""Files of ``requirements``: the wheel with the digits file, pip for bases without one, the node's own imports."""

_GLIBC_MINORS = range(36, 16, -1)


def key(repository: Path = REPOSITORY) -> str:
    """Return the key of the folder of wheels: a hash of the locks and of the platform that wheels are chosen for."""
    digest = hashlib.sha256(f"{PYTHON} {platform.machine()}".encode())
    for lock in LOCKS:
        digest.update(hashlib.sha256((repository / "requirements" / lock).read_bytes()).digest())
    return digest.hexdigest()[:16]


def ensure(progress: Progress, *, home: Home, repository: Path = REPOSITORY) -> Path:
    """Return the folder of wheels that fit the base made here; fetch them if the cache has none.

    Raises:
        ImageError: no index is reachable, or a wheel is not the one that its lock names.
    """
    folder = image_folder.folder(home) / f"wheels-{key(repository)}"
    if folder.exists():
        return folder
    with progress.step("Wheels of the node image") as step, files.staged_folder(folder) as partial:
        for number, lock in enumerate(LOCKS):
            step.update(lock, completed=number, total=len(LOCKS))
            _download(repository / "requirements" / lock, partial, home)
    return folder


def platforms(machine: str) -> list[str]:
    """Return the wheel platforms that the base's C library can run, best first."""
    return [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS] + [f"manylinux2014_{machine}"]


def _download(lock: Path, folder: Path, home: Home) -> None:
    arguments = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--python-version", PYTHON]
    for name in platforms(platform.machine()):
        arguments += ["--platform", name]
    result = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", *arguments, "--dest", str(folder), "-r", str(lock)],
        capture_output=True,
        text=True,
        env={**home.environment, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        check=False,
    )
    if result.returncode != 0:
        raise _fault(lock, result.stderr)


def _fault(lock: Path, output: str) -> ImageError:
    path, expected = f"requirements/{lock.name}", "the files whose hashes the lock holds"
    if "DO NOT MATCH THE HASHES" in output:
        return ImageError(
            Fault(
                path=path,
                message="a wheel is not the one that the lock names",
                got=pip.reason(output),
                expected=expected,
                remedy="find out which index serves another file under that name before you trust it",
            )
        )
    return ImageError(
        Fault(
            path=path,
            message="the wheels cannot be fetched",
            got=pip.reason(output),
            expected=expected,
            remedy="check the package index that pip is set up with, then run the same command again",
        )
    )
