"""The private ``PULUMI_HOME``: the embedded parts, laid out where an engine looks for them.

Below the cache, one folder per content, so two checkouts or two Pythons never share one:

    engine/<key>/bin/pulumi                      the CLI (a hard link where the file system allows it)
    engine/<key>/bin/pulumi-language-python      our language host; the engine wants it beside its own binary
    engine/<key>/bin/pulumi-resource-pulumi-python   providers that a program defines itself
    engine/<key>/home/plugins/resource-kubernetes-v<version>/pulumi-resource-kubernetes
    engine/<key>/plugins/pulumi-resource-kubernetes      the same plugin, for the PATH of an official engine
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pouw.engine.plugins.offline import clouds
from pouw.paths import cache_dir

_LAYOUT = 2
"""Raise it when what ``install`` writes changes."""


@dataclass(frozen=True, kw_only=True)
class EmbeddedPlugin:
    """A provider plugin of ours: the engine matches ``name`` and ``version`` with what the SDK asks for."""

    name: str
    version: str
    module: str
    arguments: Sequence[str] = ()
    """What the module is told before the engine's own arguments."""

    @property
    def program(self) -> str:
        """The file name that the engine starts."""
        return f"pulumi-resource-{self.name}"


@dataclass(frozen=True, kw_only=True)
class Home:
    """An installed private home."""

    path: Path
    """``PULUMI_HOME``."""
    cli: Path | None
    """The CLI with our language host beside it; absent when only the plugins were asked for."""
    plugin_programs: Path
    """A folder with the plugins as programs, fit for a PATH."""


def embedded_plugins() -> Sequence[EmbeddedPlugin]:
    """The plugins that we bring, each with the version of the SDK that is installed beside us."""
    # Each is told its version: looking it up takes a plugin as long as a fifth of its start.
    version = metadata.version("pulumi-kubernetes")
    kubernetes = EmbeddedPlugin(
        name="kubernetes", version=version, module="pouw.engine.plugins.kubernetes", arguments=(version,)
    )
    offline = (
        EmbeddedPlugin(
            name=package, version=version, module="pouw.engine.plugins.offline", arguments=(package, version)
        )
        for package, version in clouds.installed().items()
    )
    return (kubernetes, *offline)


def install(cli: Path | None, *, plugins: Sequence[EmbeddedPlugin], root: Path | None = None) -> Home:
    """Lay the home out below ``root`` (the cache unless given) if it is not there yet.

    Atomic: the folder appears whole, by a rename, or not at all; of two that race, one wins and both use it.
    """
    root = root or cache_dir() / "engine"
    folder = root / _key(cli, plugins)
    if not folder.exists():
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=root) as scratch:
            made = Path(scratch) / "content"
            _lay_out(made, cli, plugins)
            with contextlib.suppress(FileExistsError, OSError):
                made.rename(folder)
        if not folder.exists():
            raise FileNotFoundError(f"{folder} could not be put in place")
    return Home(
        path=folder / "home",
        cli=folder / "bin" / "pulumi" if cli is not None else None,
        plugin_programs=folder / "plugins",
    )


def launcher(module: str, *arguments: str, python: Path | None = None, options: str = "-P") -> str:
    """A shell script that becomes ``python -m module``. ``-P``: the working directory never shadows our packages."""
    interpreter = shlex.quote(str(python or Path(sys.executable)))
    told = shlex.join([module, *arguments])
    return f'#!/bin/sh\nexec {interpreter} {options} -m {told} "$@"\n'


def _key(cli: Path | None, plugins: Sequence[EmbeddedPlugin]) -> str:
    content: Mapping[str, object] = {
        "layout": _LAYOUT,
        "python": sys.executable,
        "package": str(Path(__file__).parent),
        "cli": _identity(cli) if cli is not None else None,
        "plugins": [(one.name, one.version, one.module, *one.arguments) for one in plugins],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _identity(program: Path) -> tuple[str, int, int]:
    status = program.stat()
    return str(program), status.st_size, status.st_mtime_ns


def _lay_out(folder: Path, cli: Path | None, plugins: Sequence[EmbeddedPlugin]) -> None:
    if cli is not None:
        programs = folder / "bin"
        programs.mkdir(parents=True)
        # Not a symbolic link: the engine follows it before it looks beside itself.
        try:
            os.link(cli, programs / "pulumi")
        except OSError:
            shutil.copy2(cli, programs / "pulumi")
        _write_program(programs / "pulumi-language-python", launcher("pouw.engine.language"))
        # No -P: this one loads what the program in the working directory defines.
        _write_program(programs / "pulumi-resource-pulumi-python", launcher("pulumi.dynamic", options="-u"))
    for plugin in plugins:
        place = folder / "home" / "plugins" / f"resource-{plugin.name}-v{plugin.version}"
        script = launcher(plugin.module, *plugin.arguments)
        _write_program(place / plugin.program, script)
        _write_program(folder / "plugins" / plugin.program, script)
    (folder / "home").mkdir(parents=True, exist_ok=True)
    (folder / "plugins").mkdir(exist_ok=True)


def _write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
