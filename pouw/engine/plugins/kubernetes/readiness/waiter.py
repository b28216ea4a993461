"""The loop that waits for an object to be ready, or to be deleted."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pouw.engine.plugins.core.cancellation import Cancellation
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.provider_server import Log, Severity
from pouw.engine.plugins.kubernetes.discovery import Discovery, NoKindError, ServedKind
from pouw.engine.plugins.kubernetes.objects import Object, name_of, namespace_of, value_at
from pouw.engine.plugins.kubernetes.readiness.feed import Feed, Refresh, Target, target_of
from pouw.engine.plugins.kubernetes.readiness.status import Awaited, Crash, Phase, Status, World
from pouw.kube.client import Client
from pouw.kube.errors import ApiError, KubeError

_OBJECT: Final = "the object"
_LOG_QUERY: Final = {"tailLines": "1", "limitBytes": "4096"}
_LONGEST_LINE: Final = 500
LASTING_SECONDS: Final = 15.0
"""Duration of a trouble after which the user is warned. The progress shows it at once.

Write conflicts of controllers, or a volume that mounts at the second attempt, are common at a first start.
"""


class NotReadyError(ProviderError):
    """An object that exists but is not ready. ``live`` is its last observation; ``reasons`` explain it."""

    def __init__(self, message: str, live: Object, reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.live = live
        self.reasons = tuple(reasons)


@dataclass(kw_only=True)
class Waiter:
    """The wait of one resource, with its progress shown to the user."""

    client: Client
    discovery: Discovery
    cancelled: Cancellation
    log: Log
    urn: str
    redact: Callable[[str], str]
    _warned: set[str] = field(default_factory=set, init=False)
    _status: str = field(default="", init=False)
    _troubled_since: float | None = field(default=None, init=False)
    _last_lines: dict[str, str] = field(default_factory=dict, init=False)

    def until_ready(self, live: Object, served_kind: ServedKind, awaited: Awaited, seconds: float) -> Object:
        """Return the object once it is ready. Raise NotReadyError on failure, timeout and cancellation."""
        changes: queue.SimpleQueue[Refresh | None] = queue.SimpleQueue()
        feed = Feed(self.client, changes)
        deadline = time.monotonic() + seconds
        try:
            with self.cancelled.subscribed(lambda: changes.put(None)):
                self._follow(feed, live, served_kind, awaited)
                while True:
                    live = next(iter(feed.objects(_OBJECT)), live)
                    if feed.saw_deletion(_OBJECT):
                        raise NotReadyError(f"{name_of(live)} was deleted while it was waited for", live)
                    status = awaited.status(live, self._world(feed, awaited, live))
                    reasons = self._report(status, live)
                    if status.phase is Phase.READY:
                        return live
                    if status.phase is Phase.FAILURE:
                        raise NotReadyError(self.redact(status.text), live, reasons)
                    self._pause(changes, deadline, seconds, live, status, reasons)
        finally:
            feed.close()
            self.log.status("", self.urn)

    def look(self, live: Object, awaited: Awaited) -> Status:
        """Return the current status of the object without a wait."""
        world: dict[str, Sequence[Object]] = {}
        for target in self._targets(live, awaited):
            try:
                world[target.name] = self.client.get(target.path, target.query).get("items") or []
            except KubeError:
                world[target.name] = []
        return awaited.status(live, world)

    def until_gone(self, served_kind: ServedKind, namespace: str, name: str, uid: str, seconds: float) -> None:
        """Return once the object is deleted, or replaced by another of its name. Raise NotReadyError if it is not."""
        changes: queue.SimpleQueue[Refresh | None] = queue.SimpleQueue()
        feed = Feed(self.client, changes)
        deadline = time.monotonic() + seconds
        target = Target(
            name=_OBJECT, path=served_kind.collection(namespace), query={"fieldSelector": f"metadata.name={name}"}
        )
        try:
            with self.cancelled.subscribed(lambda: changes.put(None)):
                feed.follow(target)
                while True:
                    remaining = [
                        candidate
                        for candidate in feed.objects(_OBJECT)
                        if value_at(candidate, "metadata", "uid") == uid or not uid
                    ]
                    if not remaining:
                        return
                    self._say(_why_it_stays(remaining[0]))
                    self._pause(changes, deadline, seconds, remaining[0], None, [_why_it_stays(remaining[0])])
        except ApiError as error:
            if not error.not_found:
                raise
        finally:
            feed.close()
            self.log.status("", self.urn)

    def _follow(self, feed: Feed, live: Object, served_kind: ServedKind, awaited: Awaited) -> None:
        feed.follow(
            Target(
                name=_OBJECT,
                path=served_kind.collection(namespace_of(live)),
                query={"fieldSelector": f"metadata.name={name_of(live)}"},
            )
        )
        for target in self._targets(live, awaited):
            try:
                feed.follow(target)
            except KubeError as error:
                # A user who cannot read pods or events can still deploy.
                self._warn(f"cannot watch {target.name}s: {error.message}")

    def _targets(self, live: Object, awaited: Awaited) -> list[Target]:
        targets = []
        for collection in awaited.related(live):
            try:
                served_kind = self.discovery.find(collection.gvk)
            except (NoKindError, KubeError):
                continue
            targets.append(target_of(collection, served_kind.collection(namespace_of(live))))
        return targets

    def _world(self, feed: Feed, awaited: Awaited, live: Object) -> World:
        return {collection.gvk.kind: feed.objects(collection.gvk.kind) for collection in awaited.related(live)}

    def _pause(
        self,
        changes: queue.SimpleQueue[Refresh | None],
        deadline: float,
        seconds: float,
        live: Object,
        status: Status | None,
        reasons: Sequence[str],
    ) -> None:
        text = self.redact(status.text) if status else ""
        # A trouble is examined again once it counts as lasting, even without a change.
        lasting = self._troubled_since + LASTING_SECONDS if self._troubled_since is not None else deadline
        now = time.monotonic()
        until = lasting if now < lasting < deadline else deadline
        try:
            event = changes.get(timeout=max(0.0, until - now))
        except queue.Empty:
            if until < deadline:
                return
            waited = f"not ready within {seconds:.0f} s" if status else f"still there after {seconds:.0f} s"
            raise NotReadyError(f"{name_of(live)} is {waited}{': ' if text else ''}{text}", live, reasons) from None
        if event is None:
            raise NotReadyError(f"interrupted while waiting for {name_of(live)}: {text}", live, reasons)
        while not changes.empty():
            if changes.get() is None:
                raise NotReadyError(f"interrupted while waiting for {name_of(live)}: {text}", live, reasons)

    def _report(self, status: Status, live: Object) -> list[str]:
        troubles = [self.redact(text) for text in status.troubles]
        self._say("; ".join([self.redact(status.text), *troubles]))
        for crash in status.crashes:
            self._warn(self.redact(crash.text))
            if line := self._last_line(crash, live):
                self._warn(self.redact(line))
        now = time.monotonic()
        if not troubles:
            self._troubled_since = None
        elif self._troubled_since is None:
            self._troubled_since = now
        elif now - self._troubled_since >= LASTING_SECONDS:
            for text in troubles:
                self._warn(text)
        lines = [self._last_line(crash, live) for crash in status.crashes]
        return [self.redact(text) for text in (*status.reasons, *lines) if text]

    def _say(self, text: str) -> None:
        if text != self._status:
            self._status = text
            self.log.status(text, self.urn)

    def _warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self.log.line(Severity.WARNING, text, self.urn)

    def _last_line(self, crash: Crash, live: Object) -> str:
        if crash.key not in self._last_lines:
            path = f"/api/v1/namespaces/{namespace_of(live)}/pods/{crash.pod}/log"
            query = {**_LOG_QUERY, "container": crash.container}
            text = ""
            for previous in ("true", "false"):
                try:
                    text = self.client.text(path, {**query, "previous": previous}).strip()
                except KubeError:
                    continue
                if text:
                    break
            self._last_lines[crash.key] = (
                f"Pod {crash.pod}: container {crash.container}: log: {text[:_LONGEST_LINE]}" if text else ""
            )
        return self._last_lines[crash.key]


def _why_it_stays(live: Object) -> str:
    finalizers = value_at(live, "metadata", "finalizers") or []
    details = [f"finalizers: {', '.join(finalizers)}"] if finalizers else []
    details += [
        f"{entry.get('type')}: {entry.get('message')}"
        for entry in value_at(live, "status", "conditions") or []
        if entry.get("status") == "True" and str(entry.get("type")).startswith("Namespace")
    ]
    return f"Waiting for {name_of(live)} to be gone" + (f" ({'; '.join(details)})" if details else "")
