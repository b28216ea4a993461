"""Nodes of a site, reached through its API server: their pods and services, and their RPC by port-forward.

This needs no route to the pods, no open port and no network policy that admits it, only the caller's own rights.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from infra.faults import Fault
from infra.naming import NAMESPACE
from infra.settings.stack import Settings
from infra.workload import RPC_PORT
from pouw.errors import ClusterError, PouwError
from pouw.home import Home
from pouw.network.sites import POLICY, access

if TYPE_CHECKING:
    from pouw.kube.client import Client
    from pouw.kube.errors import KubeError
    from pouw.kube.port_forward import Answer, PortForward


class Site(Protocol):
    """The calls to the nodes of one site, as their callers need them."""

    def rpc(self, pod: str, method: str, params: object = None, *, token: str | None = None) -> Any:
        """Return the result of a JSON-RPC call to a node, or raise NodeError."""

    def secret_value(self, secret: str, key: str) -> str:
        """Return one decoded value of a Secret, or raise ClusterError."""


class Sites(Protocol):
    """The sites of a stack by name."""

    def to(self, site: str) -> Site:
        """Return the connection to a site."""


class NodeError(PouwError):
    """A node that does not answer, or that refuses a call."""


@dataclass(kw_only=True)
class _PodConnection:
    """The connection to one pod, kept between calls."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    forward: PortForward | None = None


class SiteConnection:
    """A connection to one site, for any number of threads.

    Its methods raise ``KubeError`` if the API server refuses or does not answer, except where they name another error.
    """

    def __init__(self, site: str, client: Client) -> None:
        self.site = site
        self._client = client
        self._pods: dict[str, _PodConnection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every open connection."""
        for pod in self._pods.values():
            if pod.forward is not None:
                pod.forward.close()
        self._client.close()

    def pods(self, selector: Mapping[str, str]) -> list[Any]:
        """Return the pods that carry the labels."""
        labels = ",".join(f"{key}={value}" for key, value in selector.items())
        pods: list[Any] = self._client.get(f"{_ROOT}/pods", {"labelSelector": labels}).get("items", [])
        return pods

    def service(self, name: str) -> Mapping[str, Any] | None:
        """Return a service, or None if it does not exist."""
        return self._client.find(f"{_ROOT}/services/{name}")

    def version(self) -> str:
        """Return the version of the API server. No other request costs as little."""
        return str(self._client.get("/version").get("gitVersion"))

    def machines(self) -> list[Any]:
        """Return the machines of the cluster."""
        machines: list[Any] = self._client.get("/api/v1/nodes").get("items", [])
        return machines

    def secret_value(self, secret: str, key: str) -> str:
        """Return one decoded value of a Secret.

        Raises:
            ClusterError: there is no such Secret or key.
        """
        document = self._client.find(f"{_ROOT}/secrets/{secret}") or {}
        data = document.get("data", {})
        if key not in data:
            path = f"{NAMESPACE}/{secret}"
            raise ClusterError(Fault(path=path, message=f"has no key {key}", remedy="run `pouw up` for this stack"))
        return base64.b64decode(data[key]).decode()

    def rpc(self, pod: str, method: str, params: object = None, *, token: str | None = None) -> Any:
        """Return the result of a JSON-RPC call to a node.

        Raises:
            NodeError: no answer in time, or an error as the answer.
        """
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params if params is not None else []}
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        answer = self._post(pod, json.dumps(request).encode(), headers)
        try:
            document = json.loads(answer.body)
        except ValueError as error:
            got = f"status {answer.status}"
            raise NodeError(Fault(path=pod, message="the answer is not JSON", got=got)) from error
        if "error" in document:
            refusal = document["error"]
            message, code = str(refusal.get("message")), str(refusal.get("code"))
            raise NodeError(Fault(path=f"{pod}: {method}", message=message, got=code))
        return document.get("result")

    def _post(self, pod: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request to a pod, over the connection of the last call if that still works."""
        from pouw.kube.errors import KubeError

        connection = self._pods.setdefault(pod, _PodConnection())
        with connection.lock:
            is_new = connection.forward is None
            try:
                connection.forward = connection.forward or self._forward(pod)
                return connection.forward.post("/", body, headers)
            except KubeError as error:
                if connection.forward is not None:
                    connection.forward.close()
                    connection.forward = None
                # A call with a token writes and may have arrived, so it is not repeated.
                if is_new or "Authorization" in headers:
                    raise _unreached(pod, error) from error
        return self._post(pod, body, headers)

    def _forward(self, pod: str) -> PortForward:
        from pouw.kube.port_forward import PortForward

        return PortForward(self._client.endpoint, NAMESPACE, pod, RPC_PORT, policy=POLICY)


_ROOT = f"/api/v1/namespaces/{NAMESPACE}"


def _unreached(pod: str, error: KubeError) -> NodeError:
    fault = error.faults[0]
    return NodeError(Fault(path=pod, message=fault.message, got=fault.got))


class Connections:
    """Connections to the sites of a stack. Each opens at its first use. All close at the end of a ``with`` block."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._sites = {site.name: access(settings, site, home) for site in settings.sites}
        self._lock = threading.Lock()
        self._open: dict[str, SiteConnection] = {}
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def to(self, site: str) -> SiteConnection:
        """Return the connection to a site.

        Raises:
            ClusterError: the kubeconfig cannot be read or has no such context.
        """
        with self._lock:
            if site not in self._open:
                connection = SiteConnection(site, self._sites[site].connect())
                self._open[site] = self._closing.enter_context(connection)
            return self._open[site]
