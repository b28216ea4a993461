"""Validation of inputs against the types of an SDK: every fault that no server is needed for.

A fault has the path of the property, the refused value and what is allowed. Secret values are never quoted, and
unknown values are right.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from infra.faults import Fault, choices
from pouw.engine.plugins.core.changes import Path, path_text
from pouw.engine.plugins.core.input_faults import mismatch
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

_KIND_TITLES: Final[Mapping[PlainKind, str]] = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "file": "an asset or an archive",
}
_VALUE_TITLES: Final[Mapping[type, str]] = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}
_LONGEST_QUOTED: Final = 60


class Validator:
    """Checks values against the types of one SDK."""

    def __init__(self, sdk: Sdk, *, is_open: Callable[[Enumeration], bool] = lambda _: False) -> None:
        """``is_open`` selects enums whose list of values lags behind the cloud: any text passes there."""
        self._sdk = sdk
        self._is_open = is_open

    def faults(self, inputs: Mapping[str, Value], properties: Properties) -> list[Fault]:
        """Return every fault of an object's properties."""
        return list(self._object(inputs, properties, (), secret=False))

    def fits(self, value: Value, expected: Type) -> bool:
        """True if a value is of a type."""
        return next(self._value(value, expected, (), secret=True), None) is None

    def _value(self, value: Value, expected: Type, path: Path, *, secret: bool) -> Iterator[Fault]:
        if isinstance(value, Secret):
            value, secret = value.value, True
        if value is UNKNOWN or value is None:
            return
        match expected:
            case Plain(kind):
                if not _is(value, kind):
                    yield _wrong_type(path, _KIND_TITLES[kind], value, secret=secret)
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
                yield from self._reference(value, expected, path, secret=secret)

    def _reference(self, value: Value, reference: Named, path: Path, *, secret: bool) -> Iterator[Fault]:
        definition = self._sdk.resolve(reference)
        if definition is None:
            return
        if isinstance(definition, Enumeration):
            if value not in definition.values and not (self._is_open(definition) and isinstance(value, str)):
                yield _not_one_of(path, definition.values, value, secret=secret)
        elif isinstance(value, Mapping):
            yield from self._object(value, definition, path, secret=secret)
        else:
            yield _wrong_type(path, "an object", value, secret=secret)

    def _list(self, value: Value, item: Type, path: Path, *, secret: bool) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield _wrong_type(path, "a list", value, secret=secret)
            return
        for index, element in enumerate(value):
            yield from self._value(element, item, (*path, index), secret=secret)

    def _map(self, value: Value, item: Type, path: Path, *, secret: bool) -> Iterator[Fault]:
        if not isinstance(value, Mapping):
            yield _wrong_type(path, "an object", value, secret=secret)
            return
        for key, element in value.items():
            yield from self._value(element, item, (*path, key), secret=secret)

    def _union(self, value: Value, members: tuple[Type, ...], path: Path, *, secret: bool) -> Iterator[Fault]:
        # The generator writes a list of proposals as "text or enum". A text outside of it is a slip, not a choice.
        enums = [
            member
            for member in members
            if isinstance(member, Named) and isinstance(self._sdk.resolve(member), Enumeration)
        ]
        candidates = tuple(enums) if enums and isinstance(value, str) else members
        faults = [list(self._value(value, member, path, secret=secret)) for member in candidates]
        # The faults of the member that fits best; a member without a fault makes the value right.
        yield from min(faults, key=len, default=[])

    def _object(
        self, value: Mapping[str, Value], properties: Properties, path: Path, *, secret: bool
    ) -> Iterator[Fault]:
        for name, definition in properties.items():
            if definition.required and value.get(name) is None:
                yield required(path_text((*path, name)))
            elif definition.constant is not None and _text(value.get(name)) not in (None, definition.constant):
                yield _not_one_of((*path, name), (definition.constant,), value[name], secret=secret)
        for name, item in value.items():
            if name in properties:
                yield from self._value(item, properties[name].type, (*path, name), secret=secret)
            elif not name.startswith("__"):
                yield unknown_field(path_text((*path, name)), name, list(properties))


def required(path: str) -> Fault:
    """Return the fault of a property that is missing."""
    return Fault(path=path, message="is required", expected="a value")


def unknown_field(path: str, name: str, names: list[str]) -> Fault:
    """Return the fault of a property that the type does not have."""
    close = difflib.get_close_matches(name, names, n=1)
    remedy = f"did you mean {close[0]!r}?" if close else f"there are: {choices(sorted(names), name)}"
    return Fault(path=path, message="there is no such field", remedy=remedy)


def quoted(value: Value, *, secret: bool) -> str:
    """Return the kind of a value and, where it is short and not secret, the value: ``a string: 'two'``."""
    kind = _VALUE_TITLES.get(type(value), type(value).__name__)
    return kind + (f": {text}" if (text := _quotation(value, secret=secret)) else "")


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


def _wrong_type(path: Path, expected: str, value: Value, *, secret: bool) -> Fault:
    return mismatch(path_text(path), expected, got=quoted(value, secret=secret))


def _not_one_of(path: Path, values: tuple[object, ...], value: Value, *, secret: bool) -> Fault:
    texts = [str(choice) for choice in values]
    close = difflib.get_close_matches(value, texts, n=1) if isinstance(value, str) and not secret else []
    remedy = f"did you mean {close[0]!r}?" if close else ""
    got = _quotation(value, secret=secret) or _VALUE_TITLES.get(type(value), "another value")
    # The closest choices would describe a secret value.
    options = choices(texts, "" if secret else value)
    return mismatch(path_text(path), f"one of {options}", got=got, remedy=remedy)


def _quotation(value: Value, *, secret: bool) -> str:
    return "" if secret or isinstance(value, dict | list) or len(str(value)) > _LONGEST_QUOTED else repr(value)
