"""The usable part of a refused configuration, so that checks between values report their faults together with others.

A refused value is removed, and its default takes its place. A site that lacks a required value gets an empty one: the
checks know no empty region or account, and whatever they report at the path of a missing value is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

import pydantic
from pydantic import BaseModel, TypeAdapter

from infra.settings.models import Location, alternatives, fields_of, models_of
from infra.settings.stack import Settings, Site

_ROUNDS = 8
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Settings to check, and the position of each of their sites in the configuration."""

    stack: Settings
    positions: Sequence[int]

    @property
    def sites(self) -> Sequence[tuple[str, Site]]:
        """The sites with their paths."""
        return [(f"pouw:sites[{index}]", site) for index, site in zip(self.positions, self.stack.sites, strict=True)]


def draft(values: Mapping[str, Any]) -> Draft:
    """Return the usable part of raw values (keys without the ``pouw:`` prefix)."""
    environments = get_args(Settings.model_fields["environment"].annotation)
    environment = values.get("environment")
    stack_values = {**values, "environment": environment if environment in environments else "local", "sites": []}
    # Every other top-level key has a default.
    stack = _repaired(Settings, stack_values)
    raw = values.get("sites")
    sites = {index: site for index, entry in enumerate(raw if isinstance(raw, list) else ()) if (site := _site(entry))}
    return Draft(stack=stack.model_copy(update={"sites": tuple(sites.values())}), positions=tuple(sites))


def _site(entry: object) -> Any:
    classes = alternatives(Settings, "sites")
    cloud = entry.get("cloud") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(cloud, str) or cloud not in classes:
        return None
    return _repaired(classes[cloud], entry)


def _repaired(model: type[_Model], values: Mapping[str, Any]) -> _Model:
    """Return the values without those that are refused, and empty ones in place of those that are required."""
    remaining = deepcopy(dict(values))
    for _ in range(_ROUNDS):
        try:
            return model.model_validate_json(json.dumps(remaining))
        except pydantic.ValidationError as error:
            # The last entries of a list go first, so that the indexes of earlier ones stay right.
            locations = [entry["loc"] for entry in reversed(error.errors(include_url=False))]
            removed = [_remove(remaining, location) for location in locations]
            if not any(removed):
                break
    return _filled(model, remaining)


def _remove(values: dict[str, Any], location: Location) -> bool:
    """Remove the value at a location, or what holds it where the value is missing. True if something was removed."""
    *way, last = location
    if last == "[key]":
        return _remove(values, way)
    holder: Any = values
    for part in way:
        if not _holds(holder, part):
            return False
        holder = holder[part]
    if _holds(holder, last):
        del holder[last]
        return True
    return _remove(values, way) if way else False


def _holds(holder: object, part: int | str) -> bool:
    """True if a mapping has the key, or a list the index."""
    if isinstance(holder, dict):
        return part in holder
    return isinstance(holder, list) and isinstance(part, int) and part < len(holder)


def _filled(model: type[_Model], values: Mapping[str, Any]) -> _Model:
    """Return the values that are valid alone, defaults, and empty text for required values that are not."""
    filled: dict[str, Any] = {}
    for key, field in fields_of(model).items():
        name = next(name for name, each in model.model_fields.items() if each is field)
        inner = next(models_of(field.annotation), None)
        try:
            filled[name] = TypeAdapter(field.rebuild_annotation()).validate_json(json.dumps(values[key]))
        except (KeyError, pydantic.ValidationError):
            if field.is_required():
                nested = values.get(key)
                filled[name] = "" if inner is None else _filled(inner, nested if isinstance(nested, Mapping) else {})
    return model.model_construct(**filled)
