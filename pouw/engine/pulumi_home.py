"""The private ``PULUMI_HOME``: the embedded parts, in the folders where an engine looks for them.

The cache has one folder per content, so two checkouts or two Pythons never share one:

    engine/<key>/bin/pulumi                      the CLI (a hard link where the file system allows it)
    engine/<key>/bin/pulumi-language-python      our language host; the engine wants it beside its own binary
    engine/<key>/bin/pulumi-resource-pulumi-python   providers that a program defines itself
    engine/<key>/home/plugins/resource-kubernetes-v<version>/pulumi-resource-kubernetes
    engine/<key>/plugins/pulumi-resource-kubernetes      the same plugin, for the PATH of an official engine
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pouw import files
from pouw.engine.plugins.offline import clouds

_LAYOUT = 2
"""Version of the layout; raise it when ``install`` writes other content."""


@dataclass(frozen=True, kw_only=True)
class EmbeddedPlugin:
    """An embedded provider plugin. The engine matches ``name`` and ``version`` with those that the SDK requires."""

    name: str
    version: str
    module: str
    arguments: Sequence[str] = ()
    """Arguments of the module before those of the engine."""

    @property
    def program(self) -> str:
        """File name that the engine starts."""
        return f"pulumi-resource-{self.name}"


@dataclass(frozen=True, kw_only=True)
class PulumiHome:
    """An installed private home."""

    path: Path
    """``PULUMI_HOME``."""
    cli: Path | None
    """The CLI with the language host beside it; None when only plugins are installed."""
    plugin_programs: Path
    """Folder with the plugins as programs, for a PATH."""


def embedded_plugins() -> Sequence[EmbeddedPlugin]:
    """Return the embedded plugins, each with the version of the installed SDK."""
    # The version is an argument, because its lookup takes a fifth of a plugin's start.
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


def install(cli: Path | None, *, plugins: Sequence[EmbeddedPlugin], root: Path) -> PulumiHome:
    """Write the home below ``root``, unless it exists. Of two processes that race, both use the first one's."""
    folder = root / _key(cli, plugins)
    if not folder.exists():
        with files.staged_folder(folder) as content:
            _write_content(content, cli, plugins)
    return PulumiHome(
        path=folder / "home",
        cli=folder / "bin" / "pulumi" if cli is not None else None,
        plugin_programs=folder / "plugins",
    )


def launcher(module: str, *arguments: str, python: Path | None = None, options: str = "-P") -> str:
    """Return a shell script that becomes ``python -m module``.

    With ``-P``, the working directory never shadows our packages.
    """
    interpreter = shlex.quote(str(python or Path(sys.executable)))
    command = shlex.join([module, *arguments])
    return f'#!/bin/sh\nexec {interpreter} {options} -m {command} "$@"\n'


def _key(cli: Path | None, plugins: Sequence[EmbeddedPlugin]) -> str:
    content: Mapping[str, object] = {
        "layout": _LAYOUT,
        "python": sys.executable,
        "package": str(Path(__file__).parent),
        "cli": _identity(cli) if cli is not None else None,
        "plugins": [(plugin.name, plugin.version, plugin.module, *plugin.arguments) for plugin in plugins],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _identity(program: Path) -> tuple[str, int, int]:
    status = program.stat()
    return str(program), status.st_size, status.st_mtime_ns


def _write_content(folder: Path, cli: Path | None, plugins: Sequence[EmbeddedPlugin]) -> None:
    if cli is not None:
        programs = folder / "bin"
        programs.mkdir(parents=True)
        # Not a symbolic link, because the engine follows it before it looks beside itself.
        try:
            os.link(cli, programs / "pulumi")
        except OSError:
            shutil.copy2(cli, programs / "pulumi")
        _write_program(programs / "pulumi-language-python", launcher("pouw.engine.language"))
        # No -P, because this one loads providers that the program in the working directory defines.
        _write_program(programs / "pulumi-resource-pulumi-python", launcher("pulumi.dynamic", options="-u"))
    for plugin in plugins:
        plugin_folder = folder / "home" / "plugins" / f"resource-{plugin.name}-v{plugin.version}"
        script = launcher(plugin.module, *plugin.arguments)
        _write_program(plugin_folder / plugin.program, script)
        _write_program(folder / "plugins" / plugin.program, script)
    (folder / "home").mkdir(parents=True, exist_ok=True)
    (folder / "plugins").mkdir(exist_ok=True)


def _write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
