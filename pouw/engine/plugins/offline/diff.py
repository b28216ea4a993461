"""What differs between two sets of inputs, and whether it takes another resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pouw.engine.plugins.core.changes import Change, changes, parse_path, touches, without_ignored
from pouw.engine.plugins.core.properties import Value, plain
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.cloud import Cloud
from pouw.engine.plugins.offline.naming import is_autonamed


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The difference."""

    changes: list[Change]
    delete_before_replace: bool


def plan(
    cloud: Cloud,
    described: ResourceType,
    old: Mapping[str, Value],
    new: Mapping[str, Value],
    ignored: Sequence[str],
) -> Plan:
    """From the inputs of the last run to those of this one."""
    found = without_ignored(changes(_own(old), _own(new)), ignored)
    rule = cloud.naming(described)
    patterns = [parse_path(text) for text in _replacing(cloud, described)]
    marked = [replace(change, replaces=any(touches(change, pattern) for pattern in patterns)) for change in found]
    fixed_name = rule is not None and not is_autonamed(new, rule) and old.get(rule.property) == new.get(rule.property)
    return Plan(changes=marked, delete_before_replace=fixed_name and any(change.replaces for change in marked))


def _own(inputs: Mapping[str, Value]) -> dict[str, Value]:
    """Without what providers note for themselves."""
    return {name: plain(value) for name, value in inputs.items() if not name.startswith("__")}


def _replacing(cloud: Cloud, described: ResourceType) -> list[str]:
    rule = cloud.naming(described)
    address = [name for name in described.inputs if name not in described.outputs and cloud.is_address(name)]
    anywhere = [name for name in cloud.replaces if name in described.inputs]
    return [*cloud.facts_of(described.token).replaces, *anywhere, *address, *([rule.property] if rule else [])]
