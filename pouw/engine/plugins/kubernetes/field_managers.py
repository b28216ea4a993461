"""Who owns which fields of a live object, and how ownership passes on.

A create is a POST under the resource's own manager name (``pulumi-kubernetes-<8 hex of its URN>``), given up for the
shared name ``pulumi-kubernetes`` once the object is ready. Until then the name is a mark: a create that was cut off
(killed, or its answer lost) meets AlreadyExists when it is repeated, and knows by the mark that the object is its own.
A stranger's object has no such mark and is refused.

Updates are server-side applies under the own name. Before the first, the fields that the create (or a kubectl) set are
signed over to it, or fields left out of the inputs would never go away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pouw.engine.plugins.kubernetes.objects import Object, at
from pouw.engine.plugins.kubernetes.state import SHARED_MANAGER

_PROVIDERS: Final = frozenset({SHARED_MANAGER, "pulumi-kubernetes.exe", "pulumi-resource-kubernetes"})
_SIGNED_OVER: Final = frozenset(
    {("kubectl", "Apply"), ("kubectl", "Update"), ("before-first-apply", "Update")}
    | {(name, "Update") for name in _PROVIDERS}
)

Entry = Mapping[str, Any]


def entries(live: Object) -> list[dict[str, Any]]:
    """The managed fields of an object."""
    found = at(live, "metadata", "managedFields")
    return list(found) if isinstance(found, list) else []


def carries_mark(live: Object, manager: str) -> bool:
    """Whether a create under ``manager`` made this object and did not come to its end."""
    return any(_is_mark(entry, manager) for entry in entries(live))


def made_by_provider(live: Object) -> bool:
    """Whether any provider of this kind, ours or the official one, in any stack, works on the object."""
    return any(str(entry.get("manager", "")).startswith(SHARED_MANAGER) for entry in entries(live))


def without_mark(live: Object, manager: str) -> list[Entry] | None:
    """The JSON patch that gives the mark up, or None where there is none. Fails if the entry moved meanwhile."""
    for index, entry in enumerate(entries(live)):
        if _is_mark(entry, manager):
            where = f"/metadata/managedFields/{index}/manager"
            return [
                {"op": "test", "path": where, "value": manager},
                {"op": "replace", "path": where, "value": SHARED_MANAGER},
            ]
    return None


def signed_over(live: Object, manager: str) -> list[Entry] | None:
    """The JSON patch that makes ``manager`` the applier of what creates and kubectl set; None without any."""
    have = entries(live)
    given = [entry for entry in have if _passes_on(entry, manager)]
    if not given:
        return None
    own = [entry for entry in have if _is_own(entry, manager)]
    fields: dict[str, Any] = {}
    for entry in (*own, *given):
        fields = _union(fields, entry.get("fieldsV1") or {})
    merged = {**(own or given)[0], "manager": manager, "operation": "Apply", "fieldsV1": fields}
    merged.pop("subresource", None)
    rest = [entry for entry in have if entry not in given and entry not in own]
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": at(live, "metadata", "resourceVersion")},
        {"op": "replace", "path": "/metadata/managedFields", "value": [merged, *rest]},
    ]


def must_force(live: Object, manager: str) -> bool:
    """Whether a dry run must override owners that a real update would have signed over first."""
    return any(_passes_on(entry, manager) for entry in entries(live))


def _is_mark(entry: Entry, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Update" and not entry.get("subresource")


def _is_own(entry: Entry, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")


def _passes_on(entry: Entry, manager: str) -> bool:
    if entry.get("subresource"):
        return False
    return (entry.get("manager"), entry.get("operation")) in _SIGNED_OVER or _is_mark(entry, manager)


def _union(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for key, value in other.items():
        known = result.get(key)
        result[key] = _union(known, value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return result
