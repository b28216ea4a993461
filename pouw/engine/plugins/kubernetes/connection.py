"""The cluster of one provider instance: found at its first use, with the reason while it cannot be reached."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

import grpc

from pouw import poll
from pouw.engine.plugins.core.cancellation import Cancellation
from pouw.engine.plugins.core.errors import CancelledError, ProviderError
from pouw.engine.plugins.core.messages import reported
from pouw.engine.plugins.kubernetes.configuration import Configuration, kubeconfig_of
from pouw.engine.plugins.kubernetes.discovery import Discovery, NoKindError, namespaced_by_name
from pouw.engine.plugins.kubernetes.objects import Gvk
from pouw.engine.plugins.kubernetes.schema import Schemas
from pouw.kube import credentials, kubeconfig
from pouw.kube.client import Client
from pouw.kube.errors import ApiError, KubeconfigError, KubeError, UnreachableError
from pouw.kube.kubeconfig import Kubeconfig
from pouw.kube.policy import SINGLE_ATTEMPT, RequestPolicy

POLICY: Final = RequestPolicy(connect_seconds=3.0, answer_seconds=60.0, retry_seconds=30.0)
"""Every request may be repeated, because a create carries the mark of its resource (see ``field_managers``)."""
_PROBE_INTERVAL_SECONDS: Final = 2.0
Provider = TypeVar("Provider")


def reported_with_kube_errors(method: Callable[[Provider, Any, grpc.ServicerContext], Any]) -> Callable[..., Any]:
    """Turn a ProviderError, or an error of the Kubernetes client, into the failure of a call."""

    @wraps(method)
    def call(self: Provider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except KubeError as error:
            raise ProviderError(error.message) from error

    return reported(call)


class Cluster:
    """One API server that answered."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.discovery = Discovery(client)
        self.schemas = Schemas(client)


class Connection:
    """A connection that looks for the cluster at its first use, and again while the cluster is missing."""

    def __init__(self, configuration: Configuration, cancelled: Cancellation, *, agent: str) -> None:
        self._configuration = configuration
        self._cancelled = cancelled
        self._agent = agent
        self._lock = threading.Lock()
        self._result: Cluster | UnreachableError = UnreachableError("kubernetes", "not probed yet")
        self._probed = float("-inf")

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none."""
        if self._configuration.namespace:
            return self._configuration.namespace
        try:
            loaded = self._kubeconfig()
        except KubeconfigError:
            return "default"
        return loaded.namespace if loaded else "default"

    def cluster(self) -> Cluster:
        """Return the cluster.

        Raises:
            UnreachableError: it does not answer, refuses the credentials, or has no usable kubeconfig.
        """
        with self._lock:
            is_due = time.monotonic() - self._probed > _PROBE_INTERVAL_SECONDS
            if isinstance(self._result, UnreachableError) and is_due:
                self._result = self._probe()
                self._probed = time.monotonic()
            if isinstance(self._result, UnreachableError):
                raise self._result
            return self._result

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            if isinstance(self._result, Cluster):
                self._result.client.close()

    def cluster_or_none(self) -> Cluster | None:
        """Return the cluster, or None while it cannot be reached. Previews do not need one."""
        try:
            return self.cluster()
        except UnreachableError:
            return None

    def namespaced(self, gvk: Gvk) -> bool:
        """True if objects of this kind belong to namespaces, as the cluster says or else the kind's name."""
        cluster = self.cluster_or_none() if gvk.is_custom else None
        if cluster is not None:
            try:
                return cluster.discovery.find(gvk).namespaced
            except (NoKindError, KubeError):
                return True
        return namespaced_by_name(gvk)

    def _probe(self) -> Cluster | UnreachableError:
        """Return the cluster once its API server has answered, else why it cannot be used."""
        try:
            client = make_client(self._kubeconfig(), self._cancelled, agent=self._agent)
            client.request("GET", "/version", policy=SINGLE_ATTEMPT)
        except ApiError as error:
            is_refused = error.status in (401, 403)
            text = "the API server refuses the credentials" if is_refused else error.message
            return UnreachableError("kubeconfig", f"{text} (HTTP {error.status})")
        except UnreachableError as error:
            return error
        except KubeError as error:
            return UnreachableError("kubeconfig", error.message.removeprefix("kubeconfig: "))
        return Cluster(client)

    def _kubeconfig(self) -> Kubeconfig | None:
        """Return the kubeconfig of the configuration or the user; None in a pod, which has a service account."""
        settings = self._configuration
        if (loaded := kubeconfig_of(settings)) is not None:
            return loaded
        paths = kubeconfig.default_paths(os.environ)
        if not any(path.is_file() for path in paths) and credentials.runs_in_pod(os.environ):
            return None
        return kubeconfig.load(paths, context=settings.context, cluster=settings.cluster)


def make_client(loaded: Kubeconfig | None, cancelled: Cancellation, *, agent: str) -> Client:
    """Return a client whose repetitions end when the engine cancels.

    Raises:
        KubeconfigError: the kubeconfig cannot be used.
    """

    def sleep(seconds: float) -> None:
        if cancelled.wait(seconds):
            raise CancelledError("interrupted while a request to the API server was repeated")

    endpoint = (
        credentials.from_service_account(os.environ)
        if loaded is None
        else credentials.from_kubeconfig(loaded, os.environ)
    )
    return Client(endpoint, policy=POLICY, agent=agent, clock=poll.Clock(sleep=sleep))
