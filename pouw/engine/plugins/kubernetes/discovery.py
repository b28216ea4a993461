"""The kinds that an API server serves, listed per group and version, and kept until a kind is missing."""

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
"""Age below which a list is not requested again for a missing kind."""


class NoKindError(ProviderError):
    """A kind that the API server does not know, because its CustomResourceDefinition does not exist."""


@dataclass(frozen=True, kw_only=True)
class ServedKind:
    """A kind, and the paths of its objects."""

    gvk: Gvk
    plural: str
    namespaced: bool

    @property
    def _root(self) -> str:
        return f"/apis/{self.gvk.api_version}" if self.gvk.group else f"/api/{self.gvk.version}"

    def collection(self, namespace: str) -> str:
        """Return the path of all objects in a namespace; ``default`` if a namespace is needed and none is given."""
        if not self.namespaced:
            return f"{self._root}/{self.plural}"
        return f"{self._root}/namespaces/{namespace or 'default'}/{self.plural}"

    def item(self, namespace: str, name: str) -> str:
        """Return the path of one object."""
        return f"{self.collection(namespace)}/{name}"


class Discovery:
    """The kinds of one API server, for any number of threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[float, dict[str, ServedKind]]] = {}
        self._lock = threading.Lock()

    def find(self, gvk: Gvk) -> ServedKind:
        """Return a kind. Raise NoKindError if it is not served, or what the client raises."""
        with self._lock:
            loaded, kinds = self._known.get(gvk.api_version, (0.0, {}))
            if gvk.kind not in kinds and time.monotonic() - loaded > _FRESH_SECONDS:
                kinds = self._ask(gvk)
                self._known[gvk.api_version] = (time.monotonic(), kinds)
        served_kind = kinds.get(gvk.kind)
        if served_kind is None:
            raise NoKindError(
                f"the API server does not know {gvk}: "
                "create its CustomResourceDefinition first (and depend on it), or correct apiVersion and kind"
            )
        return served_kind

    def forget(self, api_version: str) -> None:
        """Request the list of a version again at the next ``find``."""
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
    """True if a kind probably has namespaces, judged by its name. Most custom kinds have."""
    return gvk.is_custom or gvk.kind not in CLUSTER_SCOPED
