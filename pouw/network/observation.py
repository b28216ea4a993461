"""What the nodes of a stack say of themselves, gathered at once; and whether they agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from infra.naming import selector
from infra.settings.site import Site
from infra.settings.stack import Settings
from pouw.errors import ClusterError
from pouw.kube.access import Connection, Connections, NodeError

_WORKERS = 16


@dataclass(frozen=True, kw_only=True)
class NodeView:
    """One node as seen now. ``height`` is -1 while it does not answer; ``trouble`` then says why."""

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
        """Whether the node itself answered."""
        return self.height >= 0


@dataclass(frozen=True, kw_only=True)
class SiteView:
    """One site as seen now; ``trouble`` says why it cannot be seen."""

    name: str
    cloud: str
    role: str
    active_slot: str
    nodes: tuple[NodeView, ...]
    trouble: str = ""


def observe(settings: Settings, connections: Connections) -> list[SiteView]:
    """Ask every site and node at once. Never raises for a site or node that does not answer: it is shown as such."""
    with ThreadPoolExecutor(_WORKERS) as workers:
        return list(workers.map(lambda site: _site(site, connections), settings.sites))


def _site(site: Site, connections: Connections) -> SiteView:
    known = {"name": site.name, "cloud": site.cloud, "role": site.role}
    try:
        connection = connections.to(site.name)
        pods = connection.pods(selector("node"))
        active = _active_slot(connection.service("pouw-balancer"))
    except (ClusterError, NodeError) as error:
        return SiteView(**known, active_slot="", nodes=(), trouble=str(error))
    with ThreadPoolExecutor(_WORKERS) as workers:
        nodes = tuple(workers.map(lambda pod: view(connection, pod), pods))
    return SiteView(**known, active_slot=active, nodes=nodes)


def _active_slot(service: Mapping[str, Any] | None) -> str:
    annotations = (service or {}).get("metadata", {}).get("annotations", {})
    return str(annotations.get("pouw.dev/active-slot", ""))


def view(connection: Connection, pod: Mapping[str, Any]) -> NodeView:
    """One node: what its pod says, and what it answers itself."""
    labels, name = pod["metadata"].get("labels", {}), pod["metadata"]["name"]
    conditions = {entry["type"]: entry["status"] for entry in pod["status"].get("conditions", [])}
    known = {
        "site": connection.site,
        "slot": labels.get("pouw.dev/slot", ""),
        "name": name,
        "role": labels.get("pouw.dev/role", ""),
        "ready": conditions.get("Ready") == "True",
    }
    if pod["status"].get("phase") != "Running":
        return NodeView(**known, trouble=_waiting(pod))
    try:
        said = connection.rpc(name, "pouw_status")
    except NodeError as error:
        return NodeView(**known, trouble=_waiting(pod) or str(error))
    return NodeView(
        **known,
        height=int(said["height"]),
        head=str(said["head"]),
        peers=int(said["peers"]),
        version=str(said["version"]),
    )


def _waiting(pod: Mapping[str, Any]) -> str:
    """Why a pod's containers do not run, in the kubelet's words."""
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
    """All nodes of all sites."""
    return [node for site in sites for node in site.nodes]


def common_height(views: Sequence[NodeView], expected: int) -> int | None:
    """Height that all of the ``expected`` nodes have reached; ``None`` while one is missing or silent."""
    if len(views) < expected or not all(node.answering for node in views):
        return None
    return min(node.height for node in views)


def same_block(hashes: Iterable[str | None]) -> bool:
    """Whether all nodes hold one and the same block."""
    distinct = set(hashes)
    return len(distinct) == 1 and None not in distinct
