"""Observation of a stack's nodes from outside: the state of each one, and the blocks that they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from infra.naming import selector
from infra.settings.stack import Settings, Site
from pouw.errors import ClusterError
from pouw.network.nodes import NodeError

_WORKERS = 16


class ObservableSite(Protocol):
    """A site as observation needs it. Its methods raise ClusterError if the API server does not answer."""

    def pods(self, selector: Mapping[str, str]) -> list[Any]:
        """Return the pods that carry the labels."""

    def service(self, name: str) -> Mapping[str, Any] | None:
        """Return a service, or None if it does not exist."""

    def rpc(self, pod: str, method: str) -> Any:
        """Return the result of a JSON-RPC call to a node, or raise NodeError."""


class ObservableSites(Protocol):
    """The sites of a stack by name."""

    def to(self, site: str) -> ObservableSite:
        """Return the connection to a site, or raise ClusterError."""


@dataclass(frozen=True, kw_only=True)
class NodeView:
    """The present state of one node. ``height`` is -1 while it does not answer; ``trouble`` is then the reason."""

    site: str
    slot: str
    name: str
    role: str
    ready: bool
    height: int = -1
    head: str = ""
    peers: int = 0
    version: str = ""
    trouble: str = ""

    @property
    def answering(self) -> bool:
        """True if the node itself answered."""
        return self.height >= 0


@dataclass(frozen=True, kw_only=True)
class SiteView:
    """The present state of one site. ``trouble`` is the reason why it cannot be observed."""

    name: str
    cloud: str
    role: str
    active_slot: str
    nodes: tuple[NodeView, ...]
    trouble: str = ""


def observe(settings: Settings, connections: ObservableSites) -> list[SiteView]:
    """Ask all sites and nodes side by side. One that does not answer has a ``trouble`` and raises no error."""
    with ThreadPoolExecutor(_WORKERS) as workers:
        return list(workers.map(lambda site: _site(site, connections), settings.sites))


def _site(site: Site, connections: ObservableSites) -> SiteView:
    identity = {"name": site.name, "cloud": site.cloud, "role": site.role}
    try:
        connection = connections.to(site.name)
        pods = connection.pods(selector("node"))
        active = _active_slot(connection.service("pouw-balancer"))
    except ClusterError as error:
        return SiteView(**identity, active_slot="", nodes=(), trouble=str(error))
    with ThreadPoolExecutor(_WORKERS) as workers:
        nodes = tuple(workers.map(lambda pod: view(site.name, connection, pod), pods))
    return SiteView(**identity, active_slot=active, nodes=nodes)


def _active_slot(service: Mapping[str, Any] | None) -> str:
    annotations = (service or {}).get("metadata", {}).get("annotations", {})
    return str(annotations.get("pouw.dev/active-slot", ""))


def view(site: str, connection: ObservableSite, pod: Mapping[str, Any]) -> NodeView:
    """Return the state of one node, from its pod and from its own answer."""
    labels, name = pod["metadata"].get("labels", {}), pod["metadata"]["name"]
    conditions = {entry["type"]: entry["status"] for entry in pod["status"].get("conditions", [])}
    identity = {
        "site": site,
        "slot": labels.get("pouw.dev/slot", ""),
        "name": name,
        "role": labels.get("pouw.dev/role", ""),
        "ready": conditions.get("Ready") == "True",
    }
    if pod["status"].get("phase") != "Running":
        return NodeView(**identity, trouble=_waiting(pod))
    try:
        status = connection.rpc(name, "pouw_status")
    except NodeError as error:
        return NodeView(**identity, trouble=_waiting(pod) or str(error))
    return NodeView(
        **identity,
        height=int(status["height"]),
        head=str(status["head"]),
        peers=int(status["peers"]),
        version=str(status["version"]),
    )


def _waiting(pod: Mapping[str, Any]) -> str:
    """Return the reason why a pod's containers do not run, in the kubelet's words."""
    states = [container.get("state", {}).get("waiting") for container in pod["status"].get("containerStatuses", [])]
    waiting = [
        f"{state.get('reason', 'waiting')}: {state.get('message', '')}".rstrip(": ") for state in states if state
    ]
    unscheduled = [
        f"not scheduled: {condition.get('message', '')}"
        for condition in pod["status"].get("conditions", [])
        if condition["type"] == "PodScheduled" and condition["status"] != "True"
    ]
    return "; ".join([*waiting, *unscheduled])


def nodes(sites: Iterable[SiteView]) -> list[NodeView]:
    """Return all nodes of all sites."""
    return [node for site in sites for node in site.nodes]


def common_height(views: Sequence[NodeView], expected: int) -> int | None:
    """Return the height that all ``expected`` nodes have reached; None while one is missing or does not answer."""
    if len(views) < expected or not all(node.answering for node in views):
        return None
    return min(node.height for node in views)


def is_same_block(hashes: Iterable[str | None]) -> bool:
    """True if all nodes hold the same block."""
    distinct = set(hashes)
    return len(distinct) == 1 and None not in distinct
