from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import pytest

from pouw.engine import pulumi_home

PLUGIN = pulumi_home.EmbeddedPlugin(name="kubernetes", version="4.1.0", module="some.module")


@pytest.fixture
def cli(tmp_path: Path) -> Path:
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_the_parts_stand_where_the_engine_looks_for_them(cli: Path, tmp_path: Path) -> None:
    homes = pulumi_home.install(cli, plugins=[PLUGIN], root=tmp_path / "cache")
    assert homes.cli is not None
    assert not homes.cli.is_symlink(), "the engine follows a link before it looks beside itself"
    for program in (
        homes.cli,
        homes.cli.with_name("pulumi-language-python"),
        homes.path / "plugins" / "resource-kubernetes-v4.1.0" / "pulumi-resource-kubernetes",
        homes.plugin_programs / "pulumi-resource-kubernetes",
    ):
        assert program.stat().st_mode & 0o111


def test_a_second_install_changes_nothing_unless_the_content_differs(cli: Path, tmp_path: Path) -> None:
    first = pulumi_home.install(cli, plugins=[PLUGIN], root=tmp_path / "cache")
    assert pulumi_home.install(cli, plugins=[PLUGIN], root=tmp_path / "cache") == first
    newer = pulumi_home.EmbeddedPlugin(name="kubernetes", version="4.2.0", module="some.module")
    assert pulumi_home.install(cli, plugins=[newer], root=tmp_path / "cache").path != first.path
    cli.write_text("#!/bin/sh\nexit 1\n")
    assert pulumi_home.install(cli, plugins=[PLUGIN], root=tmp_path / "cache").path != first.path


def test_many_at_once_make_one_home_and_leave_no_scraps(cli: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        homes = set(pool.map(lambda _: pulumi_home.install(cli, plugins=[PLUGIN], root=tmp_path / "cache"), range(16)))
    assert len(homes) == 1
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_launcher_keeps_the_working_directory_off_the_import_path() -> None:
    assert pulumi_home.launcher("some.module") == f'#!/bin/sh\nexec {sys.executable} -P -m some.module "$@"\n'
    assert "'/with space/python'" in pulumi_home.launcher("m", python=Path("/with space/python"))


def test_embedded_plugins_carry_the_version_of_their_sdk() -> None:
    assert {one.name: one.version for one in pulumi_home.embedded_plugins()} == {
        name: metadata.version(f"pulumi-{name}") for name in ("kubernetes", "aws", "azure-native", "docker", "gcp")
    }


def test_a_cloud_whose_sdk_is_not_installed_has_no_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(distribution: str) -> str:
        if distribution != "pulumi-kubernetes":
            raise metadata.PackageNotFoundError(distribution)
        return "4.1.0"

    monkeypatch.setattr(metadata, "version", version)
    assert [one.name for one in pulumi_home.embedded_plugins()] == ["kubernetes"]


def test_one_program_serves_several_packages(tmp_path: Path) -> None:
    plugin = pulumi_home.EmbeddedPlugin(name="aws", version="7.0.0", module="some.module", arguments=("aws",))
    homes = pulumi_home.install(None, plugins=[plugin], root=tmp_path)
    script = (homes.path / "plugins" / "resource-aws-v7.0.0" / "pulumi-resource-aws").read_text()
    assert script.endswith('-m some.module aws "$@"\n')
