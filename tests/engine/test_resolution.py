from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.faults import Fault
from pouw.engine.diagnosis import CachedBuilder, CachedNetwork, diagnose
from pouw.engine.resolution import Engine, LocalMachine, Sources, resolve
from pouw.errors import ToolchainError
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


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POUW_CACHE", str(tmp_path / "cache"))
    program = tmp_path / "somewhere" / "pulumi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho v3.260.0\n")
    program.chmod(0o755)
    return program


def with_language_host(cli: Path) -> Path:
    cli.with_name("pulumi-language-python").touch()
    return cli


def resolved(machine: FakeMachine, network: FakeNetwork, builder: FakeBuilder) -> Engine:
    return resolve(SilentProgress(), Sources(machine=machine, network=network, builder=builder))


def test_the_users_official_engine_is_used_untouched(cli: Path) -> None:
    with_language_host(cli)
    engine = resolved(FakeMachine(programs={"pulumi": cli}), FakeNetwork(cli=cli), FakeBuilder(cli=cli))
    assert (engine.kind, engine.version, engine.path) == ("official", "3.260.0", cli)
    told = engine.environment({"PATH": "/usr/bin", "PULUMI_HOME": "/home/user/.pulumi"})
    assert told == {
        "PATH": "/usr/bin",
        "PULUMI_HOME": "/home/user/.pulumi",
        "PULUMI_PYTHON_CMD": sys.executable,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def test_an_official_engine_whose_plugin_cannot_be_had_gets_ours_at_the_end_of_its_path(cli: Path) -> None:
    with_language_host(cli)
    machine = FakeMachine(programs={"pulumi": cli}, plugins=False)
    engine = resolved(machine, FakeNetwork(plugins=False), FakeBuilder())
    path = engine.environment({"PATH": "/usr/bin"})["PATH"].split(":")
    assert path[0] == "/usr/bin"
    assert (Path(path[1]) / "pulumi-resource-kubernetes").exists()
    assert "PULUMI_HOME" not in engine.environment({})


def test_an_official_engine_that_can_download_its_plugin_is_left_to_do_so(cli: Path) -> None:
    with_language_host(cli)
    machine = FakeMachine(programs={"pulumi": cli}, plugins=False)
    assert resolved(machine, FakeNetwork(plugins=True), FakeBuilder()).plugin_programs is None


@pytest.mark.parametrize(
    ("machine_says", "host", "reason"),
    [
        ("3.260.0", False, "comes without pulumi-language-python"),
        ("4.0.0", True, "version 4.0.0 is not 3.x"),
        ("", True, "does not run"),
    ],
)
def test_an_official_engine_that_cannot_work_is_passed_over_with_its_reason(
    cli: Path, machine_says: str, host: bool, reason: str
) -> None:
    if host:
        with_language_host(cli)
    machine = FakeMachine(programs={"pulumi": cli}, says=machine_says)
    engine = resolved(machine, FakeNetwork(), FakeBuilder(cli=cli))
    assert engine.kind == "built"
    assert any(reason in passed for passed in engine.passed_over)


def test_the_pinned_release_comes_second_and_keeps_its_own_language_host(cli: Path) -> None:
    engine = resolved(FakeMachine(), FakeNetwork(cli=cli, plugins=True), FakeBuilder(cli=cli))
    assert (engine.kind, engine.version, engine.path) == ("downloaded", "3.255.0", cli)
    assert engine.home is not None
    assert not (engine.home / "plugins").exists(), "the official plugin can be had"


def test_the_build_comes_last_with_our_parts_in_a_home_of_its_own(cli: Path) -> None:
    builder = FakeBuilder(cli=cli)
    engine = resolved(FakeMachine(), FakeNetwork(), builder)
    assert (engine.kind, builder.builds) == ("built", [cli])
    assert engine.path.with_name("pulumi-language-python").exists()
    told = engine.environment({"PATH": "/usr/bin", "PULUMI_HOME": "/home/user/.pulumi"})
    assert told["PULUMI_HOME"] == str(engine.home)
    assert told["PULUMI_IGNORE_AMBIENT_PLUGINS"] == "true"


def test_nothing_built_twice_gives_two_homes(cli: Path) -> None:
    first = resolved(FakeMachine(), FakeNetwork(), FakeBuilder(cli=cli))
    assert resolved(FakeMachine(), FakeNetwork(), FakeBuilder(cli=cli)) == first


def test_a_program_of_ours_on_the_path_is_not_taken_for_the_users(cli: Path) -> None:
    ours = resolved(FakeMachine(), FakeNetwork(), FakeBuilder(cli=cli))
    machine = LocalMachine(environment={"PATH": str(ours.path.parent)})
    assert machine.which("pulumi") is None
    assert LocalMachine(environment={"PATH": str(cli.parent)}).which("pulumi") == cli


def test_a_cli_is_asked_for_its_version(cli: Path, tmp_path: Path) -> None:
    machine = LocalMachine(environment={})
    assert machine.version(cli) == "3.260.0"
    assert machine.version(tmp_path / "absent") == ""


def test_the_users_plugins_are_found_in_their_home_and_on_the_path(tmp_path: Path) -> None:
    (tmp_path / ".pulumi" / "plugins" / "resource-kubernetes-v4.1.0").mkdir(parents=True)
    machine = LocalMachine(environment={"HOME": str(tmp_path), "PATH": ""})
    assert machine.has_plugin("kubernetes", "4.1.0")
    assert not machine.has_plugin("kubernetes", "4.2.0")


def test_no_engine_at_all_is_a_problem_with_its_remedy_in_the_diagnosis() -> None:
    diagnosis = diagnose(SilentProgress(), Sources(machine=FakeMachine(), network=FakeNetwork(), builder=FakeBuilder()))
    assert diagnosis.to_json() == {
        "engine": {"kind": "none", "version": "", "path": ""},
        "plugins": [],
        "problems": [{"what": "no engine: pulumi: cannot be built", "remedy": "allow the module proxy"}],
    }


def test_the_diagnosis_says_whose_plugins_run(cli: Path) -> None:
    built = diagnose(
        SilentProgress(), Sources(machine=FakeMachine(), network=FakeNetwork(), builder=FakeBuilder(cli=cli))
    )
    assert {(plugin.name, plugin.kind) for plugin in built.plugins} >= {("kubernetes", "embedded"), ("aws", "embedded")}
    assert built.problems == []
    with_language_host(cli)
    official = diagnose(
        SilentProgress(),
        Sources(
            machine=FakeMachine(programs={"pulumi": cli}, plugins=False), network=FakeNetwork(), builder=FakeBuilder()
        ),
    )
    assert official.engine.kind == "official"
    assert {plugin.kind for plugin in official.plugins} == {"embedded"}
    assert official.problems[0].remedy.startswith("pulumi plugin install resource kubernetes ")


def test_a_report_builds_and_downloads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POUW_CACHE", str(tmp_path))
    report = diagnose(
        SilentProgress(), Sources(machine=FakeMachine(), network=CachedNetwork(environment={}), builder=CachedBuilder())
    )
    assert report.engine.kind == "none"
    assert [problem.what for problem in report.problems] == ["no engine: pulumi: is not on this machine yet"]
    assert not list(tmp_path.iterdir())
