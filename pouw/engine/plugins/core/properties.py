"""Property values of the engine's wire format as plain Python, and back.

Numbers travel as doubles: integral ones become ``int`` here, because most APIs refuse ``3.0`` where they want ``3``.
Secrets become :class:`Secret`, values that are not known yet :data:`UNKNOWN`. Nulls are dropped from objects, as the
engine itself does between programs and providers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

from pouw.engine import unknown_values

Value = Any
"""None, bool, int, float, str, list[Value], dict[str, Value], Secret or UNKNOWN."""

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SEALED: Final = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_FILES: Final = frozenset({"c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"})
_LARGEST_EXACT_INTEGER: Final = 2**53


class _Unknown:
    """A value that only a run can know."""

    _instance: _Unknown | None = None

    def __new__(cls) -> _Unknown:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false: test `value is UNKNOWN`")


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that must never be printed. Its text form hides it."""

    value: Value

    def __repr__(self) -> str:
        return "[secret]"


def from_struct(struct: struct_pb2.Struct) -> dict[str, Value]:
    """Return the object that a message carries; ``{}`` for an empty one."""
    return {key: value for key, field in struct.fields.items() if (value := _from_value(field)) is not None}


def _from_value(value: struct_pb2.Value) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _from_object(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return _number(value.number_value)
    if kind == "string_value":
        return UNKNOWN if value.string_value in unknown_values.MARKERS else value.string_value
    return value.bool_value if kind == "bool_value" else None


def _from_object(struct: struct_pb2.Struct) -> Value:
    signature = struct.fields[_SIGNATURE].string_value if _SIGNATURE in struct.fields else ""
    if signature == _SEALED:
        return Secret(_from_value(struct.fields["value"]))
    if signature == _OUTPUT:
        inner = _from_value(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
        return Secret(inner) if struct.fields["secret"].bool_value else inner
    return from_struct(struct)


def _number(number: float) -> int | float:
    return int(number) if number.is_integer() and abs(number) <= _LARGEST_EXACT_INTEGER else number


def to_struct(values: Mapping[str, Value]) -> struct_pb2.Struct:
    """Return the message for an object, without nulls in objects; nulls in lists stay."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        if value is not None:
            _set_value(struct.fields[key], value)
    return struct


def _set_value(target: struct_pb2.Value, value: Value) -> None:
    if isinstance(value, Secret):
        fields = target.struct_value.fields
        fields[_SIGNATURE].string_value = _SEALED
        _set_value(fields["value"], value.value)
    elif value is UNKNOWN:
        target.string_value = unknown_values.UNKNOWN_TEXT
    elif isinstance(value, Mapping):
        target.struct_value.CopyFrom(to_struct(value))
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for item in value:
            _set_value(target.list_value.values.add(), item)
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    else:
        target.string_value = str(value)


def to_json(value: Value) -> Value:
    """Return the value in a form for JSON, with marked secrets.

    Raises:
        TypeError: it holds an unknown value.
    """
    if value is UNKNOWN:
        raise TypeError("an unknown value cannot be written as JSON")
    if isinstance(value, Secret):
        return {_SIGNATURE: _SEALED, "value": to_json(value.value)}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    return [to_json(item) for item in value] if isinstance(value, list) else value


def from_json(value: Value) -> Value:
    """Return the value that :func:`to_json` wrote."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SEALED:
            return Secret(from_json(value["value"]))
        return {key: from_json(item) for key, item in value.items()}
    return [from_json(item) for item in value] if isinstance(value, list) else value


def revealed(value: Value) -> Value:
    """Return the value with every secret in plain text: for requests, never for messages."""
    if isinstance(value, Secret):
        return revealed(value.value)
    if isinstance(value, Mapping):
        return {key: revealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item) for item in value]
    return value


def is_file(value: Value) -> bool:
    """True if it is an asset or an archive: an object with the engine's mark."""
    return isinstance(value, Mapping) and value.get(_SIGNATURE) in _FILES


def has_unknown(value: Value) -> bool:
    """True if any part of it is unknown."""
    return _any_part(value, lambda item: item is UNKNOWN)


def has_secret(value: Value) -> bool:
    """True if any part of it is secret."""
    return _any_part(value, lambda item: isinstance(item, Secret))


def secret_texts(value: Value, *, is_secret: bool = False) -> Iterator[str]:
    """Yield every text inside of a secret: no message may hold one."""
    if isinstance(value, Secret):
        yield from secret_texts(value.value, is_secret=True)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secret_texts(item, is_secret=is_secret)
    elif isinstance(value, list):
        for item in value:
            yield from secret_texts(item, is_secret=is_secret)
    elif is_secret and value is not UNKNOWN and value is not None and not isinstance(value, bool):
        yield str(value)


def _any_part(value: Value, holds: Callable[[Value], bool]) -> bool:
    if holds(value):
        return True
    if isinstance(value, Secret):
        return _any_part(value.value, holds)
    if isinstance(value, Mapping):
        return any(_any_part(item, holds) for item in value.values())
    return isinstance(value, list) and any(_any_part(item, holds) for item in value)
