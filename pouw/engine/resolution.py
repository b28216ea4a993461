"""Which engine runs here: the user's official one, the pinned official release, or one built from its Go module."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from infra.faults import Fault
from pouw.engine import download, pulumi_home
from pouw.errors import EngineError
from pouw.home import Home
from pouw.paths import cache_dir
from pouw.progress import Progress
from pouw.toolchain import programs

EngineKind = Literal["official", "downloaded", "built"]
_PLUGIN_URL = "https://get.pulumi.com/releases/plugins"
_VERSION_TIMEOUT_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One engine, ready to run."""

    kind: EngineKind
    version: str
    """Without a leading v."""
    path: Path
    """The CLI."""
    home: Path | None
    """``PULUMI_HOME``; none for an official engine, which keeps the user's."""
    plugin_programs: Path | None = None
    """A folder with plugins of ours that has to be on the PATH of an official engine."""
    passed_over: Sequence[str] = field(default=())
    """Why better sources were not used."""

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment to run it in, made from ``base`` (this process's unless given)."""
        told = dict(os.environ if base is None else base)
        told["PULUMI_SKIP_UPDATE_CHECK"] = "true"
        if self.home is not None:
            told["PULUMI_HOME"] = str(self.home)
            # Whatever else is on the PATH, this engine works with the parts beside it and in its home.
            told["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
            told.setdefault("PULUMI_LOG_ROTATION_MAX_TOTAL_MB", "50")
        if self.kind != "built":
            # The official language host runs the first python3 of the PATH, and the program needs our packages.
            told.setdefault("PULUMI_PYTHON_CMD", sys.executable)
        before = [str(self.path.parent)] if self.home is not None else []
        after = [str(self.plugin_programs)] if self.plugin_programs is not None else []
        told["PATH"] = os.pathsep.join([*before, told.get("PATH", os.defpath), *after])
        if self.kind == "built":
            # Plugins are laid out by us; what is missing cannot be downloaded, and trying costs time and clarity.
            told["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        return told


class Machine(Protocol):
    """What is installed on this machine."""

    def which(self, program: str) -> Path | None:
        """The program on the PATH."""

    def version(self, cli: Path) -> str:
        """What a CLI says its version is, without a leading v; empty if it does not run."""

    def has_plugin(self, name: str, version: str) -> bool:
        """Whether the user's own Pulumi has this provider plugin."""


class Network(Protocol):
    """What can be had from outside."""

    def fetch(self, version: str, progress: Progress) -> Path:
        """The CLI of the official release; raises ``download.Unavailable``."""

    def has_plugin(self, name: str, version: str) -> bool:
        """Whether the official provider plugin can be downloaded."""


class Builder(Protocol):
    """The last source."""

    def pinned_version(self) -> str:
        """The version that is pinned, without a leading v: the one place that says it."""

    def build(self, progress: Progress) -> Path:
        """The CLI built from its module; raises ``ToolchainError``."""


@dataclass(frozen=True, kw_only=True)
class LocalMachine:
    """The machine we are on."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def which(self, program: str) -> Path | None:
        """The program on the PATH, but never one of our own making."""
        found = shutil.which(program, path=self.environment.get("PATH"))
        if found is None or Path(found).resolve().is_relative_to(cache_dir()):
            return None
        return Path(found)

    def version(self, cli: Path) -> str:
        """Ask it."""
        try:
            said = subprocess.run(
                [cli, "version"],
                env={**self.environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
                capture_output=True,
                text=True,
                check=False,
                timeout=_VERSION_TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return said.stdout.strip().removeprefix("v") if said.returncode == 0 else ""

    def has_plugin(self, name: str, version: str) -> bool:
        """Look where the user's Pulumi looks: its home, and the PATH."""
        if shutil.which(f"pulumi-resource-{name}", path=self.environment.get("PATH")):
            return True
        default = Path(self.environment.get("HOME", "~")).expanduser() / ".pulumi"
        return (
            Path(self.environment.get("PULUMI_HOME") or default) / "plugins" / f"resource-{name}-v{version}"
        ).is_dir()


@dataclass(frozen=True, kw_only=True)
class OfficialNetwork:
    """Pulumi's own servers, or the mirror that the user names."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def release(self, version: str) -> download.Release:
        """The release of that version, from where the environment says."""
        return download.release(
            version,
            base_url=self.environment.get(download.BASE_URL_VARIABLE, ""),
            sha256=self.environment.get(download.CHECKSUM_VARIABLE, ""),
        )

    def fetch(self, version: str, progress: Progress) -> Path:
        """Download the pinned release."""
        return download.fetch(self.release(version), progress)

    def has_plugin(self, name: str, version: str) -> bool:
        """Ask for the head of the plugin's archive."""
        machine = download.release(version).archive.removeprefix(f"pulumi-v{version}-").replace("x64", "amd64")
        url = f"{_PLUGIN_URL}/pulumi-resource-{name}-v{version}-{machine}"
        return download.reachable(url, download.Refusals(path=cache_dir() / "engine" / "refused.json"))


class ModuleBuilder:
    """Builds the CLI from the Go module that the toolchain pins."""

    def pinned_version(self) -> str:
        """What the module requires."""
        return programs.pinned_version("pulumi").removeprefix("v")

    def build(self, progress: Progress) -> Path:
        """Build, or take from the cache."""
        return programs.ensure("pulumi", progress, home=Home.from_environment(os.environ))


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where an engine may come from."""

    machine: Machine = field(default_factory=LocalMachine)
    network: Network = field(default_factory=OfficialNetwork)
    builder: Builder = field(default_factory=ModuleBuilder)


def resolve(progress: Progress, sources: Sources | None = None) -> Engine:
    """The engine for this machine, complete with the parts that it needs and that no registry serves.

    Raises:
        ToolchainError: there is none, none can be downloaded, and none can be built.
        EngineError: a download is not what its checksum says.
    """
    sources = sources or Sources()
    passed_over: list[str] = []
    if official := _official(sources, passed_over):
        return official
    version = sources.builder.pinned_version()
    try:
        cli = sources.network.fetch(version, progress)
    except download.Unavailable as refusal:
        passed_over.append(f"official release {version}: {refusal}")
    else:
        place = pulumi_home.install(None, plugins=_missing_plugins(sources, installed=False))
        return Engine(kind="downloaded", version=version, path=cli, home=place.path, passed_over=passed_over)
    place = pulumi_home.install(sources.builder.build(progress), plugins=pulumi_home.embedded_plugins())
    if place.cli is None:
        raise EngineError(Fault(path=str(place.path), message="holds no CLI", remedy="remove the folder and try again"))
    return Engine(kind="built", version=version, path=place.cli, home=place.path, passed_over=passed_over)


def _official(sources: Sources, passed_over: list[str]) -> Engine | None:
    cli = sources.machine.which("pulumi")
    if cli is None:
        passed_over.append("pulumi on PATH: there is none")
        return None
    version = sources.machine.version(cli)
    if not version.startswith("3."):
        passed_over.append(f"{cli}: " + (f"version {version} is not 3.x" if version else "does not run"))
        return None
    if not cli.resolve().with_name("pulumi-language-python").exists() and not sources.machine.which(
        "pulumi-language-python"
    ):
        passed_over.append(f"{cli}: comes without pulumi-language-python")
        return None
    missing = _missing_plugins(sources, installed=True)
    offered = pulumi_home.install(None, plugins=missing).plugin_programs if missing else None
    return Engine(kind="official", version=version, path=cli, home=None, plugin_programs=offered)


def _missing_plugins(sources: Sources, *, installed: bool) -> Sequence[pulumi_home.EmbeddedPlugin]:
    """Those of our plugins whose official counterpart is neither there (``installed``: look) nor to be had."""
    return [
        plugin
        for plugin in pulumi_home.embedded_plugins()
        if not (installed and sources.machine.has_plugin(plugin.name, plugin.version))
        and not sources.network.has_plugin(plugin.name, plugin.version)
    ]
