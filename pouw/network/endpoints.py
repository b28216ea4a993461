"""The addresses of a site for clients, decided from the balancer's service in its cluster."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.faults import Fault
from infra.settings.site import SiteBase
from pouw import poll
from pouw.errors import ExitCode, PouwError
from pouw.network.nodes import Connections

_INTERVAL_SECONDS = 0.2
_TIMEOUT_SECONDS = 3.0


class SilentError(PouwError):
    """An address of a network does not answer in time."""

    code = ExitCode.TIMEOUT


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Addresses of a site. One that does not exist yet is empty."""

    rpc: str = ""
    ws: str = ""
    metrics: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the ``endpoints`` part of the status document."""
        return {"rpc": self.rpc, "ws": self.ws, "metrics": self.metrics}


def endpoints(service: Mapping[str, Any] | None, machines: Sequence[Mapping[str, Any]], *, embedded: bool) -> Endpoints:
    """Return the addresses of a service: of its load balancer, of a machine's node ports, or of the service itself.

    Node ports of the embedded cluster are on the loopback address.
    """
    if service is None:
        return Endpoints()
    spec = service["spec"]
    field = "nodePort" if spec.get("type") == "NodePort" else "port"
    host = _host(service, machines, embedded=embedded)
    ports = {entry["name"]: entry.get(field) for entry in spec.get("ports", [])}

    def address(scheme: str, name: str, path: str = "") -> str:
        return f"{scheme}://{host}:{ports[name]}{path}" if host and ports.get(name) else ""

    return Endpoints(rpc=address("http", "rpc"), ws=address("ws", "ws"), metrics=address("http", "metrics", "/metrics"))


def _host(service: Mapping[str, Any], machines: Sequence[Mapping[str, Any]], *, embedded: bool) -> str:
    spec = service["spec"]
    if spec.get("type") == "LoadBalancer":
        entries = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        return next((entry.get("hostname") or entry.get("ip") or "" for entry in entries), "")
    if spec.get("type") == "NodePort":
        if embedded:
            return "127.0.0.1"
        addresses = (entry for machine in machines for entry in machine["status"].get("addresses", []))
        return next((entry["address"] for entry in addresses if entry["type"] == "InternalIP"), "")
    return str(spec.get("clusterIP") or "")


def of_site(site: SiteBase, connections: Connections) -> Endpoints:
    """Read the addresses of a site from its cluster.

    Raises:
        ClusterError: no access to the cluster, or its API server does not answer.
    """
    connection = connections.to(site.name)
    return endpoints(connection.service("pouw-balancer"), connection.machines(), embedded=site.embedded)


def answers(address: str) -> bool:
    """True if a ready node answers at an address, through its balancer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/ready", timeout=_TIMEOUT_SECONDS):
            return True
    except (urllib.error.URLError, OSError):
        return False


def wait(
    address: str,
    *,
    deadline_seconds: float,
    is_answering: Callable[[str], bool] = answers,
    clock: poll.Clock = poll.SYSTEM,
) -> None:
    """Wait until an address answers. A balancer sends requests to a node a moment after the node is ready.

    Raises:
        SilentError: it does not in time.
    """
    if poll.until(
        lambda: is_answering(address), seconds=deadline_seconds, interval_seconds=_INTERVAL_SECONDS, clock=clock
    ):
        return
    raise SilentError(
        Fault(
            path=address,
            message=f"does not answer within {deadline_seconds:.0f} s, although the nodes agree",
            expected="a ready node behind the balancer",
            remedy="see the balancer's log by kubectl logs, and run `pouw up` again",
        )
    )
