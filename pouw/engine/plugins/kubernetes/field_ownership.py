"""Passing the ownership of fields on, on a live object that others write to at the same moment."""

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
"""A patch whose ``test`` fails, because somebody wrote meanwhile, is called a conflict or invalid."""


def take_over(client: Client, path: str, live: Object, manager: str) -> Object:
    """Make ``manager`` the applier of what a create or kubectl set; the object as it is then."""
    return _patched(client, path, live, lambda seen: field_managers.signed_over(seen, manager))


def give_up_mark(client: Client, path: str, live: Object, manager: str) -> Object:
    """Give the shared manager what was created under the mark; the object as it is then."""
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
