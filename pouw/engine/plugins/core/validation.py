"""Inputs against the types of an SDK: what can be told without asking any server.

Every fault is one line: the path, what was wrong with the value, what is allowed. Secret values are never quoted, and
unknown ones are right.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from infra.faults import choices
from pouw.engine.plugins.core.changes import Path, path_text
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value, is_file
from pouw.engine.plugins.core.sdk_types import (
    Enumeration,
    Exactly,
    ListOf,
    MapOf,
    Named,
    OneOf,
    Plain,
    PlainKind,
    Properties,
    Sdk,
    Type,
)

_WANTED: Final[Mapping[PlainKind, str]] = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "file": "an asset or an archive",
}
_GOT: Final[Mapping[type, str]] = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}
_LONGEST_SHOWN = 60


class Validator:
    """Checks values against the types of one SDK."""

    def __init__(self, sdk: Sdk, *, is_open: Callable[[Enumeration], bool] = lambda _: False) -> None:
        """``is_open`` names enums whose list of values is known to lag behind the cloud: any text passes there."""
        self._sdk = sdk
        self._is_open = is_open

    def faults(self, inputs: Mapping[str, Value], properties: Properties) -> list[str]:
        """What is wrong with an object's properties, path first."""
        return list(self._object(inputs, properties, (), secret=False))

    def fits(self, value: Value, wanted: Type) -> bool:
        """Whether a value is of a type."""
        return next(self._value(value, wanted, (), secret=True), None) is None

    def _value(self, value: Value, wanted: Type, path: Path, *, secret: bool) -> Iterator[str]:
        if isinstance(value, Secret):
            value, secret = value.value, True
        if value is UNKNOWN or value is None:
            return
        match wanted:
            case Plain(kind):
                if not _is(value, kind):
                    yield _mismatch(path, _WANTED[kind], value, secret=secret)
            case ListOf(item):
                yield from self._list(value, item, path, secret=secret)
            case MapOf(item):
                yield from self._map(value, item, path, secret=secret)
            case Exactly(values):
                if value not in values:
                    yield _not_one_of(path, values, value, secret=secret)
            case OneOf(members):
                yield from self._union(value, members, path, secret=secret)
            case Named():
                yield from self._named(value, wanted, path, secret=secret)

    def _named(self, value: Value, wanted: Named, path: Path, *, secret: bool) -> Iterator[str]:
        described = self._sdk.named(wanted)
        if described is None:
            return
        if isinstance(described, Enumeration):
            if value not in described.values and not (self._is_open(described) and isinstance(value, str)):
                yield _not_one_of(path, described.values, value, secret=secret)
        elif isinstance(value, Mapping):
            yield from self._object(value, described, path, secret=secret)
        else:
            yield _mismatch(path, "an object", value, secret=secret)

    def _list(self, value: Value, item: Type, path: Path, *, secret: bool) -> Iterator[str]:
        if not isinstance(value, list):
            yield _mismatch(path, "a list", value, secret=secret)
            return
        for index, one in enumerate(value):
            yield from self._value(one, item, (*path, index), secret=secret)

    def _map(self, value: Value, item: Type, path: Path, *, secret: bool) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield _mismatch(path, "an object", value, secret=secret)
            return
        for key, one in value.items():
            yield from self._value(one, item, (*path, key), secret=secret)

    def _union(self, value: Value, members: tuple[Type, ...], path: Path, *, secret: bool) -> Iterator[str]:
        # The generator writes a list of proposals as "text or enum". A text outside of it is a slip, not a choice.
        enums = [one for one in members if isinstance(one, Named) and isinstance(self._sdk.named(one), Enumeration)]
        considered = tuple(enums) if enums and isinstance(value, str) else members
        found = [list(self._value(value, member, path, secret=secret)) for member in considered]
        # The member that fits best speaks for all; one without a fault makes the value right.
        yield from min(found, key=len, default=[])

    def _object(self, value: Mapping[str, Value], properties: Properties, path: Path, *, secret: bool) -> Iterator[str]:
        for name, described in properties.items():
            if described.required and value.get(name) is None:
                yield f"{path_text((*path, name))}: is required"
            elif described.constant is not None and _text(value.get(name)) not in (None, described.constant):
                yield _not_one_of((*path, name), (described.constant,), value[name], secret=secret)
        for name, item in value.items():
            if name in properties:
                yield from self._value(item, properties[name].type, (*path, name), secret=secret)
            elif not name.startswith("__"):
                yield f"{path_text((*path, name))}: there is no such field; {_meant(name, list(properties))}"


def _meant(name: str, there: list[str]) -> str:
    close = difflib.get_close_matches(name, there, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {choices(sorted(there), name)}"


def _is(value: Value, kind: PlainKind) -> bool:
    if kind == "any":
        return True
    if kind == "boolean" or isinstance(value, bool):
        return kind == "boolean" and isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float)
    if kind == "file":
        return is_file(value)
    return isinstance(value, str if kind == "string" else int)


def _text(value: Value) -> str | None:
    value = value.value if isinstance(value, Secret) else value
    return value if isinstance(value, str) else None


def _mismatch(path: Path, wanted: str, value: Value, *, secret: bool) -> str:
    got = _GOT.get(type(value), type(value).__name__)
    return f"{path_text(path)}: must be {wanted}, got {got}{_shown(value, secret=secret)}"


def _not_one_of(path: Path, values: tuple[object, ...], value: Value, *, secret: bool) -> str:
    texts = [str(one) for one in values]
    close = difflib.get_close_matches(value, texts, n=1) if isinstance(value, str) and not secret else []
    meant = f"; did you mean {close[0]!r}?" if close else ""
    shown = _shown(value, secret=secret).removeprefix(": ") or _GOT.get(type(value), "another")
    return f"{path_text(path)}: must be one of {choices(texts, '' if secret else value)}, got {shown}{meant}"


def _shown(value: Value, *, secret: bool) -> str:
    return "" if secret or isinstance(value, dict | list) or len(str(value)) > _LONGEST_SHOWN else f": {value!r}"
