"""The state of the embedded cluster and of its components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from pouw.cluster import api, processes
from pouw.cluster.components import Component, from_json
from pouw.cluster.layout import CONTEXT, KUBERNETES_VERSION, NODE_NAME, Layout
from pouw.cluster.processes import Process
from pouw.cluster.supervisor_plan import Observed, observed_from_json
from pouw.kube.client import Object
from pouw.kube.errors import KubeError
from pouw.kube.policy import RequestPolicy

SCHEMA = 1
NODE = f"/api/v1/nodes/{NODE_NAME}"
_POLICY = RequestPolicy(connect_seconds=2.0, answer_seconds=2.0)


class State(Enum):
    """Summary of the cluster's components."""

    RUNNING = "running"
    """Every component is healthy and the node is ready."""
    PARTIAL = "partial"
    """Parts of the cluster exist, and others are missing or unhealthy. ``pouw cluster up`` repairs it."""
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True)
class ComponentStatus:
    """One component. ``pid`` is 0 while it does not run. ``since`` is in seconds since 1970."""

    name: str
    pid: int
    healthy: bool
    restarts: int
    since: float


@dataclass(frozen=True, kw_only=True)
class ClusterStatus:
    """The cluster and its components."""

    state: State
    components: Sequence[ComponentStatus]
    node_ready: bool
    endpoint: str
    context: str = CONTEXT
    version: str = KUBERNETES_VERSION

    def to_json(self) -> dict[str, Any]:
        """Return the documented JSON document."""
        return {"schema": SCHEMA, **asdict(self), "state": self.state.value}


def status(layout: Layout) -> ClusterStatus:
    """Return the state of a cluster within seconds, whether or not it answers."""
    specified = from_json(layout.components.read_text()) if layout.components.exists() else ()
    running = processes.leaders(processes.of_home(layout.home))
    observed = observed_from_json(layout.observed.read_text()) if layout.observed.exists() else {}
    ready = bool(specified) and node_ready(find_node(layout))
    return combine(specified, running, observed, ready=ready, endpoint=layout.network.endpoint)


def combine(
    specified: Sequence[Component],
    running: Mapping[str, Process],
    observed: Mapping[str, Observed],
    *,
    ready: bool,
    endpoint: str = "",
) -> ClusterStatus:
    """Return the status from specified components, running processes and the supervisor's observations.

    An observation of a process that has ended is ignored. Without a supervisor, no component counts as healthy.
    """
    supervisor = running.get("supervisor")
    components = [
        _component(component.name, running.get(component.name), observed.get(component.name), supervisor)
        for component in specified
    ]
    if specified or supervisor:
        components.append(
            ComponentStatus(
                name="supervisor",
                pid=supervisor.pid if supervisor else 0,
                healthy=supervisor is not None,
                restarts=0,
                since=supervisor.since if supervisor else 0.0,
            )
        )
    if not running and not specified:
        state = State.ABSENT
    else:
        is_healthy = bool(specified) and ready and all(component.healthy for component in components)
        state = State.RUNNING if is_healthy else State.PARTIAL
    return ClusterStatus(state=state, components=components, node_ready=ready, endpoint=endpoint)


def _component(
    name: str, process: Process | None, observation: Observed | None, supervisor: Process | None
) -> ComponentStatus:
    is_current = process is not None and observation is not None and observation.pid == process.pid
    return ComponentStatus(
        name=name,
        pid=process.pid if process else 0,
        healthy=is_current and supervisor is not None and observation is not None and observation.healthy,
        restarts=observation.restarts if observation else 0,
        since=round(process.since, 3) if process else 0.0,
    )


def find_node(layout: Layout) -> Object | None:
    """Return the node object, or None if the API server does not answer or has no node."""
    if not (layout.pki / "bootstrap.crt").exists():
        return None
    client = api.connect(layout, "bootstrap", policy=_POLICY)
    try:
        return client.find(NODE)
    except KubeError:
        return None
    finally:
        client.close()


def node_ready(node: Object | None) -> bool:
    """True if the controller of nodes holds the node for ready."""
    conditions = (node or {}).get("status", {}).get("conditions", ())
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
