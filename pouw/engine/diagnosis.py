"""What ``pouw doctor`` says about the engine: which one, which plugins, what is missing and how to get it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from infra.faults import Fault
from pouw.engine import download, pulumi_home
from pouw.engine.resolution import Engine, LocalMachine, Machine, ModuleBuilder, OfficialNetwork, Sources, resolve
from pouw.errors import EngineError, PouwError
from pouw.home import Home
from pouw.progress import Progress
from pouw.toolchain import programs

PluginKind = Literal["official", "embedded"]


@dataclass(frozen=True, kw_only=True)
class EngineFacts:
    """The engine that would run. Kind ``none``: there is none yet, and a problem says how to get it."""

    kind: str
    version: str
    path: str


@dataclass(frozen=True, kw_only=True)
class PluginFacts:
    """A provider plugin that would run."""

    name: str
    version: str
    kind: PluginKind


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that is missing or worse than it could be, and what to do about it."""

    what: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The engine's part of the doctor's report."""

    engine: EngineFacts
    plugins: Sequence[PluginFacts]
    problems: Sequence[Problem] = field(default=())

    def to_json(self) -> Mapping[str, Any]:
        """As documented for ``pouw doctor --json``."""
        content = asdict(self)
        return {key: content[key] for key in ("engine", "plugins", "problems")}


class CachedNetwork(OfficialNetwork):
    """What was downloaded before: nothing is fetched for a report."""

    def fetch(self, version: str, progress: Progress) -> Path:
        """The release that the cache has."""
        del progress
        cli = download.fetched(self.release(version))
        if cli is None:
            raise download.Unavailable("not downloaded yet")
        return cli


class CachedBuilder(ModuleBuilder):
    """What was built before: nothing is built for a report."""

    def build(self, progress: Progress) -> Path:
        """The CLI that the cache has."""
        del progress
        cli = programs.location("pulumi", home=Home.from_environment(os.environ))
        if not cli.exists():
            remedy = "`pouw up` or `pouw preview` downloads or builds one, once; or install Pulumi 3 on the PATH"
            raise EngineError(Fault(path="pulumi", message="is not on this machine yet", remedy=remedy))
        return cli


def diagnose(progress: Progress, sources: Sources | None = None) -> Diagnosis:
    """Look at the engine and at what it would run with; install nothing. No engine is a problem here, not an error."""
    sources = sources or Sources(network=CachedNetwork(), builder=CachedBuilder())
    try:
        engine = resolve(progress, sources)
    except PouwError as error:
        problems = [
            Problem(
                what=f"no engine: {fault.path}: {fault.message}",
                remedy=fault.remedy or "see docs/explanation/engine.md",
            )
            for fault in error.faults
        ]
        return Diagnosis(engine=EngineFacts(kind="none", version="", path=""), plugins=[], problems=problems)
    plugins = plugins_of(engine, sources.machine)
    return Diagnosis(
        engine=EngineFacts(kind=engine.kind, version=engine.version, path=str(engine.path)),
        plugins=plugins,
        problems=[*_engine_problems(engine), *_plugin_problems(engine, plugins)],
    )


def plugins_of(engine: Engine, machine: Machine | None = None) -> Sequence[PluginFacts]:
    """The provider plugins that a stack of ours needs on any machine, and whose they are."""
    machine = machine or LocalMachine()
    return [
        PluginFacts(name=plugin.name, version=plugin.version, kind=_kind(engine, plugin, machine))
        for plugin in pulumi_home.embedded_plugins()
    ]


def _kind(engine: Engine, plugin: pulumi_home.EmbeddedPlugin, machine: Machine) -> PluginKind:
    if engine.home is not None:
        ours = engine.home / "plugins" / f"resource-{plugin.name}-v{plugin.version}" / plugin.program
        return "embedded" if ours.exists() else "official"
    if machine.has_plugin(plugin.name, plugin.version) or engine.plugin_programs is None:
        return "official"
    return "embedded" if Path(engine.plugin_programs, plugin.program).exists() else "official"


def _engine_problems(engine: Engine) -> Sequence[Problem]:
    """A built or downloaded engine is complete; a broken official one, though, the user will want to know of."""
    broken = [
        reason for reason in engine.passed_over if not reason.endswith(": there is none") and "official" not in reason
    ]
    return [
        Problem(what=f"{reason}; the {engine.kind} engine is used instead", remedy="repair or remove that installation")
        for reason in broken
    ]


def _plugin_problems(engine: Engine, plugins: Sequence[PluginFacts]) -> Sequence[Problem]:
    if engine.kind != "official":
        return []
    return [
        Problem(
            what=f"the official {plugin.name} plugin {plugin.version} is not installed and cannot be downloaded;"
            " the embedded one is used",
            remedy=f"pulumi plugin install resource {plugin.name} {plugin.version}",
        )
        for plugin in plugins
        if plugin.kind == "embedded"
    ]
