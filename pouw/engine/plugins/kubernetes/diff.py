"""The effect of changed inputs on an existing object: none, an update or a replacement. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pouw.engine.plugins.core.changes import Change, ChangeKind, changes, touches, without_ignored
from pouw.engine.plugins.core.properties import UNKNOWN
from pouw.engine.plugins.kubernetes.immutable import immutable_paths
from pouw.engine.plugins.kubernetes.normalization import normal_inputs, pruned
from pouw.engine.plugins.kubernetes.objects import (
    AUTONAMED,
    Object,
    annotated_true,
    gvk_of,
    metadata,
    name_of,
    namespace_of,
    replaced,
    value_at,
    without,
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The changes, and whether the old object is deleted before the new one is created."""

    changes: Sequence[Change]
    delete_before_replace: bool = False

    @property
    def replaces(self) -> list[str]:
        """Paths that force a replacement."""
        return [change.name for change in self.changes if change.replaces]


@dataclass(frozen=True, kw_only=True)
class Mutability:
    """Kinds whose data the provider updates in place."""

    config_maps: bool = False
    secrets: bool = False


def plan(
    *,
    old_inputs: Object,
    live: Object,
    news: Object,
    namespaced: bool,
    mutability: Mutability = Mutability(),
    ignored: Sequence[str] = (),
) -> Plan:
    """Compare new inputs with the last known live object, in the properties that the old inputs hold.

    Additions of the server or of a controller are therefore not changes, but an edit that a refresh found is one.
    All values are plain. ``news`` may hold unknowns.
    """
    old = pruned(live, normal_inputs(old_inputs))
    new = normal_inputs(news)
    old, new = _same_scope(old, live, new, namespaced=namespaced)
    gvk = gvk_of(new)
    if not old.get("kind"):
        old = {**old, "apiVersion": new.get("apiVersion"), "kind": new.get("kind")}
    if name_of(new):
        old = replaced(old, ("metadata", "name"), name_of(live))
    immutable = immutable_paths(
        gvk, new, mutable_config_maps=mutability.config_maps, mutable_secrets=mutability.secrets
    )
    planned_changes = [
        replace(change, replaces=_replaces(change) or any(touches(change, path) for path in immutable))
        for change in without_ignored(changes(old, new), ignored)
    ]
    return Plan(
        changes=planned_changes,
        delete_before_replace=any(change.replaces for change in planned_changes) and _keeps_its_place(new, live),
    )


def _replaces(change: Change) -> bool:
    return change.path == ("metadata",) and change.kind is ChangeKind.DELETE


def _same_scope(old: Object, live: Object, new: Object, *, namespaced: bool) -> tuple[Object, Object]:
    if not namespaced:
        return without(old, ("metadata", "namespace")), without(new, ("metadata", "namespace"))
    old = replaced(old, ("metadata", "namespace"), namespace_of(live) or "default")
    if value_at(new, "metadata", "namespace") is not UNKNOWN and new.get("metadata") is not UNKNOWN:
        new = replaced(new, ("metadata", "namespace"), namespace_of(new) or "default")
    return old, new


def _keeps_its_place(new: Object, live: Object) -> bool:
    has_name = bool(name_of(new)) or metadata(new).get("name") is UNKNOWN
    return (
        has_name
        and not annotated_true(new, AUTONAMED)
        and name_of(new) == name_of(live)
        and (namespace_of(new) == namespace_of(live))
    )
