"""A resource's outputs as far as its inputs decide them: in the types of the class that reads them.

The SDK's classes read some outputs in another type than the program gave (a policy given as an object is read back as
text). What does not fit the output's type is unknown in a preview; so is everything that only the cloud computes.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pouw.engine.plugins.core.changes import Path, parse_path
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value, has_unknown, plain
from pouw.engine.plugins.core.sdk_types import ListOf, Named, Plain, Properties, Property, ResourceType, Sdk
from pouw.engine.plugins.core.validation import Validator
from pouw.engine.plugins.offline.cloud import Facts

_TEXT: Final = Plain("string")
_ALL_TAGS: Final = ("tagsAll", "effectiveLabels", "pulumiLabels")


class Outputs:
    """Makes outputs for one SDK."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk
        self._validator = Validator(sdk, is_open=lambda _: True)

    def planned(
        self,
        described: ResourceType,
        inputs: Mapping[str, Value],
        facts: Facts,
        *,
        tags: Mapping[str, Value],
        olds: Mapping[str, Value] | None = None,
    ) -> dict[str, Value]:
        """What is known before the cloud is asked. ``olds`` is the state of a resource that is updated."""
        found: dict[str, Value] = {}
        for name, output in described.outputs.items():
            given = inputs.get(name)
            if given is not None:
                found[name] = self.shaped(given, output)
            elif name in _ALL_TAGS:
                found[name] = all_tags(inputs, tags)
            elif olds is not None and name in olds and (output.required or name not in described.inputs):
                found[name] = olds[name]
            elif output.required or name not in described.inputs:
                found[name] = UNKNOWN
        if olds is not None:
            found |= dict.fromkeys(facts.counts, UNKNOWN)
        for text in facts.computed:
            fill(found, parse_path(text), UNKNOWN, None if text in facts.counts else olds)
        return found

    def shaped(self, given: Value, output: Property) -> Value:
        """An input's value in the output's type; unknown where the cloud's own spelling is not known."""
        if isinstance(given, Secret):
            return Secret(self.shaped(given.value, output))
        if given is UNKNOWN or self._validator.fits(given, output.type):
            return copy.deepcopy(given)  # computed values are filled in below; the inputs stay what they are
        if output.type == _TEXT and isinstance(given, dict | list) and not has_unknown(given):
            return json.dumps(plain(given), separators=(",", ":"))
        if isinstance(given, list) and isinstance(output.type, ListOf):
            item = replace(output, type=output.type.item)
            return [self.shaped(one, item) for one in given]
        described = self._sdk.named(output.type) if isinstance(output.type, Named) else None
        if isinstance(given, dict) and isinstance(described, Mapping):
            return self._object(given, described)
        return UNKNOWN

    def _object(self, given: Mapping[str, Value], described: Properties) -> dict[str, Value]:
        """An object that the cloud answers with more than was declared: what was is known, the rest is not."""
        return {
            name: UNKNOWN if given.get(name) is None else self.shaped(given[name], one)
            for name, one in described.items()
            if one.required or given.get(name) is not None
        }


def all_tags(inputs: Mapping[str, Value], tags: Mapping[str, Value]) -> Value:
    """The resource's tags or labels over the provider's."""
    own = inputs.get("tags", inputs.get("labels"))
    if own is UNKNOWN:
        return UNKNOWN
    if isinstance(own, Secret):
        return Secret({**tags, **own.value}) if isinstance(own.value, dict) else own
    return {**tags, **(own or {})}


def fill(values: dict[str, Value], path: Path, value: Value, olds: Mapping[str, Value] | None) -> None:
    """Put ``value`` at ``path`` where nothing stands; what ``olds`` has there goes before. Parents are not made."""
    holder: Value = values
    old: Value = olds
    *parents, last = path
    for step in parents:
        holder = _below(holder, step)
        old = _below(old, step)
    if isinstance(holder, dict) and isinstance(last, str) and holder.get(last) in (None, UNKNOWN):
        kept = old.get(last) if isinstance(old, Mapping) else None
        holder[last] = value if kept is None else kept


def _below(value: Value, step: str | int) -> Value:
    if isinstance(value, Secret):
        value = value.value
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None
