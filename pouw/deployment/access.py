"""Access to a site's cluster through the API server: its objects, and its nodes' RPC by the server's pod proxy.

The proxy needs no route to the pods and no open port, only the caller's own rights.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from infra.faults import Fault
from infra.naming import NAMESPACE
from infra.settings import Settings
from infra.sites import Site
from infra.workload import RPC_PORT
from pouw.errors import ClusterError, PouwError
from pouw.paths import state_dir

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
        """Open a connection.

        Raises:
            ClusterError: the kubeconfig cannot be read or has no such context.
        """
        from kubernetes import config
        from kubernetes.config import ConfigException

        try:
            api = config.new_client_from_config(
                config_file=str(self.kubeconfig) if self.kubeconfig else None, context=self.context
            )
        except (ConfigException, OSError) as error:
            raise ClusterError(
                Fault(
                    path=f"pouw:sites[{self.site}]",
                    message="no access to the cluster",
                    got=str(error).splitlines()[0],
                    expected=f"a kubeconfig with the context {self.context or 'in use'}",
                    remedy="run `pouw up` for the embedded cluster, or check the kubeconfig",
                )
            ) from error
        return Connection(self.site, api)


class Connection:
    """An open connection to one site. Safe to use from several threads."""

    def __init__(self, site: str, api: Any) -> None:
        self.site = site
        self._api = api

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
        # The API server keeps its own Authorization header to itself, so a node also takes its token in one of ours.
        headers = {"Content-Type": "application/json", **({"X-Pouw-Token": token} if token else {})}
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}:{RPC_PORT}/proxy/"
        answer = self._request("POST", path, fault_path=pod, headers=headers, body=request)
        if "error" in answer:
            error = answer["error"]
            raise NodeError(
                Fault(path=f"{pod}: {method}", message=str(error.get("message")), got=str(error.get("code")))
            )
        return answer.get("result")

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
            raise NodeError(Fault(path=fault_path, message="no answer", got=type(error).__name__)) from error
        try:
            return json.loads(response.data)
        except ValueError as error:
            raise NodeError(Fault(path=fault_path, message="answered something that is not JSON")) from error


class NotFoundError(NodeError):
    """There is no such object."""


def _api_fault(path: str, status: int, reason: str) -> NodeError:
    kind = NotFoundError if status == HTTPStatus.NOT_FOUND else NodeError
    return kind(Fault(path=path, message="refused by the API server", got=f"{status} {reason}"))


def _query(selector: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in selector.items())


def embedded_kubeconfig() -> Path:
    """Where the embedded cluster leaves its kubeconfig."""
    return state_dir() / "cluster" / "kubeconfig"


def access(settings: Settings, site: Site) -> SiteAccess:
    """How to reach a site of a stack."""
    if site.embedded:
        return SiteAccess(site=site.name, kubeconfig=embedded_kubeconfig(), context=None)
    path = Path(settings.kubeconfig).expanduser() if settings.kubeconfig else None
    return SiteAccess(site=site.name, kubeconfig=path, context=site.context)
