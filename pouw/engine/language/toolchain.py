"""The interpreter of a program, and the packages that it has."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_UV_ENVIRONMENT = ".venv"
_TOOLCHAINS = ("pip", "uv")


class InterpreterMissingError(Exception):
    """``Pulumi.yaml`` names a virtual environment without an interpreter, or a tool that is not supported."""


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python interpreter, the folder of its packages, and its environment."""

    path: Path
    site: Path
    environment: Mapping[str, str]
    is_host: bool
    """True for the interpreter of the language host."""

    def installable(self, directory: Path) -> Path | None:
        """Return the ``requirements.txt`` to install for a program in ``directory``.

        It is installed only into a virtual environment that the project names, never into that of the host.
        """
        requirements = directory / "requirements.txt"
        return requirements if not self.is_host and requirements.exists() else None


def choose(options: Mapping[str, object], root: Path, environment: Mapping[str, str]) -> Interpreter:
    """Return the interpreter of ``runtime.options.virtualenv`` (relative to the project's root), else the host's.

    With ``toolchain: uv`` and no named environment, it is that of ``.venv`` if the folder exists.

    Raises:
        InterpreterMissingError: the named environment does not exist, or the toolchain is not supported.
    """
    folder, tool = options.get("virtualenv"), options.get("toolchain", "pip")
    if tool not in _TOOLCHAINS and not folder:
        raise InterpreterMissingError(
            f"runtime.options.toolchain: {tool} is not supported by the embedded engine, which supports "
            f"{' and '.join(_TOOLCHAINS)}; name its environment as runtime.options.virtualenv"
        )
    if tool == "uv" and not folder and (root / _UV_ENVIRONMENT / "bin" / "python").exists():
        folder = _UV_ENVIRONMENT
    if not isinstance(folder, str) or not folder:
        site = Path(sysconfig.get_paths()["purelib"])
        return Interpreter(path=Path(sys.executable), site=site, environment=environment, is_host=True)
    prefix = Path(root, folder)
    python = prefix / "bin" / "python"
    if not python.exists():
        raise InterpreterMissingError(
            f"runtime.options.virtualenv: {prefix} holds no bin/python; create it or drop the option"
        )
    site = next(iter(sorted(prefix.glob("lib/python3*/site-packages"))), prefix)
    path = os.pathsep.join([str(python.parent), environment.get("PATH", "")])
    inherited = {key: value for key, value in environment.items() if key != "PYTHONHOME"}
    activated = {**inherited, "VIRTUAL_ENV": str(prefix), "PATH": path}
    return Interpreter(path=python, site=site, environment=activated, is_host=False)


@dataclass(frozen=True, kw_only=True)
class Package:
    """A Pulumi package that a distribution declares in its ``pulumi-plugin.json``."""

    name: str
    version: str
    server: str


def declared_packages(site: Path) -> list[Package]:
    """Return the resource packages whose SDK is in ``site``, by name.

    SDKs have the declaration in their top folder, so no metadata of distributions is read.
    """
    packages: list[Package] = []
    for declaration in sorted(site.glob("*/pulumi-plugin.json")):
        content = json.loads(declaration.read_text(encoding="utf-8"))
        if not content.get("resource") or not content.get("name"):
            continue
        version = str(content.get("version") or "")
        packages.append(Package(name=str(content["name"]), version=version, server=str(content.get("server") or "")))
    return packages


def distributions(site: Path) -> list[tuple[str, str]]:
    """Return name and version of every distribution in ``site``, by name."""
    from importlib.metadata import distributions as installed

    return sorted((distribution.name, distribution.version) for distribution in installed(path=[str(site)]))
