"""The build stage: files removed from wheels and from a foreign base."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from pouw.images import assemble


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def remaining_files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_tests_stubs_headers_and_scripts_are_trimmed(tmp_path: Path) -> None:
    make(tmp_path, "numpy/core.py", "numpy/core.pyi", "numpy/tests/test_core.py", "numpy/include/x.h", "bin/f2py")
    make(tmp_path, "numpy/core.so", "numpy-2.dist-info/METADATA")
    assemble.trim(tmp_path)
    assert remaining_files(tmp_path) == {"numpy/core.py", "numpy/core.so", "numpy-2.dist-info/METADATA"}


def test_the_program_is_readable_by_all_users_and_compiled(tmp_path: Path) -> None:
    make(tmp_path, "node/__init__.py", "node/__main__.py", "node/__pycache__/stale.cpython-311.pyc")
    (tmp_path / "node/__main__.py").chmod(0o600)
    assemble.install_program(tmp_path / "node", tmp_path / "out")
    program = tmp_path / "out/program"
    assert (program / "app/node/__main__.py").stat().st_mode & 0o777 == 0o644
    assert (program / "bin/pouw-node").stat().st_mode & 0o777 == 0o755
    compiled = {path.name.partition(".")[0] for path in program.rglob("*.pyc")}
    assert compiled == {"__init__", "__main__"}
    assert (tmp_path / "out/data").is_dir()


def test_a_foreign_base_loses_its_installers_and_gains_the_account(tmp_path: Path) -> None:
    library = sysconfig.get_path("purelib").lstrip("/")
    scripts = sysconfig.get_path("scripts").lstrip("/")
    make(tmp_path, f"{library}/pip/__init__.py", f"{library}/pip-26.dist-info/METADATA", f"{library}/kept/__init__.py")
    make(tmp_path, f"{scripts}/pip", f"{scripts}/pip3.11", f"{scripts}/python3")
    make(tmp_path, "etc/passwd", "etc/group")
    assemble.harden(tmp_path)
    assemble.harden(tmp_path)
    assert remaining_files(tmp_path) == {f"{library}/kept/__init__.py", f"{scripts}/python3", "etc/passwd", "etc/group"}
    assert (tmp_path / "etc/passwd").read_text() == "pouw:x:10001:10001:pouw:/data:/usr/sbin/nologin\n"


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(SystemExit, match="dependencies REQUIREMENTS OUT"):
        assemble.main(["other"])
