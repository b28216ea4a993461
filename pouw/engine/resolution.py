"""Choice of the engine: the user's official one, the pinned official release, or one built from its Go module."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

from infra.faults import Fault
from pouw.engine import download, pulumi_home
from pouw.errors import EngineError
from pouw.home import Home
from pouw.progress import Progress
from pouw.toolchain import programs

EngineKind = Literal["official", "downloaded", "built"]
_PLUGIN_URL = "https://get.pulumi.com/releases/plugins"
_VERSION_TIMEOUT_SECONDS = 20.0
ABSENT = "is not installed"
"""End of the reason why an engine on the PATH was passed over where there is none."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One engine, ready to run."""

    kind: EngineKind
    version: str
    """Without a leading v."""
    path: Path
    """The CLI."""
    home: Path | None
    """``PULUMI_HOME``; None for an official engine, which keeps the user's."""
    plugin_programs: Path | None = None
    """Folder with embedded plugins that has to be on the PATH of an official engine."""
    passed_over: Sequence[str] = field(default=())
    """Reasons why preferred sources were not used."""

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return the environment to run the engine in, made from ``base``."""
        environment = dict(base)
        environment["PULUMI_SKIP_UPDATE_CHECK"] = "true"
        if self.home is not None:
            environment["PULUMI_HOME"] = str(self.home)
            # This engine uses the parts beside it and in its home, and none that is on the PATH.
            environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
            environment.setdefault("PULUMI_LOG_ROTATION_MAX_TOTAL_MB", "50")
        if self.kind != "built":
            # The official language host runs the first python3 of the PATH, and the program needs our packages.
            environment.setdefault("PULUMI_PYTHON_CMD", sys.executable)
        before = [str(self.path.parent)] if self.home is not None else []
        after = [str(self.plugin_programs)] if self.plugin_programs is not None else []
        environment["PATH"] = os.pathsep.join([*before, environment.get("PATH", os.defpath), *after])
        if self.kind == "built":
            # The plugins are installed. A missing one cannot be downloaded, and an attempt costs time and clarity.
            environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        return environment


class Machine(Protocol):
    """The programs of this machine."""

    def which(self, program: str) -> Path | None:
        """Return the program on the PATH."""

    def version(self, cli: Path) -> str:
        """Return the version that a CLI prints, without a leading v; empty if it does not run."""

    def has_plugin(self, name: str, version: str) -> bool:
        """True if the user's Pulumi has this provider plugin."""


class Network(Protocol):
    """The servers of official releases."""

    def fetch(self, version: str, progress: Progress) -> Path:
        """Return the CLI of the official release.

        Raises:
            download.Unavailable: it cannot be downloaded.
        """

    def has_plugin(self, name: str, version: str) -> bool:
        """True if the official provider plugin can be downloaded."""


class Builder(Protocol):
    """The source that builds an engine."""

    def pinned_version(self) -> str:
        """Return the pinned version, without a leading v."""

    def build(self, progress: Progress) -> Path:
        """Return the CLI built from its module.

        Raises:
            ToolchainError: it cannot be built.
        """


@dataclass(frozen=True, kw_only=True)
class LocalMachine:
    """This machine."""

    home: Home

    def which(self, program: str) -> Path | None:
        """Return the program on the PATH, but none of the cache."""
        path = shutil.which(program, path=self.home.environment.get("PATH"))
        if path is None or Path(path).resolve().is_relative_to(self.home.cache):
            return None
        return Path(path)

    def version(self, cli: Path) -> str:
        """Return the version that a CLI prints, without a leading v; empty if it does not run."""
        try:
            process = subprocess.run(
                [cli, "version"],
                env={**self.home.environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
                capture_output=True,
                text=True,
                check=False,
                timeout=_VERSION_TIMEOUT_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return process.stdout.strip().removeprefix("v") if process.returncode == 0 else ""

    def has_plugin(self, name: str, version: str) -> bool:
        """True if the PATH or the home of the user's Pulumi has the plugin."""
        environment = self.home.environment
        if shutil.which(f"pulumi-resource-{name}", path=environment.get("PATH")):
            return True
        default = Path(environment.get("HOME", "~")).expanduser() / ".pulumi"
        return (Path(environment.get("PULUMI_HOME") or default) / "plugins" / f"resource-{name}-v{version}").is_dir()


@dataclass(frozen=True, kw_only=True)
class OfficialNetwork:
    """Pulumi's servers, or the mirror that the user names."""

    home: Home

    def release(self, version: str) -> download.Release:
        """Return the release of a version, on the server that the environment names."""
        return download.release(
            version,
            base_url=self.home.environment.get(download.BASE_URL_VARIABLE, ""),
            sha256=self.home.environment.get(download.CHECKSUM_VARIABLE, ""),
        )

    def fetch(self, version: str, progress: Progress) -> Path:
        """Download the pinned release."""
        return download.fetch(self.release(version), progress, root=_root(self.home))

    def has_plugin(self, name: str, version: str) -> bool:
        """True if a HEAD request for the plugin's archive succeeds."""
        machine = download.release(version).archive.removeprefix(f"pulumi-v{version}-").replace("x64", "amd64")
        url = f"{_PLUGIN_URL}/pulumi-resource-{name}-v{version}-{machine}"
        return download.reachable(url, download.Refusals(path=_root(self.home) / "refused.json"))


@dataclass(frozen=True, kw_only=True)
class ModuleBuilder:
    """The build of the CLI from the Go module that the toolchain pins."""

    home: Home

    def pinned_version(self) -> str:
        """Return the version that the module requires, without a leading v."""
        return programs.pinned_version("pulumi").removeprefix("v")

    def build(self, progress: Progress) -> Path:
        """Build the CLI, unless the cache has it, and return it."""
        return programs.ensure("pulumi", progress, home=self.home)


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The sources of an engine."""

    machine: Machine
    network: Network
    builder: Builder

    @classmethod
    def of(cls, home: Home) -> Sources:
        """Return the sources of this machine."""
        return cls(
            machine=LocalMachine(home=home), network=OfficialNetwork(home=home), builder=ModuleBuilder(home=home)
        )


def resolve(progress: Progress, *, home: Home, sources: Sources | None = None) -> Engine:
    """Return the engine for this machine, with the embedded parts that it needs.

    Raises:
        ToolchainError: no engine is installed, and none can be downloaded or built.
        EngineError: a download does not match its checksum.
    """
    sources = sources or Sources.of(home)
    root = _root(home)
    passed_over: list[str] = []
    if official := _official(sources, root, passed_over):
        return official
    version = sources.builder.pinned_version()
    try:
        cli = sources.network.fetch(version, progress)
    except download.Unavailable as refusal:
        passed_over.append(f"official release {version}: {refusal}")
    else:
        private = pulumi_home.install(None, plugins=_missing_plugins(sources, installed=False), root=root)
        return Engine(kind="downloaded", version=version, path=cli, home=private.path, passed_over=passed_over)
    return replace(build(progress, home=home, builder=sources.builder), passed_over=passed_over)


def build(progress: Progress, *, home: Home, builder: Builder | None = None) -> Engine:
    """Return the engine that is built from its module, whatever else this machine has.

    Raises:
        ToolchainError: it cannot be built.
    """
    builder = builder or ModuleBuilder(home=home)
    cli = builder.build(progress)
    private = pulumi_home.install(cli, plugins=pulumi_home.embedded_plugins(), root=_root(home))
    if private.cli is None:
        fault = Fault(path=str(private.path), message="holds no CLI", remedy="remove the folder and try again")
        raise EngineError(fault)
    return Engine(kind="built", version=builder.pinned_version(), path=private.cli, home=private.path)


def _root(home: Home) -> Path:
    return home.cache / "engine"


def _official(sources: Sources, root: Path, passed_over: list[str]) -> Engine | None:
    cli = sources.machine.which("pulumi")
    if cli is None:
        passed_over.append(f"pulumi on PATH: {ABSENT}")
        return None
    version = sources.machine.version(cli)
    if not version.startswith("3."):
        passed_over.append(f"{cli}: " + (f"version {version} is not 3.x" if version else "does not run"))
        return None
    if not cli.resolve().with_name("pulumi-language-python").exists() and not sources.machine.which(
        "pulumi-language-python"
    ):
        passed_over.append(f"{cli}: has no pulumi-language-python")
        return None
    missing = _missing_plugins(sources, installed=True)
    programs_folder = pulumi_home.install(None, plugins=missing, root=root).plugin_programs if missing else None
    return Engine(kind="official", version=version, path=cli, home=None, plugin_programs=programs_folder)


def _missing_plugins(sources: Sources, *, installed: bool) -> Sequence[pulumi_home.EmbeddedPlugin]:
    """Return the embedded plugins whose official counterpart can be neither used nor downloaded.

    With ``installed``, an official plugin that the user has can be used.
    """
    return [
        plugin
        for plugin in pulumi_home.embedded_plugins()
        if not (installed and sources.machine.has_plugin(plugin.name, plugin.version))
        and not sources.network.has_plugin(plugin.name, plugin.version)
    ]
