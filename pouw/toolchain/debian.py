"""Programs that the distribution carries: installed by its own package manager when they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.faults import Fault
from pouw.errors import ToolchainError
from pouw.paths import cache_dir
from pouw.progress import Progress
from pouw.toolchain.locks import exclusive

_SYSTEM_PATH = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin"))


def missing(packages: Mapping[str, str]) -> list[str]:
    """Packages whose program is absent. Keys are program names on PATH, or absolute paths; values are packages."""
    return sorted({package for program, package in packages.items() if not _present(program)})


def ensure(packages: Mapping[str, str], progress: Progress) -> None:
    """Install what is missing of ``{program or absolute path: package}``; nothing happens where all is there.

    Raises:
        ToolchainError: not Debian, not root, or the package manager fails.
    """
    if not missing(packages):
        return
    with exclusive(cache_dir() / ".debian.lock"):
        wanted = missing(packages)
        if not wanted:
            return
        _require_apt(wanted)
        with progress.step(f"Installing {', '.join(wanted)}") as step:
            step.update("reading package lists")
            _apt(["update"], wanted)
            step.update("installing")
            _apt(["install", "--yes", "--no-install-recommends", *wanted], wanted)
        if still := missing(packages):
            raise _fault(still, "the package manager reported success, and the programs are still missing")


def _present(program: str) -> bool:
    if program.startswith("/"):
        return Path(program).exists()
    return shutil.which(program) is not None or shutil.which(program, path=_SYSTEM_PATH) is not None


def _require_apt(wanted: Iterable[str]) -> None:
    if shutil.which("apt-get") is None:
        raise _fault(wanted, "no apt-get on this machine")
    if os.geteuid() != 0:
        raise _fault(wanted, "installing needs root")


def _apt(arguments: list[str], wanted: Iterable[str]) -> None:
    # Another apt (unattended upgrades) may hold the lock: wait for it, within a bound.
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise _fault(wanted, (done.stderr or done.stdout).strip()[-600:])


def _fault(wanted: Iterable[str], got: str) -> ToolchainError:
    names = " ".join(wanted)
    return ToolchainError(
        Fault(
            path="packages",
            message=f"{names} cannot be installed",
            got=got,
            expected="a Debian or Ubuntu machine, root, and a reachable package mirror",
            remedy=f"install them by hand: apt-get install {names}",
        )
    )
