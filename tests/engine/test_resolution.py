from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.faults import Fault
from pouw.engine.diagnosis import CachedBuilder, CachedNetwork, diagnose
from pouw.engine.resolution import Engine, LocalMachine, Sources, resolve
from pouw.errors import ToolchainError
from pouw.home import Home
from pouw.progress import Progress, SilentProgress
from tests.engine.conftest import FakeMachine, FakeNetwork


@dataclass(kw_only=True)
class FakeBuilder:
    cli: Path | None = None
    builds: list[Path] = field(default_factory=list)

    def pinned_version(self) -> str:
        return "3.255.0"

    def build(self, progress: Progress) -> Path:
        del progress
        if self.cli is None:
            raise ToolchainError(Fault(path="pulumi", message="cannot be built", remedy="allow the module proxy"))
        self.builds.append(self.cli)
        return self.cli


@dataclass(kw_only=True)
class Resolver:
    """The resolution of an engine for one home."""

    home: Home

    def __call__(self, machine: FakeMachine, network: FakeNetwork, builder: FakeBuilder) -> Engine:
        sources = Sources(machine=machine, network=network, builder=builder)
        return resolve(SilentProgress(), home=self.home, sources=sources)


def home_in(folder: Path, **environment: str) -> Home:
    return Home(state=folder / "state", cache=folder / "cache", environment=environment)


@pytest.fixture
def resolver(tmp_path: Path) -> Resolver:
    return Resolver(home=home_in(tmp_path))


@pytest.fixture
def cli(tmp_path: Path) -> Path:
    program = tmp_path / "somewhere" / "pulumi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho v3.260.0\n")
    program.chmod(0o755)
    return program


def with_language_host(cli: Path) -> Path:
    cli.with_name("pulumi-language-python").touch()
    return cli


def test_the_users_official_engine_is_used_unchanged(cli: Path, resolver: Resolver) -> None:
    with_language_host(cli)
    engine = resolver(FakeMachine(programs={"pulumi": cli}), FakeNetwork(cli=cli), FakeBuilder(cli=cli))
    assert (engine.kind, engine.version, engine.path) == ("official", "3.260.0", cli)
    environment = engine.environment({"PATH": "/usr/bin", "PULUMI_HOME": "/home/user/.pulumi"})
    assert environment == {
        "PATH": "/usr/bin",
        "PULUMI_HOME": "/home/user/.pulumi",
        "PULUMI_PYTHON_CMD": sys.executable,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def test_embedded_plugins_are_last_on_the_path_of_an_official_engine(cli: Path, resolver: Resolver) -> None:
    with_language_host(cli)
    machine = FakeMachine(programs={"pulumi": cli}, plugins=False)
    engine = resolver(machine, FakeNetwork(plugins=False), FakeBuilder())
    path = engine.environment({"PATH": "/usr/bin"})["PATH"].split(":")
    assert path[0] == "/usr/bin"
    assert (Path(path[1]) / "pulumi-resource-kubernetes").exists()
    assert "PULUMI_HOME" not in engine.environment({})


def test_an_official_engine_downloads_its_plugin_where_it_can(cli: Path, resolver: Resolver) -> None:
    with_language_host(cli)
    machine = FakeMachine(programs={"pulumi": cli}, plugins=False)
    assert resolver(machine, FakeNetwork(plugins=True), FakeBuilder()).plugin_programs is None


@pytest.mark.parametrize(
    ("version", "host", "reason"),
    [
        ("3.260.0", False, "has no pulumi-language-python"),
        ("4.0.0", True, "version 4.0.0 is not 3.x"),
        ("", True, "does not run"),
    ],
)
def test_a_broken_official_engine_is_passed_over_with_its_reason(
    cli: Path, resolver: Resolver, version: str, host: bool, reason: str
) -> None:
    if host:
        with_language_host(cli)
    machine = FakeMachine(programs={"pulumi": cli}, says=version)
    engine = resolver(machine, FakeNetwork(), FakeBuilder(cli=cli))
    assert engine.kind == "built"
    assert any(reason in text for text in engine.passed_over)


def test_the_pinned_release_is_second_and_keeps_its_language_host(cli: Path, resolver: Resolver) -> None:
    engine = resolver(FakeMachine(), FakeNetwork(cli=cli, plugins=True), FakeBuilder(cli=cli))
    assert (engine.kind, engine.version, engine.path) == ("downloaded", "3.255.0", cli)
    assert engine.home is not None
    assert not (engine.home / "plugins").exists(), "the official plugin can be downloaded"


def test_the_build_is_last_with_embedded_parts_in_a_private_home(cli: Path, resolver: Resolver) -> None:
    builder = FakeBuilder(cli=cli)
    engine = resolver(FakeMachine(), FakeNetwork(), builder)
    assert (engine.kind, builder.builds) == ("built", [cli])
    assert engine.path.with_name("pulumi-language-python").exists()
    environment = engine.environment({"PATH": "/usr/bin", "PULUMI_HOME": "/home/user/.pulumi"})
    assert environment["PULUMI_HOME"] == str(engine.home)
    assert environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] == "true"


def test_the_same_build_gives_the_same_home_twice(cli: Path, resolver: Resolver) -> None:
    first = resolver(FakeMachine(), FakeNetwork(), FakeBuilder(cli=cli))
    assert resolver(FakeMachine(), FakeNetwork(), FakeBuilder(cli=cli)) == first


def test_two_homes_of_one_process_have_engines_of_their_own(cli: Path, tmp_path: Path) -> None:
    paths = {
        Resolver(home=home_in(tmp_path / name))(FakeMachine(), FakeNetwork(), FakeBuilder(cli=cli)).path
        for name in ("a", "b")
    }
    assert {path.relative_to(tmp_path).parts[0] for path in paths} == {"a", "b"}


def test_a_program_of_the_cache_is_not_the_users(cli: Path, resolver: Resolver, tmp_path: Path) -> None:
    diagnosis = resolver(FakeMachine(), FakeNetwork(), FakeBuilder(cli=cli))
    machine = LocalMachine(home=home_in(tmp_path, PATH=str(diagnosis.path.parent)))
    assert machine.which("pulumi") is None
    assert LocalMachine(home=home_in(tmp_path, PATH=str(cli.parent))).which("pulumi") == cli


def test_a_cli_prints_its_version(cli: Path, tmp_path: Path) -> None:
    machine = LocalMachine(home=home_in(tmp_path))
    assert machine.version(cli) == "3.260.0"
    assert machine.version(tmp_path / "absent") == ""


def test_the_users_plugins_are_in_their_home_or_on_the_path(tmp_path: Path) -> None:
    (tmp_path / ".pulumi" / "plugins" / "resource-kubernetes-v4.1.0").mkdir(parents=True)
    machine = LocalMachine(home=home_in(tmp_path, HOME=str(tmp_path), PATH=""))
    assert machine.has_plugin("kubernetes", "4.1.0")
    assert not machine.has_plugin("kubernetes", "4.2.0")


def test_a_missing_engine_is_a_problem_with_its_remedy(tmp_path: Path) -> None:
    sources = Sources(machine=FakeMachine(), network=FakeNetwork(), builder=FakeBuilder())
    diagnosis = diagnose(SilentProgress(), home=home_in(tmp_path), sources=sources)
    assert diagnosis.to_json() == {
        "engine": {"kind": "none", "version": "", "path": "", "sdk_patches": False},
        "plugins": [],
        "problems": [{"what": "no engine: pulumi: cannot be built", "remedy": "allow the module proxy"}],
    }


def test_the_diagnosis_names_the_kind_of_each_plugin(cli: Path, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    sources = Sources(machine=FakeMachine(), network=FakeNetwork(), builder=FakeBuilder(cli=cli))
    diagnosis = diagnose(SilentProgress(), home=home, sources=sources)
    assert {(plugin.name, plugin.kind) for plugin in diagnosis.plugins} >= {
        ("kubernetes", "embedded"),
        ("aws", "embedded"),
    }
    assert diagnosis.problems == []
    with_language_host(cli)
    machine = FakeMachine(programs={"pulumi": cli}, plugins=False)
    sources = Sources(machine=machine, network=FakeNetwork(), builder=FakeBuilder())
    official = diagnose(SilentProgress(), home=home, sources=sources)
    assert official.engine.kind == "official"
    assert {plugin.kind for plugin in official.plugins} == {"embedded"}
    assert official.problems[0].remedy.startswith("pulumi plugin install resource kubernetes ")


@pytest.mark.parametrize(("environment", "expected"), [({}, True), ({"POUW_SDK_PATCHES": "off"}, False)])
def test_the_diagnosis_says_if_programs_run_with_a_patched_sdk(
    cli: Path, tmp_path: Path, environment: dict[str, str], expected: bool
) -> None:
    home = home_in(tmp_path, **environment)
    sources = Sources(machine=FakeMachine(), network=FakeNetwork(), builder=FakeBuilder(cli=cli))
    assert diagnose(SilentProgress(), home=home, sources=sources).engine.sdk_patches is expected
    with_language_host(cli)
    sources = Sources(
        machine=FakeMachine(programs={"pulumi": cli}), network=FakeNetwork(plugins=True), builder=FakeBuilder()
    )
    assert diagnose(SilentProgress(), home=home, sources=sources).engine.sdk_patches is False


def test_a_report_builds_and_downloads_nothing(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    sources = Sources(machine=FakeMachine(), network=CachedNetwork(home=home), builder=CachedBuilder(home=home))
    report = diagnose(SilentProgress(), home=home, sources=sources)
    assert report.engine.kind == "none"
    assert [problem.message for problem in report.problems] == ["no engine: pulumi: is not on this machine yet"]
    assert not list(tmp_path.iterdir())
