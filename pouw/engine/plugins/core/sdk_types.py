"""Inputs against the types of the SDK: what can be told without asking any server.

Every SDK package registers, when it is imported, which module and class stands for which type token; the engine's own
type tables (``pulumi._types``) turn a class into its properties' names and types.
"""

from __future__ import annotations

import collections.abc
import difflib
import enum
import importlib
import inspect
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import pulumi
from pulumi import _types
from pulumi.runtime import rpc

from pouw.engine.plugins.core.changes import Path, path_text
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value

_PROMISES: Final = (collections.abc.Awaitable, pulumi.Output)
"""What an input may be in a program besides its own type; on the wire it is the value, or unknown."""
_NAMES: Final[Mapping[type, str]] = {str: "a string", int: "an integer", float: "a number", bool: "a boolean"}


def faults(package: str, token: str, inputs: Mapping[str, Value]) -> list[str]:
    """What is wrong with a resource's inputs, path first; nothing for a type that the SDK does not have.

    ``package`` is the SDK's Python package, imported at the first call. Secret values are never quoted.
    """
    arguments = _arguments(package, token)
    return [] if arguments is None else list(_object_faults(dict(inputs), arguments, (), secret=False))


@cache
def _arguments(package: str, token: str) -> type | None:
    importlib.import_module(package)
    module_token = token.rpartition(":")[0]
    for registered in rpc._RESOURCE_MODULES.get(module_token, ()):  # noqa: SLF001 - the registry has no public reader
        about = getattr(registered, "mod_info", {})
        name = about.get("classes", {}).get(token)
        if name is not None:
            module = importlib.import_module(about["fqn"])
            found = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args", None)
            return found if isinstance(found, type) else None
    return None


@cache
def _properties(cls: type) -> Mapping[str, Any]:
    return _types.input_type_types(cls)


@cache
def _required(cls: type) -> frozenset[str]:
    names = _types.input_type_py_to_pulumi_names(cls)
    parameters = inspect.signature(cls).parameters
    return frozenset(
        names[name]
        for name, parameter in parameters.items()
        if name in names and parameter.default is inspect.Parameter.empty
    )


def _value_faults(value: Value, wanted: Any, path: Path, *, secret: bool) -> Iterator[str]:
    if isinstance(value, Secret):
        value, secret = value.value, True
    if value is UNKNOWN or value is None or wanted is Any:
        return
    origin = typing.get_origin(wanted)
    if isinstance(wanted, type) and _types.is_input_type(wanted):
        if isinstance(value, dict):
            yield from _object_faults(value, wanted, path, secret=secret)
        else:
            yield _mismatch(path, "an object", value, secret=secret)
    elif origin is typing.Union:
        yield from _union_faults(value, typing.get_args(wanted), path, secret=secret)
    elif origin is typing.Literal:
        if value not in typing.get_args(wanted):
            yield _mismatch(path, " or ".join(repr(one) for one in typing.get_args(wanted)), value, secret=secret)
    elif origin in (list, collections.abc.Sequence):
        yield from _list_faults(value, typing.get_args(wanted), path, secret=secret)
    elif origin in (dict, collections.abc.Mapping):
        yield from _mapping_faults(value, typing.get_args(wanted), path, secret=secret)
    elif isinstance(wanted, type) and wanted in _NAMES and not _fits(value, wanted):
        yield _mismatch(path, _NAMES[wanted], value, secret=secret)
    elif isinstance(wanted, type) and issubclass(wanted, enum.Enum) and not isinstance(value, str | int | float):
        yield _mismatch(path, "one value", value, secret=secret)


def _union_faults(value: Value, members: tuple[Any, ...], path: Path, *, secret: bool) -> Iterator[str]:
    found = [
        list(_value_faults(value, member, path, secret=secret))
        for member in members
        if member is not type(None) and typing.get_origin(member) not in _PROMISES
    ]
    # The member that fits best speaks for all; one without a fault makes the value right.
    yield from min(found, key=len, default=[])


def _list_faults(value: Value, items: tuple[Any, ...], path: Path, *, secret: bool) -> Iterator[str]:
    if not isinstance(value, list):
        yield _mismatch(path, "a list", value, secret=secret)
        return
    for index, item in enumerate(value):
        yield from _value_faults(item, items[0] if items else Any, (*path, index), secret=secret)


def _mapping_faults(value: Value, items: tuple[Any, ...], path: Path, *, secret: bool) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _mismatch(path, "an object", value, secret=secret)
        return
    for key, item in value.items():
        yield from _value_faults(item, items[1] if len(items) == 2 else Any, (*path, key), secret=secret)


def _object_faults(value: Mapping[str, Value], cls: type, path: Path, *, secret: bool) -> Iterator[str]:
    properties = _properties(cls)
    for name in sorted(_required(cls)):
        if value.get(name) is None:
            yield f"{path_text((*path, name))}: is required"
    for name, item in value.items():
        if name in properties:
            yield from _value_faults(item, properties[name], (*path, name), secret=secret)
        elif not name.startswith("__"):
            close = difflib.get_close_matches(name, list(properties), n=1)
            meant = f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(sorted(properties)[:20])}"
            yield f"{path_text((*path, name))}: there is no such field{meant}"


def _fits(value: Value, wanted: type) -> bool:
    if isinstance(value, bool) or wanted is bool:
        return isinstance(value, bool) and wanted is bool
    return isinstance(value, int | float) if wanted is float else isinstance(value, wanted)


def _mismatch(path: Path, wanted: str, value: Value, *, secret: bool) -> str:
    kinds = {dict: "an object", list: "a list", **_NAMES}
    got = kinds.get(type(value), type(value).__name__)
    shown = "" if secret or isinstance(value, dict | list) or len(str(value)) > 60 else f": {value!r}"
    return f"{path_text(path)}: must be {wanted}, got {got}{shown}"
