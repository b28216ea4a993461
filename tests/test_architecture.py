"""Imports point one way, modules stay small, and there is one of each tool that every package needs.

``docs/explanation/architecture.md`` has the layers.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from pouw.paths import REPOSITORY

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "infra": frozenset(),
    "node": frozenset(),
    "policies": frozenset(),
    "stacks": frozenset({"infra"}),
    "pouw": frozenset({"infra", "node", "policies"}),
    "bench": frozenset({"infra", "node", "policies", "pouw", "tests"}),
    "tools": frozenset({"infra", "node", "policies", "pouw"}),
}
"""The folders that each folder may import besides itself."""

FOUNDATION = frozenset(["errors", "files", "home", "locks", "templates", "paths", "poll", "progress"])
"""Modules of ``pouw`` that all of its packages may import."""
PACKAGES: Mapping[str, frozenset[str]] = {
    "toolchain": frozenset(),
    "kube": frozenset(),
    "images": frozenset({"toolchain"}),
    "engine": frozenset({"kube", "toolchain"}),
    "cluster": frozenset({"images", "kube", "toolchain"}),
    "network": frozenset({"images", "kube"}),
    "cost": frozenset({"engine"}),
    "gate": frozenset({"engine", "evidence"}),
    "evidence": frozenset({"engine"}),
    "run": frozenset({"cluster", "cost", "engine", "evidence", "gate", "images", "kube", "network", "toolchain"}),
    "cli": frozenset({"cluster", "cost", "engine", "evidence", "gate", "images", "kube", "network", "run"}),
}
"""The packages of ``pouw`` that each package may import besides itself and the foundation."""

MODULE_LINES = 400
FUNCTION_LINES = 80

SHARED_NAMES = frozenset({"errors", "diagnosis"})
"""Module names with one meaning in every package: its errors; its part of ``pouw doctor``."""


@cache
def modules() -> Mapping[str, Path]:
    """Return every module by its full name."""
    paths = {}
    for folder in MAY_IMPORT:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return paths


@cache
def nodes(module: str) -> Sequence[ast.AST]:
    """Return all nodes of a module's syntax tree."""
    return tuple(ast.walk(ast.parse(modules()[module].read_text())))


def imported(module: str) -> Iterator[str]:
    """Yield the modules of ours that a module imports anywhere, by their full names."""
    for name in imported_names(module):
        # A name that is imported from a package is a module of it, or something that the package itself holds.
        target = name if name in modules() else name.rpartition(".")[0]
        if target in modules() and target != module:
            yield target


@cache
def imported_names(module: str) -> Sequence[str]:
    """Return the full name of everything that a module imports."""
    names: list[str] = []
    for node in nodes(module):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_nothing_from_above_it(folder: str) -> None:
    upward = [
        f"{module} imports {other}"
        for module in modules()
        if module.partition(".")[0] == folder
        for other in imported(module)
        if other.partition(".")[0] not in MAY_IMPORT[folder] | {folder}
    ]
    assert upward == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    TopologicalSorter({module: set(imported(module)) for module in modules()}).prepare()


def test_the_packages_of_pouw_are_in_layers_without_a_circle() -> None:
    TopologicalSorter(PACKAGES).prepare()


def test_a_package_of_pouw_imports_lower_ones_only() -> None:
    upward = {
        f"{module} imports {package(other)}"
        for module in modules()
        if module.startswith("pouw.")
        for other in imported(module)
        if other.startswith("pouw.") and not may_import(package(module), package(other))
    }
    assert upward == set()


def package(module: str) -> str:
    """Return the package of ``pouw``, or the module of its foundation, that a module belongs to."""
    return module.split(".")[1]


def may_import(importer: str, target: str) -> bool:
    """True if a package of ``pouw`` may import another one. Modules of the foundation import each other."""
    return target == importer or target in FOUNDATION or (importer not in FOUNDATION and target in PACKAGES[importer])


def test_modules_and_functions_are_small() -> None:
    large = []
    for module, path in modules().items():
        lines = len(path.read_text().splitlines())
        if lines > MODULE_LINES:
            large.append(f"{module}: {lines} lines, at most {MODULE_LINES}")
        for node in nodes(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    large.append(f"{module}.{node.name}: {lines} lines, at most {FUNCTION_LINES}")
    assert large == []


def test_a_module_name_means_one_thing_in_pouw() -> None:
    # Commands are named after the packages that they call, and a plugin of the engine is a program of its own.
    names = Counter(
        module.rpartition(".")[2]
        for module, path in modules().items()
        if module.startswith("pouw.")
        and not module.startswith(("pouw.cli.", "pouw.engine.plugins."))
        and path.name not in {"__init__.py", "__main__.py"}
    )
    repeated = {name for name, count in names.items() if count > 1}
    assert repeated - SHARED_NAMES == set()


def test_no_two_modules_of_one_package_differ_by_a_plural() -> None:
    assert [module for module in modules() if f"{module}s" in modules()] == []


def dotted(node: ast.AST) -> str:
    """Return ``module.name`` of an expression that is one; empty for any other expression."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


def is_rename(node: ast.AST) -> bool:
    """True for ``os.replace`` and ``os.rename``, and for calls of ``Path.replace`` and ``Path.rename``.

    ``str.replace`` has two arguments and ``dataclasses.replace`` has keywords, so one positional argument is a path's.
    """
    if dotted(node) in {"os.replace", "os.rename", "tempfile.mkstemp"}:
        return True
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"replace", "rename"}
        and len(node.args) == 1
        and not node.keywords
    )


def is_lock(node: ast.AST) -> bool:
    """True for locks of files."""
    return dotted(node) in {"fcntl.flock", "fcntl.lockf"}


def is_sleep(node: ast.AST) -> bool:
    """True for ``time.sleep``."""
    return dotted(node) == "time.sleep"


def is_environment(node: ast.AST) -> bool:
    """True for the environment of the process."""
    return dotted(node) in {"os.environ", "os.getenv", "os.putenv", "os.unsetenv"}


def is_write_of_environment(node: ast.AST) -> bool:
    """True for assignments to ``os.environ``, deletions from it, and calls that change it."""
    if isinstance(node, ast.Subscript):
        return dotted(node.value) == "os.environ" and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Attribute) and dotted(node.value) == "os.environ":
        return node.attr in {"clear", "pop", "popitem", "setdefault", "update"}
    return dotted(node) in {"os.putenv", "os.unsetenv"}


ONE_OF_EACH: Mapping[str, Callable[[ast.AST], bool]] = {
    "pouw.files": is_rename,
    "pouw.locks": is_lock,
    "pouw.poll": is_sleep,
}
"""Constructs of ``pouw`` that one module has."""


@pytest.mark.parametrize("module", ONE_OF_EACH)
def test_there_is_one_atomic_write_one_lock_and_one_poll_loop(module: str) -> None:
    assert using(ONE_OF_EACH[module]) == {module}


def using(matches: Callable[[ast.AST], bool]) -> set[str]:
    """Return the modules of ``pouw`` with a construct."""
    return {
        module for module in modules() if module.startswith("pouw.") and any(matches(node) for node in nodes(module))
    }


def test_templates_have_one_environment() -> None:
    environments = {module for module in modules() if "jinja2.Environment" in imported_names(module)}
    assert environments == {"pouw.templates"}


def test_one_package_imports_the_kubernetes_client() -> None:
    clients = {
        module
        for module in modules()
        if not module.startswith(("bench.", "pouw.kube."))
        for name in imported_names(module)
        if name.partition(".")[0] == "kubernetes"
    }
    assert clients == set()


def test_the_environment_of_the_process_is_never_written() -> None:
    assert using(is_write_of_environment) == set()


PROCESSES = ("pouw.cli.", "pouw.engine.language.", "pouw.engine.plugins.")
"""Commands and the programs that the engine starts: what they start with, they read from the environment."""


def test_the_environment_is_read_where_a_process_starts() -> None:
    # The fault log is written by plugins. ``assemble`` is a program that runs inside of an image's build.
    starts = {module for module, path in modules().items() if path.name == "__main__.py"}
    readers = {module for module in using(is_environment) - starts if not module.startswith(PROCESSES)}
    assert readers == {"pouw.engine.fault_log", "pouw.images.assemble"}
