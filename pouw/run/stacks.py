"""The stacks and examples of this repository, and the validated settings of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.faults import Fault
from infra.settings.loader import ConfigError, parse
from infra.settings.stack import NAMESPACE, Settings
from pouw.engine.project import Project
from pouw.errors import ConfigurationError
from pouw.home import Home
from pouw.paths import REPOSITORY
from pouw.progress import SilentProgress

REPOSITORY_PROJECT = Project()
EXAMPLES = Project(examples=REPOSITORY / "docs" / "examples")
"""Configurations that the documentation explains: previewed and rehearsed like stacks, but never brought up."""


def names(project: Project = REPOSITORY_PROJECT) -> list[str]:
    """Return the names of stacks that have a file, in order."""
    return list(project.stacks())


def project_of(name: str) -> Project:
    """Return the project that has a stack of this name: the examples, if only they have one."""
    is_example = name in EXAMPLES.stacks() and name not in REPOSITORY_PROJECT.stacks()
    return EXAMPLES if is_example else REPOSITORY_PROJECT


def values(stack: str, project: Project = REPOSITORY_PROJECT) -> dict[str, object]:
    """Return the values of a stack over the project's defaults, with keys without their namespace.

    Raises:
        ConfigurationError: the stack does not exist, or a file cannot be used.
    """
    if project.examples is None and (example := EXAMPLES.stacks().get(stack)) and stack not in project.stacks():
        raise ConfigurationError(_example_fault(stack, example))
    prefix = f"{NAMESPACE}:"
    merged = {**project.defaults(), **project.configuration(stack)}
    return {key.removeprefix(prefix): value for key, value in merged.items() if key.startswith(prefix)}


def settings(stack: str, extra: Mapping[str, object] | None = None, project: Project = REPOSITORY_PROJECT) -> Settings:
    """Return the validated settings of a stack; ``extra`` values override those of the file.

    Raises:
        ConfigurationError: with every fault of the configuration, each with the file to change.
    """
    try:
        return parse({**values(stack, project), **(extra or {})})
    except ConfigError as error:
        remedy = f"change it in {project.stack_file(stack).name}"
        faults = (replace(fault, remedy=fault.remedy or remedy) for fault in error.faults)
        raise ConfigurationError(*faults) from error


def outputs(stack: str, home: Home) -> Mapping[str, Any]:
    """Return the outputs of a stack from its last run, with secrets in plain text.

    Raises:
        EngineError: there is no engine, or it cannot read the state.
    """
    from pouw.engine import operation, resolution

    engine = resolution.resolve(SilentProgress(), home=home)
    return operation.outputs(stack, engine, secrets=True, home=home)


def _example_fault(name: str, file: Path) -> Fault:
    path = file.relative_to(REPOSITORY)
    return Fault(
        path="STACK",
        message="is an example",
        got=repr(name),
        expected="a stack",
        remedy=f"copy {path} beside Pulumi.yaml to make it a stack, or run `pouw up {name} --rehearse`",
    )
