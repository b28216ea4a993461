"""Copies of the node image's inputs, for tests that change them."""

from __future__ import annotations

import shutil
from pathlib import Path

from pouw.images import build_inputs
from pouw.paths import REPOSITORY


def copy(target: Path) -> Path:
    """Copy every input, and the project's file, below ``target``."""
    for path in (*build_inputs.sources(), Path("pyproject.toml")):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / path, target / path)
    return target
