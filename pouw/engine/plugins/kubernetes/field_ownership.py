"""Transfer of field ownership on a live object that controllers write to at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pouw.engine.plugins.kubernetes import field_managers
from pouw.engine.plugins.kubernetes.field_managers import Entry
from pouw.engine.plugins.kubernetes.objects import Object
from pouw.kube.client import JSON_PATCH, Client
from pouw.kube.errors import ApiError

_ATTEMPTS: Final = 8
_MOVED: Final = frozenset({409, 422})
"""Statuses of a patch whose ``test`` fails because the object was written meanwhile."""


def take_over(client: Client, path: str, live: Object, manager: str) -> Object:
    """Transfer the fields of creates and kubectl to ``manager``, and return the object."""
    return _patched(client, path, live, lambda seen: field_managers.signed_over(seen, manager))


def give_up_mark(client: Client, path: str, live: Object, manager: str) -> Object:
    """Replace the mark by the shared manager, and return the object."""
    return _patched(client, path, live, lambda seen: field_managers.without_mark(seen, manager))


def _patched(client: Client, path: str, live: Object, decide: Callable[[Object], Sequence[Entry] | None]) -> Object:
    for attempt in range(_ATTEMPTS):
        patch = decide(live)
        if patch is None:
            return live
        try:
            return client.request("PATCH", path, body=patch, content_type=JSON_PATCH)
        except ApiError as error:
            if error.status not in _MOVED or attempt == _ATTEMPTS - 1:
                raise
            live = client.get(path)
    raise AssertionError("the last attempt returns or raises")
