"""What kinds the API server serves, and where. Asked per group and version, remembered until a kind is missing."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.kubernetes.objects import CLUSTER_SCOPED, Gvk
from pouw.kube.client import Client
from pouw.kube.errors import ApiError

_FRESH_SECONDS: Final = 1.0
"""A list younger than this is not asked for again because a kind is missing from it."""


class NoKindError(ProviderError):
    """The API server does not know the kind: its CustomResourceDefinition is not there."""


@dataclass(frozen=True, kw_only=True)
class ServedKind:
    """Where objects of one kind live."""

    gvk: Gvk
    plural: str
    namespaced: bool

    @property
    def _root(self) -> str:
        return f"/apis/{self.gvk.api_version}" if self.gvk.group else f"/api/{self.gvk.version}"

    def collection(self, namespace: str) -> str:
        """The path of all objects in a namespace (``default`` where a namespace is needed and none given)."""
        if not self.namespaced:
            return f"{self._root}/{self.plural}"
        return f"{self._root}/namespaces/{namespace or 'default'}/{self.plural}"

    def item(self, namespace: str, name: str) -> str:
        """The path of one object."""
        return f"{self.collection(namespace)}/{name}"


class Discovery:
    """The kinds of one API server. Safe for many threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[float, dict[str, ServedKind]]] = {}
        self._lock = threading.Lock()

    def find(self, gvk: Gvk) -> ServedKind:
        """Raises NoKindError; what the client raises otherwise."""
        with self._lock:
            asked, kinds = self._known.get(gvk.api_version, (0.0, {}))
            if gvk.kind not in kinds and time.monotonic() - asked > _FRESH_SECONDS:
                kinds = self._ask(gvk)
                self._known[gvk.api_version] = (time.monotonic(), kinds)
        found = kinds.get(gvk.kind)
        if found is None:
            raise NoKindError(
                f"the API server does not know {gvk}: "
                "create its CustomResourceDefinition first (and depend on it), or correct apiVersion and kind"
            )
        return found

    def forget(self, api_version: str) -> None:
        """The next ``find`` asks the server."""
        with self._lock:
            self._known.pop(api_version, None)

    def _ask(self, gvk: Gvk) -> dict[str, ServedKind]:
        path = f"/apis/{gvk.api_version}" if gvk.group else f"/api/{gvk.version}"
        try:
            answer = self._client.get(path)
        except ApiError as error:
            if error.not_found:
                return {}
            raise
        return {
            entry["kind"]: ServedKind(
                gvk=Gvk(group=gvk.group, version=gvk.version, kind=entry["kind"]),
                plural=entry["name"],
                namespaced=bool(entry["namespaced"]),
            )
            for entry in answer.get("resources") or []
            if "/" not in entry["name"]
        }


def namespaced_by_name(gvk: Gvk) -> bool:
    """Whether a kind has namespaces, as far as its name tells; custom kinds mostly do."""
    return gvk.is_custom or gvk.kind not in CLUSTER_SCOPED
