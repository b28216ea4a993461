"""The stacks of this repository: which there are, and the settings that each comes to before any engine runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.faults import Fault
from infra.settings.loading import ConfigError, parse
from infra.settings.stack import NAMESPACE, Settings
from pouw.engine.project import Project
from pouw.errors import ConfigurationError
from pouw.home import Home
from pouw.paths import REPOSITORY
from pouw.progress import SilentProgress

_HERE = Project()
EXAMPLES = Project(examples=REPOSITORY / "docs" / "examples")
"""Configurations that documentation explains: previewed and rehearsed like stacks, and never brought up."""


def names(project: Project = _HERE) -> list[str]:
    """Stacks that have a file, in order."""
    return list(project.stacks())


def project_of(name: str) -> Project:
    """Where a stack's file lies: among the examples if only they have one of this name."""
    return EXAMPLES if name in EXAMPLES.stacks() and name not in _HERE.stacks() else _HERE


def values(stack: str, project: Project = _HERE) -> dict[str, object]:
    """Configuration values of a stack over the project's defaults, keys without their namespace.

    Raises:
        ConfigurationError: there is no such stack, or a file cannot be used.
    """
    if project.examples is None and (example := EXAMPLES.stacks().get(stack)) and stack not in project.stacks():
        raise ConfigurationError(_only_an_example(stack, example))
    own = project.stack_settings(stack).get("config") or {}
    described = project.definition().get("config") or {}
    defaults = {key: one["default"] for key, one in described.items() if isinstance(one, Mapping) and "default" in one}
    prefix = f"{NAMESPACE}:"
    found = {str(key): value for key, value in {**defaults, **own}.items()}
    return {key.removeprefix(prefix): value for key, value in found.items() if key.startswith(prefix)}


def _only_an_example(name: str, file: Path) -> Fault:
    place = file.relative_to(REPOSITORY)
    return Fault(
        path="STACK",
        message="is an example",
        got=repr(name),
        expected="a stack",
        remedy=f"copy {place} beside Pulumi.yaml to have such a stack, or `pouw up {name} --rehearse`",
    )


def settings(stack: str, extra: Mapping[str, object] | None = None, project: Project = _HERE) -> Settings:
    """Validated settings of a stack; ``extra`` values win over the file's.

    Raises:
        ConfigurationError: with every fault found, each with the file to change.
    """
    given = {**values(stack, project), **(extra or {})}
    try:
        return parse(given)
    except ConfigError as error:
        remedy = f"change it in {project.stack_file(stack).name}"
        raise ConfigurationError(*(replace(one, remedy=one.remedy or remedy) for one in error.faults)) from error


def outputs(stack: str) -> Mapping[str, Any]:
    """Return the outputs of a stack from its last run, with secrets in plain text.

    Raises:
        EngineError: there is no engine, or it cannot read the state.
    """
    from pouw.engine import operation, resolution

    return operation.outputs(
        stack,
        resolution.resolve(SilentProgress(), home=Home.from_environment(os.environ)),
        secrets=True,
        home=Home.from_environment(os.environ),
    )
