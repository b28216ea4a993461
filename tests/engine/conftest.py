"""Projects, sources and the real engine for the tests of ``pouw.engine``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from pouw.engine import resolution
from pouw.engine.download import Unavailable
from pouw.engine.project import Project
from pouw.engine.resolution import Engine, ModuleBuilder, Sources
from pouw.home import Home
from pouw.progress import LineProgress, Progress


@dataclass(frozen=True, kw_only=True)
class FakeMachine:
    """A machine with these programs on its PATH and these plugins in its home."""

    programs: Mapping[str, Path] = field(default_factory=dict)
    says: str = "3.260.0"
    plugins: bool = True

    def which(self, program: str) -> Path | None:
        return self.programs.get(program)

    def version(self, cli: Path) -> str:
        del cli
        return self.says

    def has_plugin(self, name: str, version: str) -> bool:
        del name, version
        return self.plugins


@dataclass(frozen=True, kw_only=True)
class FakeNetwork:
    """A network that gives this CLI, or refuses."""

    cli: Path | None = None
    plugins: bool = False

    def fetch(self, version: str, progress: Progress) -> Path:
        del version, progress
        if self.cli is None:
            raise Unavailable("refused by the test")
        return self.cli

    def has_plugin(self, name: str, version: str) -> bool:
        del name, version
        return self.plugins


@pytest.fixture
def pouw_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of the test's own, and no Pulumi settings of the user's."""
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "state"
    monkeypatch.setenv("POUW_CACHE", str(Home.from_environment(os.environ).cache))
    monkeypatch.setenv("POUW_HOME", str(home))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_CREDENTIALS_PATH", str(tmp_path / "nobody"))
    return home


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine that is built from its module, whatever else this machine has."""
    home = Home.from_environment(os.environ)
    sources = Sources(machine=FakeMachine(), network=FakeNetwork(), builder=ModuleBuilder(home=home))
    return resolution.resolve(LineProgress(), home=home, sources=sources)


MakeProject = Callable[..., Project]


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Writes a project: the program's text, the configuration of its stack ``local``, its folder."""

    def make(program: str, config: Mapping[str, object] | None = None, *, folder: str = "project") -> Project:
        root = tmp_path / folder
        root.mkdir()
        (root / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
        (root / "Pulumi.local.yaml").write_text(yaml.safe_dump({"config": dict(config or {})}))
        (root / "__main__.py").write_text(dedent(program))
        return Project(root=root)

    return make
