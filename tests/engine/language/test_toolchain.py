from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pouw.engine.language import toolchain
from pouw.engine.language.toolchain import InterpreterMissingError, Package


def virtualenv(root: Path) -> Path:
    home = root / "venv"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python").touch()
    (home / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    return home


def test_without_an_option_the_hosts_own_interpreter_runs_the_program(tmp_path: Path) -> None:
    interpreter = toolchain.choose({}, tmp_path, {"PATH": "/bin"})
    assert (interpreter.path, interpreter.is_host, interpreter.environment) == (
        Path(sys.executable),
        True,
        {"PATH": "/bin"},
    )
    assert (interpreter.site / "pulumi").is_dir()


def test_a_virtual_environment_is_relative_to_the_project_and_activated(tmp_path: Path) -> None:
    home = virtualenv(tmp_path)
    interpreter = toolchain.choose({"virtualenv": "venv"}, tmp_path, {"PATH": "/bin", "PYTHONHOME": "/elsewhere"})
    assert (interpreter.path, interpreter.is_host) == (home / "bin" / "python", False)
    assert interpreter.site == home / "lib/python3.12/site-packages"
    assert interpreter.environment == {"PATH": f"{home}/bin:/bin", "VIRTUAL_ENV": str(home)}


def test_a_virtual_environment_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InterpreterMissingError, match=r"runtime\.options\.virtualenv: .*/gone holds no bin/python"):
        toolchain.choose({"virtualenv": "gone"}, tmp_path, {})


def test_uv_means_its_usual_environment_if_there_is_one(tmp_path: Path) -> None:
    assert toolchain.choose({"toolchain": "uv"}, tmp_path, {}).is_host
    virtualenv(tmp_path).rename(tmp_path / ".venv")
    assert toolchain.choose({"toolchain": "uv"}, tmp_path, {}).path == tmp_path / ".venv" / "bin" / "python"


def test_another_toolchain_has_to_name_its_environment(tmp_path: Path) -> None:
    with pytest.raises(InterpreterMissingError, match="poetry is not supported"):
        toolchain.choose({"toolchain": "poetry"}, tmp_path, {})
    virtualenv(tmp_path)
    assert not toolchain.choose({"toolchain": "poetry", "virtualenv": "venv"}, tmp_path, {}).is_host


def test_only_a_named_virtual_environment_is_installed_into(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    assert toolchain.choose({}, tmp_path, {}).installable(tmp_path) is None
    virtualenv(tmp_path)
    options = toolchain.choose({"virtualenv": "venv"}, tmp_path, {})
    assert options.installable(tmp_path) == tmp_path / "requirements.txt"
    assert options.installable(tmp_path / "venv") is None


def test_resource_packages_are_found_by_their_declaration(tmp_path: Path) -> None:
    for folder, content in {
        "pulumi_b": {"resource": True, "name": "b", "version": "2.0.0", "server": "https://x"},
        "pulumi_a": {"resource": True, "name": "a"},
        "pulumi_policy": {"resource": False, "name": "policy"},
    }.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pulumi-plugin.json").write_text(json.dumps(content))
    assert toolchain.declared_packages(tmp_path) == [
        Package(name="a", version="", server=""),
        Package(name="b", version="2.0.0", server="https://x"),
    ]


def test_installed_distributions_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("zeta", "alpha"):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    assert toolchain.distributions(tmp_path) == [("alpha", "1.0"), ("zeta", "1.0")]
