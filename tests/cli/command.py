"""The real command, run in a copy of the repository with stack files of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pouw.paths import REPOSITORY

_PARTS = ("infra", "node", "policies", "pouw", "stacks")


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A copy of the sources, with its own state folder."""

    root: Path
    state: Path

    @classmethod
    def make(cls, folder: Path) -> Checkout:
        """Copy the sources into ``folder``."""
        root = folder / "checkout"
        for part in _PARTS:
            shutil.copytree(REPOSITORY / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        for path in [
            *REPOSITORY.glob("Pulumi*.yaml"),
            *REPOSITORY.glob("Dockerfile*"),
            *REPOSITORY.glob(".dockerignore"),
            REPOSITORY / "pyproject.toml",
        ]:
            shutil.copy(path, root)
        shutil.copytree(REPOSITORY / "requirements", root / "requirements")
        shutil.copy(REPOSITORY / "pyproject.toml", root)
        return cls(root=root, state=folder / "state")

    @classmethod
    def with_one_stack(cls, folder: Path, **examples: Any) -> Checkout:
        """Return a checkout whose only stack is ``local``; ``examples`` are configurations by name."""
        checkout = cls.make(folder)
        for path in checkout.root.glob("Pulumi.*.yaml"):
            if path.name != "Pulumi.local.yaml":
                path.unlink()
        examples_folder = checkout.root / "docs" / "examples"
        examples_folder.mkdir(parents=True)
        for name, config in examples.items():
            (examples_folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": config}))
        return checkout

    def stack(self, name: str, **changes: Any) -> None:
        """Write a stack file: the local one with top-level ``pouw:`` keys changed; ``None`` removes a key."""
        document = yaml.safe_load((REPOSITORY / "Pulumi.local.yaml").read_text())
        for key, value in changes.items():
            document["config"][f"pouw:{key}"] = value
        document["config"] = {key: value for key, value in document["config"].items() if value is not None}
        (self.root / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(document))

    def run(
        self,
        *arguments: str,
        timeout: float = 120,
        wrapper: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``pouw`` with the arguments; ``wrapper`` is a command that runs another one, such as ``unshare``."""
        variables = {"POUW_HOME": str(self.state), "PYTHONPATH": str(self.root)}
        return subprocess.run(
            [*wrapper, sys.executable, "-m", "pouw.cli", *arguments],
            cwd=self.root,
            env={**os.environ, **variables, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
