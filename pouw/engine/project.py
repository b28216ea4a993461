"""The Pulumi project of a checkout: its name, its stacks, and the configuration that each of them holds.

The only reader of ``Pulumi.yaml`` and ``Pulumi.STACK.yaml``: for the commands, before any engine starts, and for the
engine's runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.faults import Fault, choices, excerpt
from pouw.errors import ConfigurationError
from pouw.paths import REPOSITORY

_STACK_FILE = re.compile(r"^Pulumi\.(?P<stack>[A-Za-z0-9_.-]{1,100})\.ya?ml$")
"""Names that the engine takes."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder with a ``Pulumi.yaml``."""

    root: Path = REPOSITORY
    examples: Path | None = None
    """A folder of example configurations, taken in place of the stacks'."""

    @property
    def name(self) -> str:
        """The project's name."""
        return str(self.definition().get("name", ""))

    @property
    def is_without_state(self) -> bool:
        """True if no backend holds its stacks, not even one that has a stack of the same name."""
        return self.examples is not None

    def definition(self) -> Mapping[str, Any]:
        """Return the content of ``Pulumi.yaml``.

        Raises:
            ConfigurationError: see :func:`read_mapping`.
        """
        return _with_config(self.root / "Pulumi.yaml")

    def stacks(self) -> Mapping[str, Path]:
        """Return the configuration file of every stack by its name, in order."""
        folder = self.examples or self.root
        files = folder.iterdir() if folder.is_dir() else ()
        files_by_stack = {match["stack"]: path for path in files if (match := _STACK_FILE.match(path.name))}
        return dict(sorted(files_by_stack.items()))

    def stack_file(self, stack: str) -> Path:
        """Return the stack's configuration file.

        Raises:
            ConfigurationError: the stack does not exist; the fault lists the existing ones.
        """
        stacks = self.stacks()
        if stack in stacks:
            return stacks[stack]
        file = f"Pulumi.{stack}.yaml"
        raise ConfigurationError(
            Fault(
                path="STACK",
                message="no such stack",
                got=excerpt(stack),
                expected=f"one of {choices(stacks, stack)}" if stacks else "a stack, but the project has none",
                remedy=f"name one of these, or write {file}"
                if _STACK_FILE.match(file)
                else "a stack's name is 1 to 100 letters, digits, dots, hyphens and underscores",
            )
        )

    def stack_settings(self, stack: str) -> Mapping[str, Any]:
        """Return the content of the stack's file: ``config``, and the encryption of its secrets.

        Raises:
            ConfigurationError: the stack does not exist, or see :func:`read_mapping`.
        """
        return _with_config(self.stack_file(stack))

    def configuration(self, stack: str) -> Mapping[str, Any]:
        """Return the configuration in the stack's file, with whole keys; see :meth:`stack_settings`."""
        return {str(key): value for key, value in (self.stack_settings(stack).get("config") or {}).items()}

    def defaults(self) -> Mapping[str, Any]:
        """Return the defaults that ``Pulumi.yaml`` declares, with whole keys.

        Raises:
            ConfigurationError: see :func:`read_mapping`.
        """
        declarations = (self.definition().get("config") or {}).items()
        return {
            str(key): declaration["default"]
            for key, declaration in declarations
            if isinstance(declaration, Mapping) and "default" in declaration
        }


def _with_config(path: Path) -> Mapping[str, Any]:
    content = read_mapping(path)
    config = content.get("config")
    if not isinstance(config, dict | None):
        raise _malformed(
            str(path), "'config' is no mapping", got=excerpt(config), expected="a mapping of keys to values"
        )
    return content


def read_mapping(path: Path) -> Mapping[str, Any]:
    """Return the mapping that a YAML file holds; an empty file is an empty mapping.

    Raises:
        ConfigurationError: it cannot be read, is not YAML, or holds another type; the fault has the line.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _malformed(str(path), "cannot be read", got=error.strerror or "", expected="a file") from error
    except UnicodeDecodeError as error:
        raise _malformed(str(path), "is not UTF-8 text", got=f"a bad byte at {error.start}", expected="UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        location = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise _malformed(location, f"is not YAML: {error.problem or error.context}", expected="valid YAML") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A control character; a date or number that Python has no value for; brackets without end.
        reason = str(error).partition("\n")[0]
        raise _malformed(str(path), f"is not YAML: {reason}", expected="valid YAML") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _malformed(str(path), "no mapping at its top", got=excerpt(content), expected="a YAML mapping")
    return content


def _malformed(path: str, message: str, *, expected: str, got: str = "") -> ConfigurationError:
    remedy = "correct the file; nothing was started"
    return ConfigurationError(Fault(path=path, message=message, got=got, expected=expected, remedy=remedy))
