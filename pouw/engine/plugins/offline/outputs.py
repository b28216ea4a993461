"""Outputs of a resource as far as its inputs decide them, in the types of the class that reads them.

The SDK's classes read some outputs in another type than the program sets: a policy that is an object is read as text.
An output of another type is unknown in a preview, and so is every output that only the cloud computes.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pouw.engine.plugins.core.changes import Path, parse_path
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value, has_unknown, revealed
from pouw.engine.plugins.core.sdk_types import ListOf, Named, Plain, Properties, Property, ResourceType, Sdk
from pouw.engine.plugins.core.validation import Validator
from pouw.engine.plugins.offline.cloud_description import CatalogueEntry

_TEXT: Final = Plain("string")
_ALL_TAGS: Final = ("tagsAll", "effectiveLabels", "pulumiLabels")


class Outputs:
    """Outputs for one SDK."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk
        self._validator = Validator(sdk, is_open=lambda _: True)

    def plan(
        self,
        definition: ResourceType,
        inputs: Mapping[str, Value],
        entry: CatalogueEntry,
        *,
        tags: Mapping[str, Value],
        olds: Mapping[str, Value] | None = None,
    ) -> dict[str, Value]:
        """Return the outputs that are known without the cloud. ``olds`` is the state of an existing resource."""
        outputs: dict[str, Value] = {}
        for name, output in definition.outputs.items():
            value = inputs.get(name)
            if value is not None:
                outputs[name] = self.shaped(value, output)
            elif name in _ALL_TAGS:
                outputs[name] = all_tags(inputs, tags)
            elif olds is not None and name in olds and (output.required or name not in definition.inputs):
                outputs[name] = olds[name]
            elif output.required or name not in definition.inputs:
                outputs[name] = UNKNOWN
        if olds is not None:
            outputs |= dict.fromkeys(entry.counts, UNKNOWN)
        for text in entry.computed:
            fill(outputs, parse_path(text), UNKNOWN, None if text in entry.counts else olds)
        return outputs

    def shaped(self, value: Value, output: Property) -> Value:
        """Return an input's value in the output's type; unknown where the cloud decides on the spelling."""
        if isinstance(value, Secret):
            return Secret(self.shaped(value.value, output))
        if value is UNKNOWN or self._validator.fits(value, output.type):
            return copy.deepcopy(value)  # computed values are filled in below; the inputs stay what they are
        if output.type == _TEXT and isinstance(value, dict | list) and not has_unknown(value):
            return json.dumps(revealed(value), separators=(",", ":"))
        if isinstance(value, list) and isinstance(output.type, ListOf):
            item = replace(output, type=output.type.item)
            return [self.shaped(element, item) for element in value]
        definition = self._sdk.resolve(output.type) if isinstance(output.type, Named) else None
        if isinstance(value, dict) and isinstance(definition, Mapping):
            return self._object(value, definition)
        return UNKNOWN

    def _object(self, value: Mapping[str, Value], definition: Properties) -> dict[str, Value]:
        """Return an object of which only the declared properties are known: the cloud adds the others."""
        return {
            name: UNKNOWN if value.get(name) is None else self.shaped(value[name], property_)
            for name, property_ in definition.items()
            if property_.required or value.get(name) is not None
        }


def all_tags(inputs: Mapping[str, Value], tags: Mapping[str, Value]) -> Value:
    """Return the tags or labels of the provider, overridden by those of the resource."""
    resource_tags = inputs.get("tags", inputs.get("labels"))
    if resource_tags is UNKNOWN:
        return UNKNOWN
    if isinstance(resource_tags, Secret):
        return Secret({**tags, **resource_tags.value}) if isinstance(resource_tags.value, dict) else resource_tags
    return {**tags, **(resource_tags or {})}


def fill(values: dict[str, Value], path: Path, value: Value, olds: Mapping[str, Value] | None) -> None:
    """Put ``value`` at ``path`` if no value is there; a value of ``olds`` has precedence. No parent is created."""
    holder: Value = values
    old: Value = olds
    *parents, last = path
    for step in parents:
        holder = _below(holder, step)
        old = _below(old, step)
    if isinstance(holder, dict) and isinstance(last, str) and holder.get(last) in (None, UNKNOWN):
        earlier = old.get(last) if isinstance(old, Mapping) else None
        holder[last] = value if earlier is None else earlier


def _below(value: Value, step: str | int) -> Value:
    if isinstance(value, Secret):
        value = value.value
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None
