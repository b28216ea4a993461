"""The owners of the fields of a live object, and the transfer of ownership.

A create is a POST under the resource's own manager (``pulumi-kubernetes-<8 hex of its URN>``). Once the object is
ready, the shared manager ``pulumi-kubernetes`` replaces it. Until then, the manager is a mark: an interrupted create
(killed, or its answer lost) gets AlreadyExists when it is repeated, and recognizes its object by the mark. An object of
another resource has no such mark and is refused.

Updates are server-side applies under the resource's own manager. Before the first one, the fields that the create or
kubectl set are transferred to it. Otherwise fields that the program drops would stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pouw.engine.plugins.kubernetes.objects import Object, value_at
from pouw.engine.plugins.kubernetes.state import SHARED_MANAGER

_PROVIDERS: Final = frozenset({SHARED_MANAGER, "pulumi-kubernetes.exe", "pulumi-resource-kubernetes"})
_SIGNED_OVER: Final = frozenset(
    {("kubectl", "Apply"), ("kubectl", "Update"), ("before-first-apply", "Update")}
    | {(name, "Update") for name in _PROVIDERS}
)

Entry = Mapping[str, Any]


def entries(live: Object) -> list[dict[str, Any]]:
    """Return the managed fields of an object."""
    managed_fields = value_at(live, "metadata", "managedFields")
    return list(managed_fields) if isinstance(managed_fields, list) else []


def carries_mark(live: Object, manager: str) -> bool:
    """True if an unfinished create under ``manager`` made this object."""
    return any(_is_mark(entry, manager) for entry in entries(live))


def made_by_provider(live: Object) -> bool:
    """True if a Kubernetes provider of any stack manages the object."""
    return any(str(entry.get("manager", "")).startswith(SHARED_MANAGER) for entry in entries(live))


def without_mark(live: Object, manager: str) -> list[Entry] | None:
    """Return the JSON patch that removes the mark, or None without one. It fails if the entry has moved."""
    for index, entry in enumerate(entries(live)):
        if _is_mark(entry, manager):
            path = f"/metadata/managedFields/{index}/manager"
            return [
                {"op": "test", "path": path, "value": manager},
                {"op": "replace", "path": path, "value": SHARED_MANAGER},
            ]
    return None


def signed_over(live: Object, manager: str) -> list[Entry] | None:
    """Return the JSON patch that transfers the fields of creates and kubectl to ``manager``; None without any."""
    have = entries(live)
    passed_on = [entry for entry in have if _passes_on(entry, manager)]
    if not passed_on:
        return None
    applied = [entry for entry in have if _is_own(entry, manager)]
    fields: dict[str, Any] = {}
    for entry in (*applied, *passed_on):
        fields = _union(fields, entry.get("fieldsV1") or {})
    merged = {**(applied or passed_on)[0], "manager": manager, "operation": "Apply", "fieldsV1": fields}
    merged.pop("subresource", None)
    remaining = [entry for entry in have if entry not in passed_on and entry not in applied]
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": value_at(live, "metadata", "resourceVersion")},
        {"op": "replace", "path": "/metadata/managedFields", "value": [merged, *remaining]},
    ]


def must_force(live: Object, manager: str) -> bool:
    """True if a dry run must override owners whose fields a real update transfers first."""
    return any(_passes_on(entry, manager) for entry in entries(live))


def _is_mark(entry: Entry, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Update" and not entry.get("subresource")


def _is_own(entry: Entry, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")


def _passes_on(entry: Entry, manager: str) -> bool:
    if entry.get("subresource"):
        return False
    return (entry.get("manager"), entry.get("operation")) in _SIGNED_OVER or _is_mark(entry, manager)


def _union(first: dict[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(first)
    for key, value in second.items():
        previous = result.get(key)
        if isinstance(previous, dict) and isinstance(value, Mapping):
            value = _union(previous, value)  # noqa: PLW2901 - the merged value
        result[key] = value
    return result
