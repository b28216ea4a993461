"""Access to a site's cluster through the API server: its objects, and its nodes' RPC by port-forward into their pods.

Neither needs a route to the pods, an open port or a hole in a network policy, only the caller's own rights.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from infra.faults import Fault
from infra.naming import NAMESPACE
from infra.settings.site import Site
from infra.settings.stack import Settings
from infra.workload import RPC_PORT
from pouw.errors import ClusterError, PouwError
from pouw.kube import kubeconfigs
from pouw.paths import state_dir

if TYPE_CHECKING:
    from pouw.kube.port_forward import Answer, Forward, ForwardError

_TIMEOUT_SECONDS = 5.0


class NodeError(PouwError):
    """A node did not answer, or refused."""


@dataclass(frozen=True, kw_only=True)
class SiteAccess:
    """Credentials of one site: a kubeconfig file (``None`` = the user's own) and a context (``None`` = its current)."""

    site: str
    kubeconfig: Path | None
    context: str | None

    def connect(self) -> Connection:
        """Open a connection. Whoever opens it closes it.

        Raises:
            ClusterError: the kubeconfig cannot be read or has no such context.
        """
        import yaml
        from kubernetes import client, config
        from kubernetes.config import ConfigException

        configuration = client.Configuration()
        configuration.retries = False  # who waits asks again himself, and knows for how long
        path = str(self.kubeconfig) if self.kubeconfig else None
        try:
            config.load_kube_config(path, self.context, client_configuration=configuration)
        except (ConfigException, OSError, yaml.YAMLError, ValueError) as error:
            raise self._unusable(" ".join(str(error).split())) from error
        except (TypeError, KeyError, AttributeError) as error:
            # The library takes the document's shape for granted.
            raise self._unusable("it is no kubeconfig") from error
        if not configuration.host.startswith(("https://", "http://")):
            raise self._unusable(f"the server of its cluster is no address: {configuration.host!r}")
        return Connection(self.site, client.ApiClient(configuration))

    def _unusable(self, reason: str) -> ClusterError:
        return ClusterError(
            Fault(
                path=f"pouw:sites[{self.site}]",
                message="no access to the cluster",
                got=reason,
                expected=f"a kubeconfig with the context {self.context or 'in use'}",
                remedy="run `pouw up` for the embedded cluster, or check the kubeconfig",
            )
        )


@dataclass(kw_only=True)
class _Kept:
    """The connection into one pod, kept from call to call."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    forward: Forward | None = None


class Connection:
    """An open connection to one site. Safe to use from several threads."""

    def __init__(self, site: str, api: Any) -> None:
        self.site = site
        self._api = api
        self._kept: dict[str, _Kept] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything that is open."""
        for kept in self._kept.values():
            if kept.forward is not None:
                kept.forward.close()
        self._api.close()

    def pods(self, selector: Mapping[str, str]) -> list[Any]:
        """Pods that carry the labels."""
        found = self._get(f"/api/v1/namespaces/{NAMESPACE}/pods", labelSelector=_query(selector))
        items: list[Any] = found.get("items", [])
        return items

    def service(self, name: str) -> Mapping[str, Any] | None:
        """A service, or ``None`` where there is none."""
        return self._get_optional(f"/api/v1/namespaces/{NAMESPACE}/services/{name}")

    def version(self) -> str:
        """Version of the API server: the cheapest proof that it answers.

        Raises:
            NodeError: it does not.
        """
        return str(self._get("/version").get("gitVersion"))

    def machines(self) -> list[Any]:
        """The machines of the cluster."""
        items: list[Any] = self._get("/api/v1/nodes").get("items", [])
        return items

    def secret_value(self, secret: str, key: str) -> str:
        """One decoded value of a Secret.

        Raises:
            ClusterError: no such Secret or key, or the caller may not read it.
        """
        found = self._get_optional(f"/api/v1/namespaces/{NAMESPACE}/secrets/{secret}") or {}
        data = found.get("data", {})
        if key not in data:
            raise ClusterError(
                Fault(path=f"{NAMESPACE}/{secret}", message=f"has no {key}", remedy="run `pouw up` for this stack")
            )
        return base64.b64decode(data[key]).decode()

    def rpc(self, pod: str, method: str, params: object = None, *, token: str | None = None) -> Any:
        """Result of a JSON-RPC call to a node.

        Raises:
            NodeError: no answer in time, or an error answer.
        """
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params if params is not None else []}
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        answer = self._post(pod, json.dumps(request).encode(), headers)
        try:
            found = json.loads(answer.body)
        except ValueError as error:
            said = f"status {answer.status}"
            raise NodeError(Fault(path=pod, message="answered something that is not JSON", got=said)) from error
        if "error" in found:
            told = found["error"]
            raise NodeError(Fault(path=f"{pod}: {method}", message=str(told.get("message")), got=str(told.get("code"))))
        return found.get("result")

    def _post(self, pod: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Ask a pod, over the connection of the last time where that still holds."""
        from pouw.kube.port_forward import ForwardError

        kept = self._kept.setdefault(pod, _Kept())
        with kept.lock:
            fresh = kept.forward is None
            try:
                kept.forward = kept.forward or self._forward(pod)
                return kept.forward.post("/", body, headers)
            except ForwardError as error:
                if kept.forward is not None:
                    kept.forward.close()
                    kept.forward = None
                # A call with a token writes, and may have arrived: that one is not sent again.
                if fresh or "Authorization" in headers:
                    raise _unreached(pod, error) from error
        return self._post(pod, body, headers)

    def _forward(self, pod: str) -> Forward:
        from pouw.kube.port_forward import Forward

        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/portforward"
        _, url, headers, *_ = self._api.param_serialize(
            "GET", path, query_params=[("ports", str(RPC_PORT))], auth_settings=["BearerToken"]
        )
        return Forward(self._api.configuration, url, headers, timeout_seconds=_TIMEOUT_SECONDS)

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._request("GET", path, fault_path=path, query=query)
        return answer

    def _get_optional(self, path: str) -> dict[str, Any] | None:
        try:
            return self._get(path)
        except NotFoundError:
            return None

    def _request(
        self,
        method: str,
        path: str,
        *,
        fault_path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Any:
        import urllib3
        from kubernetes.client import ApiException

        serialized = self._api.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", **(headers or {})},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._api.call_api(*serialized, _request_timeout=_TIMEOUT_SECONDS)
            response.read()
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise _api_fault(fault_path, response.status, response.reason)
        except ApiException as error:
            raise _api_fault(fault_path, error.status, error.reason) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NodeError(Fault(path=fault_path, message="no answer", got=_why(error))) from error
        try:
            return json.loads(response.data)
        except ValueError as error:
            raise NodeError(Fault(path=fault_path, message="answered something that is not JSON")) from error


class NotFoundError(NodeError):
    """There is no such object."""


def _api_fault(path: str, status: int, reason: str) -> NodeError:
    kind = NotFoundError if status == HTTPStatus.NOT_FOUND else NodeError
    return kind(Fault(path=path, message="refused by the API server", got=f"{status} {reason}"))


def _why(error: BaseException) -> str:
    """The system's own words, as far down as there are any."""
    deeper = getattr(error, "reason", None) or error.__cause__
    if isinstance(deeper, BaseException):
        return _why(deeper)
    return getattr(error, "strerror", None) or type(error).__name__


def _unreached(pod: str, error: ForwardError) -> NodeError:
    if error.status:
        return _api_fault(f"{pod}/portforward", error.status, str(error))
    return NodeError(Fault(path=pod, message="no answer", got=str(error)))


def _query(selector: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in selector.items())


def embedded_kubeconfig() -> Path:
    """Where the embedded cluster leaves its kubeconfig."""
    return state_dir() / "cluster" / "kubeconfig"


def access(settings: Settings, site: Site) -> SiteAccess:
    """How to reach a site of a stack."""
    if site.embedded:
        return SiteAccess(site=site.name, kubeconfig=embedded_kubeconfig(), context=None)
    if site.managed:
        return SiteAccess(site=site.name, kubeconfig=kubeconfigs.path(settings, site), context=None)
    path = Path(settings.kubeconfig).expanduser() if settings.kubeconfig else None
    return SiteAccess(site=site.name, kubeconfig=path, context=site.context)


class Connections:
    """Connections to the sites of a stack: each opened at its first use, all closed at the end of a ``with``."""

    def __init__(self, settings: Settings) -> None:
        self._sites = {site.name: access(settings, site) for site in settings.sites}
        self._lock = threading.Lock()
        self._open: dict[str, Connection] = {}
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    def to(self, site: str) -> Connection:
        """The connection to a site.

        Raises:
            ClusterError: the kubeconfig cannot be read or has no such context.
        """
        with self._lock:
            if site not in self._open:
                self._open[site] = self._ending.enter_context(self._sites[site].connect())
            return self._open[site]
