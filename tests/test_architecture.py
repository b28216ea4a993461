"""Arrows between the folders point one way, and no modules import each other in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
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
"""Besides itself."""


@cache
def modules() -> Mapping[str, Path]:
    """Every module by its full name."""
    found = {}
    for folder in MAY_IMPORT:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(module: str) -> Iterator[str]:
    """Modules of ours that a module imports anywhere, under their full names."""
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is taken from a package is a module of it, or something that the package itself holds.
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules() else node.module for name in inner]
        yield from (name for name in names if name in modules() and name != module)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_nothing_from_above_it(folder: str) -> None:
    allowed = MAY_IMPORT[folder] | {folder}
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        if module.partition(".")[0] == folder
        for other in imported(module)
        if other.partition(".")[0] not in allowed
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    TopologicalSorter({module: set(imported(module)) for module in modules()}).prepare()
