"""Where clients find a site: decided from the balancer's service as the cluster shows it."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.faults import Fault
from infra.settings.site import Site
from pouw.errors import ExitCode, PouwError
from pouw.kube.access import Connections

_ASK_SECONDS = 0.2
_ANSWER_SECONDS = 3.0


class SilentError(PouwError):
    """An address of a network does not answer in time."""

    code = ExitCode.TIMEOUT


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Addresses of a site; empty where there is none yet."""

    rpc: str = ""
    ws: str = ""
    metrics: str = ""
    console: str = ""

    def to_json(self) -> dict[str, str]:
        """The ``endpoints`` part of the status document."""
        return {"rpc": self.rpc, "ws": self.ws, "metrics": self.metrics, "console": self.console}


def endpoints(service: Mapping[str, Any] | None, machines: Sequence[Mapping[str, Any]], *, embedded: bool) -> Endpoints:
    """Addresses behind a service: its balancer's, a machine's node ports (loopback if embedded), or its own."""
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


def of_site(site: Site, connections: Connections) -> Endpoints:
    """Addresses of a site, asked of its cluster.

    Raises:
        ClusterError: no access to the cluster.
        NodeError: its API server does not answer.
    """
    connection = connections.to(site.name)
    return endpoints(connection.service("pouw-balancer"), connection.machines(), embedded=site.embedded)


def answers(address: str) -> bool:
    """Whether a node answers behind an address, by way of its balancer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/ready", timeout=_ANSWER_SECONDS):
            return True
    except (urllib.error.URLError, OSError):
        return False


def wait(
    address: str,
    *,
    deadline_seconds: float,
    asked: Callable[[str], bool] = answers,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait until an address answers: a balancer learns of nodes that are ready a moment after they are.

    Raises:
        SilentError: it does not in time.
    """
    end = clock() + deadline_seconds
    while not asked(address):
        if clock() >= end:
            raise SilentError(
                Fault(
                    path=address,
                    message=f"does not answer within {deadline_seconds:.0f} s, although the nodes agree",
                    expected="a ready node behind the balancer",
                    remedy="see the balancer's log by kubectl logs; `pouw up` may be run again",
                )
            )
        pause(_ASK_SECONDS)
