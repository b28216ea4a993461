"""The stacks of this repository as files: which there are, and what their configuration says before any engine runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from infra.configuration import ConfigError, parse
from infra.faults import Fault
from infra.settings import NAMESPACE, Settings
from pouw.errors import ExitCode, PouwError
from pouw.paths import REPOSITORY


class ConfigurationError(PouwError):
    """The files of a stack are missing or wrong; nothing was started."""

    code = ExitCode.CONFIGURATION


def names(repository: Path = REPOSITORY) -> list[str]:
    """Stacks that have a file, in order."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in repository.glob("Pulumi.*.yaml"))


def file_of(stack: str, repository: Path = REPOSITORY) -> Path:
    """The configuration file of a stack.

    Raises:
        ConfigurationError: there is no such stack.
    """
    known = names(repository)
    if stack not in known:
        raise ConfigurationError(
            Fault(
                path="STACK",
                message="no such stack",
                got=repr(stack),
                expected="one of " + ", ".join(known),
                remedy=f"name one of these, or write Pulumi.{stack}.yaml" if stack.isidentifier() else "",
            )
        )
    return repository / f"Pulumi.{stack}.yaml"


def values(stack: str, repository: Path = REPOSITORY) -> dict[str, object]:
    """Configuration values of a stack over the project's defaults, keys without their namespace.

    Raises:
        ConfigurationError: a file is missing, unreadable, no YAML, or not of the right shape.
    """
    project = _mapping(repository / "Pulumi.yaml", "config")
    defaults = {
        key: entry["default"] for key, entry in project.items() if isinstance(entry, dict) and "default" in entry
    }
    own = _mapping(file_of(stack, repository), "config")
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): value for key, value in {**defaults, **own}.items() if key.startswith(prefix)}


def settings(stack: str, extra: Mapping[str, object] | None = None, repository: Path = REPOSITORY) -> Settings:
    """Validated settings of a stack; ``extra`` values win over the file's.

    Raises:
        ConfigurationError: with every fault found, each with the file it stands in.
    """
    given = {**values(stack, repository), **(extra or {})}
    try:
        return parse(given)
    except ConfigError as error:
        name = file_of(stack, repository).name
        raise ConfigurationError(*(_in_file(fault, name) for fault in error.faults)) from error


def _in_file(fault: Fault, name: str) -> Fault:
    remedy = fault.remedy or f"change it in {name}"
    return Fault(path=fault.path, message=fault.message, got=fault.got, expected=fault.expected, remedy=remedy)


def _mapping(path: Path, key: str) -> dict[str, object]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(Fault(path=str(path), message="cannot be read", got=error.strerror or "")) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            Fault(path=str(path), message="is not UTF-8 text", got=f"byte {error.start}", expected="UTF-8")
        ) from error
    except yaml.YAMLError as error:
        raise ConfigurationError(_yaml_fault(path, error)) from error
    section = (document or {}).get(key, {}) if isinstance(document, dict | None) else None
    if not isinstance(section, dict):
        raise ConfigurationError(
            Fault(path=str(path), message=f"has no usable '{key}' section", expected="a mapping of pouw: keys")
        )
    return section


def _yaml_fault(path: Path, error: yaml.YAMLError) -> Fault:
    where, what = str(path), "is not YAML"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        where += f":{error.problem_mark.line + 1}:{error.problem_mark.column + 1}"
        what = f"is not YAML: {error.problem}"
    return Fault(path=where, message=what, expected="valid YAML", remedy="correct the line; nothing was started")
