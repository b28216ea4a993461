"""The build stage of ``Dockerfile.production``: puts the node's files together, with the standard library alone.

It runs under the base's Python, without a shell or any other tool, so that one Dockerfile serves every base.
``dependencies REQUIREMENTS OUT`` installs the locked wheels, ``program SOURCES OUT`` copies the node's sources, and
``harden`` prepares the root of the result. ``OUT`` has the layout of ``/opt/pouw`` in the image.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ACCOUNT = ("pouw", 10001)
DIGITS = "sklearn/datasets/data/digits.csv.gz"
_LAUNCHER = '#!/bin/sh\nexec python3 -m node "$@"\n'
_UNUSED_FOLDERS = ("tests", "__pycache__")
_UNUSED_FILES = ("*.pyi", "*.pxd", "*.pyx", "*.h", "*.c", "*.a")
_INSTALLERS = ("pip", "setuptools", "wheel", "pkg_resources", "ensurepip", "_distutils_hack")


def install_dependencies(requirements: Path, out: Path) -> None:
    """Install ``node.lock`` to ``out/dependencies/lib``, and copy the digits file from the wheel of ``digits.lock``."""
    target = out / "dependencies"
    _install(requirements, "node.lock", target / "lib")
    trim(target / "lib")
    _compile(target / "lib")
    with tempfile.TemporaryDirectory() as scratch:
        _install(requirements, "digits.lock", Path(scratch))
        (target / "datasets").mkdir(parents=True)
        shutil.copyfile(Path(scratch) / DIGITS, target / "datasets/digits.csv.gz")
    _make_readable(target)


def install_program(sources: Path, out: Path) -> None:
    """Copy the node's sources to ``out/program/app/node``, compile them, add a launcher and an empty ``out/data``."""
    target = out / "program"
    shutil.copytree(sources, target / "app/node", ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    _compile(target / "app")
    launcher = target / "bin/pouw-node"
    launcher.parent.mkdir()
    launcher.write_text(_LAUNCHER)
    _make_readable(target)
    launcher.chmod(0o755)
    (out / "data").mkdir(mode=0o700)


def harden(root: Path = Path("/")) -> None:
    """Add the account and remove package installers, below ``root``."""
    name, number = ACCOUNT
    passwd, group = root / "etc/passwd", root / "etc/group"
    if f"{name}:" not in passwd.read_text():
        _append(passwd, f"{name}:x:{number}:{number}:{name}:/data:/usr/sbin/nologin\n")
        _append(group, f"{name}:x:{number}:\n")
    for folder in {root / sysconfig.get_path(kind).lstrip("/") for kind in ("purelib", "stdlib")}:
        for installer in _INSTALLERS:
            for package in (*folder.glob(installer), *folder.glob(f"{installer}-*.dist-info")):
                shutil.rmtree(package)
    scripts = root / sysconfig.get_path("scripts").lstrip("/")
    for pattern in ("pip", "pip3*", "wheel"):
        for script in scripts.glob(pattern):
            script.unlink()


def trim(tree: Path) -> None:
    """Remove files that are never imported at run time: tests, type stubs, headers, scripts of other programs."""
    for name in _UNUSED_FOLDERS:
        for folder in sorted(tree.rglob(name)):
            if folder.is_dir():
                shutil.rmtree(folder)
    for pattern in _UNUSED_FILES:
        for file in sorted(tree.rglob(pattern)):
            file.unlink()
    shutil.rmtree(tree / "bin", ignore_errors=True)


def _install(requirements: Path, lock: str, target: Path) -> None:
    """Install a lock's wheels. Each one is checked against its hash, also if it comes from the build context."""
    environment = {
        **os.environ,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    wheels = requirements / "wheels"
    if wheels.is_dir():
        environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
        if installer := next(wheels.glob("pip-*.whl"), None):
            environment["PYTHONPATH"] = str(installer)  # Python imports from a wheel, so the base needs no pip
    arguments = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *arguments, "--target", str(target), "-r", str(requirements / lock)],
        env=environment,
        check=True,
    )


def _compile(tree: Path) -> None:
    """Compile with unchecked hashes, because the image's files have no times to compare a source with."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    installed = str(Path("/opt/pouw") / tree.name)
    if not compileall.compile_dir(
        tree, quiet=1, force=True, invalidation_mode=mode, stripdir=str(tree), prependdir=installed
    ):
        sys.exit(f"{tree}: not every module compiles")


def _make_readable(tree: Path) -> None:
    """Let every user read and root alone write, whatever the umask of the checkout was."""
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _append(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line)


def main(arguments: list[str]) -> None:
    """Run one of the three steps, as ``Dockerfile.production`` does."""
    match arguments:
        case ["dependencies", requirements, out]:
            install_dependencies(Path(requirements), Path(out))
        case ["program", sources, out]:
            install_program(Path(sources), Path(out))
        case ["harden"]:
            harden()
        case _:
            sys.exit("assemble.py dependencies REQUIREMENTS OUT | program SOURCES OUT | harden")


if __name__ == "__main__":
    main(sys.argv[1:])
