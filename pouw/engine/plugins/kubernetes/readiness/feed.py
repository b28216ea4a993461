"""Collections of live objects, kept up to date by one watch each."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pouw.engine.plugins.core.errors import CancelledError
from pouw.engine.plugins.kubernetes.objects import Object, value_at
from pouw.engine.plugins.kubernetes.readiness.status import Collection
from pouw.kube.client import Client
from pouw.kube.errors import ApiError, KubeError
from pouw.kube.policy import WATCH_INTERVAL_SECONDS
from pouw.kube.watch import BOOKMARK, DELETED, Watch

_WATCH_SECONDS: Final = 30
"""Duration of one watch request."""
_END_SECONDS: Final = 1.0
"""Longest wait for the end of a watch. One that is about to connect is not waited for."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A collection to follow: its path and its query."""

    name: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Refresh:
    """A change of a target's objects."""

    name: str


class Feed:
    """A follower of targets until it is closed. ``changes`` receives a Refresh for each change."""

    def __init__(self, client: Client, changes: queue.SimpleQueue[Refresh | None]) -> None:
        self._client = client
        self._changed = changes
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._objects: dict[str, dict[str, Object]] = {}
        self._deleted: set[str] = set()
        self._watches: dict[str, Watch] = {}
        self._threads: list[threading.Thread] = []

    def follow(self, target: Target) -> None:
        """List the target once, raising what the client raises, then follow it in the background."""
        version = self._list(target)
        thread = threading.Thread(target=self._run, args=(target, version), daemon=True, name=f"watch-{target.name}")
        self._threads.append(thread)
        thread.start()

    def objects(self, name: str) -> Sequence[Object]:
        """Return the target's current objects."""
        with self._lock:
            return list(self._objects.get(name, {}).values())

    def saw_deletion(self, name: str) -> bool:
        """True if an object of the target was deleted."""
        with self._lock:
            return name in self._deleted

    def close(self) -> None:
        """End the watches."""
        self._closed.set()
        with self._lock:
            watches = list(self._watches.values())
        for watch in watches:
            watch.stop()
        for thread in self._threads:
            thread.join(timeout=_END_SECONDS)

    def _list(self, target: Target) -> str:
        answer = self._client.get(target.path, target.query)
        items = {str(value_at(item, "metadata", "uid")): item for item in answer.get("items") or []}
        with self._lock:
            if set(self._objects.get(target.name, {})) - set(items):
                self._deleted.add(target.name)
            self._objects[target.name] = items
        return str(value_at(answer, "metadata", "resourceVersion") or "")

    def _run(self, target: Target, version: str) -> None:
        while not self._closed.is_set():
            try:
                version = self._watch(target, version)
            except (KubeError, CancelledError) as error:
                expired = isinstance(error, ApiError) and error.expired
                if not expired and self._closed.wait(WATCH_INTERVAL_SECONDS):
                    return
                version = self._list_again(target)

    def _list_again(self, target: Target) -> str:
        with contextlib.suppress(KubeError, CancelledError):
            version = self._list(target)
            self._changed.put(Refresh(name=target.name))
            return version
        return ""

    def _watch(self, target: Target, version: str) -> str:
        watch = self._client.watch(target.path, {**target.query, "resourceVersion": version}, seconds=_WATCH_SECONDS)
        with self._lock:
            self._watches[target.name] = watch
        if self._closed.is_set():
            watch.stop()
        for event in watch:
            version = str(value_at(event.object, "metadata", "resourceVersion") or version)
            if self._closed.is_set():
                break
            if event.type == BOOKMARK:
                continue
            uid = str(value_at(event.object, "metadata", "uid"))
            with self._lock:
                if event.type == DELETED:
                    self._objects.setdefault(target.name, {}).pop(uid, None)
                    self._deleted.add(target.name)
                else:
                    self._objects.setdefault(target.name, {})[uid] = event.object
            self._changed.put(Refresh(name=target.name))
        return version


def target_of(collection: Collection, path: str) -> Target:
    """Return the target for a collection of related objects."""
    query = {"labelSelector": collection.labels, "fieldSelector": collection.fields}
    return Target(name=collection.gvk.kind, path=path, query={key: text for key, text in query.items() if text})
