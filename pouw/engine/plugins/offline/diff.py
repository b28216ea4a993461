"""The difference between two sets of inputs, and the changes in it that replace the resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pouw.engine.plugins.core.changes import Change, changes, parse_path, touches, without_ignored
from pouw.engine.plugins.core.properties import Value, revealed
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.cloud_description import Cloud
from pouw.engine.plugins.offline.physical_names import is_autonamed


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The difference."""

    changes: list[Change]
    delete_before_replace: bool


def plan(
    cloud: Cloud,
    definition: ResourceType,
    old: Mapping[str, Value],
    new: Mapping[str, Value],
    ignored: Sequence[str],
) -> Plan:
    """Return the difference from the inputs of the last run to those of this one."""
    differences = without_ignored(changes(_program_inputs(old), _program_inputs(new)), ignored)
    rule = cloud.naming(definition)
    patterns = [parse_path(text) for text in _replacing(cloud, definition)]
    result = [replace(change, replaces=any(touches(change, pattern) for pattern in patterns)) for change in differences]
    fixed_name = rule is not None and not is_autonamed(new, rule) and old.get(rule.property) == new.get(rule.property)
    return Plan(changes=result, delete_before_replace=fixed_name and any(change.replaces for change in result))


def _program_inputs(inputs: Mapping[str, Value]) -> dict[str, Value]:
    """Return the inputs without the notes that providers add for their own use."""
    return {name: revealed(value) for name, value in inputs.items() if not name.startswith("__")}


def _replacing(cloud: Cloud, definition: ResourceType) -> list[str]:
    rule = cloud.naming(definition)
    address = [name for name in definition.inputs if name not in definition.outputs and cloud.is_address(name)]
    shared = [name for name in cloud.replaces if name in definition.inputs]
    return [*cloud.entry_of(definition.token).replaces, *shared, *address, *([rule.property] if rule else [])]
