"""The settings as a tree of classes: the way from a key to the class that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Location = Sequence[int | str]
"""Keys and list indexes from the root of the settings to a value."""


def models_of(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the settings classes inside an annotation such as ``tuple[Site, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    else:
        for argument in get_args(annotation):
            yield from models_of(argument)


def fields_of(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Return the fields of a settings class by the keys that users write."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def alternatives(model: type[BaseModel], key: str) -> Mapping[str, type[BaseModel]]:
    """Return the classes of a key whose value is a discriminated union, by their tags; empty for other keys."""
    members = list(models_of(fields_of(model)[key].annotation))
    return {_tag(member): member for member in members} if len(members) > 1 else {}


def _tag(member: type[BaseModel]) -> str:
    return str(get_args(member.model_fields["cloud"].annotation)[0])


def walk(model: type[BaseModel], keys: Sequence[str]) -> type[BaseModel] | None:
    """Return the class at the end of a path of keys; ``None`` where a key is unknown or holds no class."""
    current: type[BaseModel] | None = model
    for key in keys:
        field = fields_of(current).get(key) if current is not None else None
        current = next(models_of(field.annotation), None) if field is not None else None
    return current
