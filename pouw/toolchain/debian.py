"""Programs of the distribution, installed by its own package manager when they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.faults import Fault
from pouw import locks
from pouw.errors import ToolchainError
from pouw.home import Home
from pouw.progress import Progress

_SYSTEM_PATH = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin"))


def missing(packages: Mapping[str, str], *, home: Home) -> list[str]:
    """Return the packages whose program is absent.

    ``packages`` maps a program's name on PATH, or its absolute path, to the package that has it.
    """
    path = home.environment.get("PATH", os.defpath)
    return sorted({package for program, package in packages.items() if not _is_present(program, path)})


def ensure(packages: Mapping[str, str], progress: Progress, *, home: Home) -> None:
    """Install the missing ones of ``packages``, given as for :func:`missing`.

    Raises:
        ToolchainError: not Debian, not root, or the package manager fails.
    """
    if not missing(packages, home=home):
        return
    with locks.hold(home.cache / ".debian.lock", operation="install of Debian packages", progress=progress):
        names = missing(packages, home=home)
        if not names:
            return
        _require_apt(names, home)
        with progress.step(f"Installing {', '.join(names)}") as step:
            step.update("reading package lists")
            _apt(["update"], names, home)
            step.update("installing")
            _apt(["install", "--yes", "--no-install-recommends", *names], names, home)
        if absent := missing(packages, home=home):
            raise _fault(absent, "the package manager reported success, and the programs are still missing")


def _is_present(program: str, path: str) -> bool:
    if program.startswith("/"):
        return Path(program).exists()
    return shutil.which(program, path=os.pathsep.join((path, _SYSTEM_PATH))) is not None


def _require_apt(packages: Iterable[str], home: Home) -> None:
    if shutil.which("apt-get", path=home.environment.get("PATH", os.defpath)) is None:
        raise _fault(packages, "no apt-get on this machine")
    if os.geteuid() != 0:
        raise _fault(packages, f"user id {os.geteuid()}, and only root installs packages")


def _apt(arguments: list[str], packages: Iterable[str], home: Home) -> None:
    # Another apt (unattended upgrades) may hold its lock: this one waits for it, within a bound.
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *arguments]
    environment = {**home.environment, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if result.returncode != 0:
        raise _fault(packages, (result.stderr or result.stdout).strip()[-600:])


def _fault(packages: Iterable[str], got: str) -> ToolchainError:
    names = " ".join(packages)
    return ToolchainError(
        Fault(
            path="packages",
            message=f"{names} cannot be installed",
            got=got,
            expected="a Debian or Ubuntu machine, root, and a reachable package mirror",
            remedy=f"install them by hand: apt-get install {names}",
        )
    )
