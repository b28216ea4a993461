"""Which interpreter runs a program, and what is installed in it."""

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
    """``Pulumi.yaml`` names a virtual environment that holds no interpreter, or a tool that is not known here."""


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python, where its packages lie, and the environment it wants."""

    path: Path
    site: Path
    environment: Mapping[str, str]
    own: bool
    """Whether it is the host's own."""

    def installable(self, directory: Path) -> Path | None:
        """The ``requirements.txt`` that is to be installed for a program in ``directory``.

        Only into a virtual environment that the project names: the host's own is not the program's to change.
        """
        requirements = directory / "requirements.txt"
        return requirements if not self.own and requirements.exists() else None


def choose(options: Mapping[str, object], root: Path, environment: Mapping[str, str]) -> Interpreter:
    """The interpreter of ``runtime.options.virtualenv`` (relative to the project's root), else the host's own.

    With ``toolchain: uv`` the environment is ``.venv`` where none is named, if it is there.

    Raises:
        InterpreterMissingError: the virtual environment is named and is not there, or another toolchain is asked for.
    """
    named, tool = options.get("virtualenv"), options.get("toolchain", "pip")
    if tool not in _TOOLCHAINS and not named:
        raise InterpreterMissingError(
            f"runtime.options.toolchain: {tool} is not known to the embedded engine, which knows "
            f"{' and '.join(_TOOLCHAINS)}; name its environment as runtime.options.virtualenv"
        )
    if tool == "uv" and not named and (root / _UV_ENVIRONMENT / "bin" / "python").exists():
        named = _UV_ENVIRONMENT
    if not isinstance(named, str) or not named:
        own_site = Path(sysconfig.get_paths()["purelib"])
        return Interpreter(path=Path(sys.executable), site=own_site, environment=environment, own=True)
    home = Path(root, named)
    python = home / "bin" / "python"
    if not python.exists():
        raise InterpreterMissingError(
            f"runtime.options.virtualenv: {home} holds no bin/python; create it or drop the option"
        )
    site = next(iter(sorted(home.glob("lib/python3*/site-packages"))), home)
    path = os.pathsep.join([str(python.parent), environment.get("PATH", "")])
    kept = {key: value for key, value in environment.items() if key != "PYTHONHOME"}
    activated = {**kept, "VIRTUAL_ENV": str(home), "PATH": path}
    return Interpreter(path=python, site=site, environment=activated, own=False)


@dataclass(frozen=True, kw_only=True)
class Package:
    """A Pulumi package that a distribution declares in its ``pulumi-plugin.json``."""

    name: str
    version: str
    server: str


def declared_packages(site: Path) -> list[Package]:
    """The resource packages whose SDK lies in ``site``, by name.

    SDKs keep the declaration in their top folder, so no distribution's metadata has to be read.
    """
    found: list[Package] = []
    for declaration in sorted(site.glob("*/pulumi-plugin.json")):
        content = json.loads(declaration.read_text(encoding="utf-8"))
        if not content.get("resource") or not content.get("name"):
            continue
        version = str(content.get("version") or "")
        found.append(Package(name=str(content["name"]), version=version, server=str(content.get("server") or "")))
    return found


def distributions(site: Path) -> list[tuple[str, str]]:
    """Name and version of what is installed in ``site``, by name."""
    from importlib.metadata import distributions as installed

    return sorted((one.name, one.version) for one in installed(path=[str(site)]))
