"""The cluster as one provider instance sees it: reachable or not, and why not."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

from pouw.engine.plugins.core.cancellation import Cancellation
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.kubernetes import kubeconfig
from pouw.engine.plugins.kubernetes.client import ApiError, Client, UnreachableError
from pouw.engine.plugins.kubernetes.configuration import Configuration
from pouw.engine.plugins.kubernetes.discovery import Discovery, NoKindError, namespaced_by_name
from pouw.engine.plugins.kubernetes.kubeconfig import Kubeconfig, KubeconfigError
from pouw.engine.plugins.kubernetes.objects import Gvk
from pouw.engine.plugins.kubernetes.schema import Schemas

_TOKEN_FILE: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - a path
_PROBE_AGAIN_SECONDS: Final = 2.0


class Cluster:
    """One API server that answered."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.discovery = Discovery(client)
        self.schemas = Schemas(client)


class Connection:
    """Finds the cluster when it is first needed, and again when it was not there before."""

    def __init__(self, configuration: Configuration, cancelled: Cancellation, *, agent: str) -> None:
        self._configuration = configuration
        self._cancelled = cancelled
        self._agent = agent
        self._lock = threading.Lock()
        self._cluster: Cluster | None = None
        self._reason = ""
        self._asked = float("-inf")

    @property
    def namespace(self) -> str:
        """Where objects without a namespace go."""
        if self._configuration.namespace:
            return self._configuration.namespace
        try:
            found = self._kubeconfig()
        except KubeconfigError:
            return "default"
        return found.namespace if found else "default"

    def cluster(self) -> Cluster:
        """The cluster. Raises UnreachableError, quickly, with the reason."""
        with self._lock:
            if self._cluster is None and time.monotonic() - self._asked > _PROBE_AGAIN_SECONDS:
                self._probe()
                self._asked = time.monotonic()
            if self._cluster is None:
                raise UnreachableError(self._reason)
            return self._cluster

    def close(self) -> None:
        """Give the connections up."""
        with self._lock:
            if self._cluster is not None:
                self._cluster.client.close()

    def cluster_or_none(self) -> Cluster | None:
        """The cluster, or None while there is none: what previews ask."""
        try:
            return self.cluster()
        except UnreachableError:
            return None

    def namespaced(self, gvk: Gvk) -> bool:
        """Whether objects of this kind live in namespaces, by the cluster's word or the kind's name."""
        cluster = self.cluster_or_none() if gvk.is_custom else None
        if cluster is not None:
            try:
                return cluster.discovery.find(gvk).namespaced
            except (NoKindError, ApiError, UnreachableError):
                return True
        return namespaced_by_name(gvk)

    def _probe(self) -> None:
        try:
            client = Client(self._kubeconfig(), self._cancelled, agent=self._agent)
            client.call("GET", "/version", retry_seconds=0)
        except ApiError as error:
            refused = error.status in (401, 403)
            why = "the API server refuses the credentials of the kubeconfig" if refused else str(error)
            self._reason = f"{why} (HTTP {error.status})"
        except ProviderError as error:
            self._reason = str(error)
        else:
            self._cluster = Cluster(client)

    def _kubeconfig(self) -> Kubeconfig | None:
        wanted = self._configuration
        if wanted.kubeconfig:
            return kubeconfig.parse(wanted.kubeconfig, context=wanted.context, cluster=wanted.cluster)
        paths = kubeconfig.ambient_paths()
        if not any(path.is_file() for path in paths) and os.path.exists(_TOKEN_FILE):  # noqa: PTH110 - no Path needed
            return None
        return kubeconfig.load(paths, context=wanted.context, cluster=wanted.cluster)
