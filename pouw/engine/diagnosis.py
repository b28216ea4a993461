"""The engine's part of ``pouw doctor``: the engine, its plugins, problems and their remedies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from infra.faults import Fault
from pouw.engine import download, pulumi_home
from pouw.engine.language.execution import sdk_patches_enabled
from pouw.engine.resolution import (
    ABSENT,
    Engine,
    LocalMachine,
    Machine,
    ModuleBuilder,
    OfficialNetwork,
    Sources,
    resolve,
)
from pouw.errors import EngineError, PouwError
from pouw.home import Home
from pouw.progress import Progress
from pouw.toolchain import programs

PluginKind = Literal["official", "embedded"]


@dataclass(frozen=True, kw_only=True)
class EngineFacts:
    """The engine that would run. With kind ``none`` there is no engine yet, and a problem has the remedy."""

    kind: str
    version: str
    path: str
    sdk_patches: bool = False
    """True if the language host runs programs with its patches of the Pulumi SDK."""


@dataclass(frozen=True, kw_only=True)
class PluginFacts:
    """A provider plugin that would run."""

    name: str
    version: str
    kind: PluginKind


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A missing or broken part, and its remedy."""

    message: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The engine's part of the doctor's report."""

    engine: EngineFacts
    plugins: Sequence[PluginFacts]
    problems: Sequence[Problem] = field(default=())

    def to_json(self) -> Mapping[str, Any]:
        """Return the content as documented for ``pouw doctor --json``."""
        return {
            "engine": asdict(self.engine),
            "plugins": [asdict(plugin) for plugin in self.plugins],
            "problems": [{"what": problem.message, "remedy": problem.remedy} for problem in self.problems],
        }


class CachedNetwork(OfficialNetwork):
    """Earlier downloads: a report fetches nothing."""

    def fetch(self, version: str, progress: Progress) -> Path:
        """Return the release that the cache has."""
        del progress
        cli = download.cached(self.release(version), self.home.cache / "engine")
        if cli is None:
            raise download.Unavailable("not downloaded yet")
        return cli


class CachedBuilder(ModuleBuilder):
    """Earlier builds: a report builds nothing."""

    def build(self, progress: Progress) -> Path:
        """Return the CLI that the cache has."""
        del progress
        cli = programs.location("pulumi", home=self.home)
        if not cli.exists():
            remedy = "`pouw up` or `pouw preview` downloads or builds one, once; or install Pulumi 3 on the PATH"
            raise EngineError(Fault(path="pulumi", message="is not on this machine yet", remedy=remedy))
        return cli


def diagnose(progress: Progress, *, home: Home, sources: Sources | None = None) -> Diagnosis:
    """Return the engine and plugins that would run; install nothing. A missing engine is a problem, not an error."""
    sources = sources or Sources(
        machine=LocalMachine(home=home), network=CachedNetwork(home=home), builder=CachedBuilder(home=home)
    )
    try:
        engine = resolve(progress, home=home, sources=sources)
    except PouwError as error:
        problems = [
            Problem(
                message=f"no engine: {fault.path}: {fault.message}",
                remedy=fault.remedy or "see docs/explanation/engine.md",
            )
            for fault in error.faults
        ]
        return Diagnosis(engine=EngineFacts(kind="none", version="", path=""), plugins=[], problems=problems)
    plugins = plugins_of(engine, sources.machine)
    return Diagnosis(
        engine=EngineFacts(
            kind=engine.kind,
            version=engine.version,
            path=str(engine.path),
            sdk_patches=engine.kind == "built" and sdk_patches_enabled(home.environment),
        ),
        plugins=plugins,
        problems=[*_engine_problems(engine), *_plugin_problems(engine, plugins)],
    )


def plugins_of(engine: Engine, machine: Machine) -> Sequence[PluginFacts]:
    """Return the provider plugins that the stacks need, official or embedded."""
    return [
        PluginFacts(name=plugin.name, version=plugin.version, kind=_kind(engine, plugin, machine))
        for plugin in pulumi_home.embedded_plugins()
    ]


def _kind(engine: Engine, plugin: pulumi_home.EmbeddedPlugin, machine: Machine) -> PluginKind:
    if engine.home is not None:
        program = engine.home / "plugins" / f"resource-{plugin.name}-v{plugin.version}" / plugin.program
        return "embedded" if program.exists() else "official"
    if machine.has_plugin(plugin.name, plugin.version) or engine.plugin_programs is None:
        return "official"
    return "embedded" if Path(engine.plugin_programs, plugin.program).exists() else "official"


def _engine_problems(engine: Engine) -> Sequence[Problem]:
    """Return a problem for each official engine on the PATH that was passed over because it is broken."""
    reasons = [reason for reason in engine.passed_over if not reason.endswith(ABSENT) and "official" not in reason]
    return [
        Problem(
            message=f"{reason}; the {engine.kind} engine is used instead", remedy="repair or remove that installation"
        )
        for reason in reasons
    ]


def _plugin_problems(engine: Engine, plugins: Sequence[PluginFacts]) -> Sequence[Problem]:
    if engine.kind != "official":
        return []
    return [
        Problem(
            message=f"the official {plugin.name} plugin {plugin.version} is not installed and cannot be downloaded;"
            " the embedded one is used",
            remedy=f"pulumi plugin install resource {plugin.name} {plugin.version}",
        )
        for plugin in plugins
        if plugin.kind == "embedded"
    ]
