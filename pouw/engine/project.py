"""The Pulumi project of a checkout: its name, its stacks, and the configuration that each of them holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.faults import Fault
from pouw.errors import EngineError, ExitCode
from pouw.paths import REPOSITORY

_STACK_FILE = re.compile(r"^Pulumi\.(?P<stack>[A-Za-z0-9_.-]+)\.ya?ml$")


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder with a ``Pulumi.yaml``."""

    root: Path = REPOSITORY

    @property
    def name(self) -> str:
        """The project's name."""
        return str(self.definition().get("name", ""))

    def definition(self) -> Mapping[str, Any]:
        """What ``Pulumi.yaml`` says."""
        return read_mapping(self.root / "Pulumi.yaml")

    def stacks(self) -> Mapping[str, Path]:
        """The configuration file of every stack, by its name."""
        found = {match["stack"]: path for path in self.root.iterdir() if (match := _STACK_FILE.match(path.name))}
        return dict(sorted(found.items()))

    def stack_file(self, stack: str) -> Path:
        """The stack's configuration file.

        Raises:
            EngineError: there is no such stack; the fault lists those that are.
        """
        stacks = self.stacks()
        if stack in stacks:
            return stacks[stack]
        raise EngineError(
            Fault(
                path=f"stack {stack}",
                message="unknown stack",
                got=repr(stack),
                expected="one of " + ", ".join(stacks) if stacks else "a stack, but the project has none",
                remedy=f"choose one of them, or write Pulumi.{_fit(stack)}.yaml beside Pulumi.yaml",
            ),
            code=ExitCode.CONFIGURATION,
        )

    def stack_settings(self, stack: str) -> Mapping[str, Any]:
        """What the stack's file says: ``config``, and who encrypts its secrets."""
        path = self.stack_file(stack)
        settings = read_mapping(path)
        if not isinstance(settings.get("config") or {}, dict):
            raise _malformed(path, "config is no mapping", got=type(settings["config"]).__name__)
        return settings


def read_mapping(path: Path) -> Mapping[str, Any]:
    """A YAML file that holds a mapping, or nothing.

    Raises:
        EngineError: it is missing, is no YAML, or holds something else; the fault says which line.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _malformed(path, "the file is missing") from None
    except UnicodeDecodeError as error:
        raise _malformed(path, "no UTF-8 text", got=f"a bad byte at {error.start}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise _malformed(path, f"malformed YAML: {error.problem or error.context}", got=where) from None
    except yaml.YAMLError as error:
        raise _malformed(path, f"malformed YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _malformed(path, "no mapping at its top", got=type(content).__name__)
    return content


def _malformed(path: Path, message: str, *, got: str = "") -> EngineError:
    fault = Fault(path=path.name, message=message, got=got, expected="a YAML mapping", remedy="correct the file")
    return EngineError(fault, code=ExitCode.CONFIGURATION)


def _fit(stack: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", stack)[:40] or "NAME"
