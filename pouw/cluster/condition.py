"""What runs of the cluster, at a glance."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from pouw.cluster import api, processes
from pouw.cluster.components import Component, from_json
from pouw.cluster.layout import CONTEXT, KUBERNETES_VERSION, NETWORK, NODE_NAME, Layout, layout
from pouw.cluster.processes import Process
from pouw.cluster.supervisor_plan import Observed, observed_from_json
from pouw.kube.client import Object
from pouw.kube.errors import KubeError
from pouw.kube.policy import RequestPolicy

SCHEMA = 1
NODE = f"/api/v1/nodes/{NODE_NAME}"
_POLICY = RequestPolicy(connect_seconds=2.0, answer_seconds=2.0)


class State(Enum):
    """How much of the cluster is there."""

    RUNNING = "running"
    """Every component is healthy and the node is ready."""
    PARTIAL = "partial"
    """Something of it is there, and something is missing or unwell: ``pouw cluster up`` repairs it."""
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True)
class ComponentStatus:
    """One component. ``pid`` 0: it does not run. ``since`` is in seconds since the epoch."""

    name: str
    pid: int
    healthy: bool
    restarts: int
    since: float


@dataclass(frozen=True, kw_only=True)
class ClusterStatus:
    """The whole of it."""

    state: State
    components: Sequence[ComponentStatus]
    node_ready: bool
    context: str = CONTEXT
    version: str = KUBERNETES_VERSION
    endpoint: str = NETWORK.endpoint

    def to_json(self) -> dict[str, Any]:
        """Stable: keys may be added, none renamed."""
        return {"schema": SCHEMA, **asdict(self), "state": self.state.value}


def status() -> ClusterStatus:
    """The cluster of the current home. Answers within seconds whatever state that is in."""
    at = layout()
    wanted = from_json(at.components.read_text()) if at.components.exists() else ()
    running = processes.leaders(processes.of_home(at.home))
    seen = observed_from_json(at.observed.read_text()) if at.observed.exists() else {}
    ready = bool(wanted) and node_ready(find_node(at))
    return combine(wanted, running, seen, ready=ready)


def combine(
    wanted: Sequence[Component], running: Mapping[str, Process], seen: Mapping[str, Observed], *, ready: bool
) -> ClusterStatus:
    """The status, from what should run, what does, and what the supervisor knows. What the supervisor says of a process
    that is gone is not believed; nor is anything healthy without a supervisor to say so."""
    supervisor = running.get("supervisor")
    listed = [_one(each.name, running.get(each.name), seen.get(each.name), supervisor) for each in wanted]
    if wanted or supervisor:
        own = ComponentStatus(
            name="supervisor",
            pid=supervisor.pid if supervisor else 0,
            healthy=supervisor is not None,
            restarts=0,
            since=supervisor.since if supervisor else 0.0,
        )
        listed.append(own)
    if not running and not wanted:
        state = State.ABSENT
    else:
        well = bool(wanted) and ready and all(each.healthy for each in listed)
        state = State.RUNNING if well else State.PARTIAL
    return ClusterStatus(state=state, components=listed, node_ready=ready)


def _one(name: str, running: Process | None, seen: Observed | None, supervisor: Process | None) -> ComponentStatus:
    current = running is not None and seen is not None and seen.pid == running.pid and supervisor is not None
    return ComponentStatus(
        name=name,
        pid=running.pid if running else 0,
        healthy=current and seen is not None and seen.healthy,
        restarts=seen.restarts if seen else 0,
        since=round(running.since, 3) if running else 0.0,
    )


def find_node(at: Layout) -> Object | None:
    """The node object; ``None`` where the API server does not answer or has no node."""
    if not (at.pki / "bootstrap.crt").exists():
        return None
    client = api.connect(at, NETWORK, "bootstrap", policy=_POLICY)
    try:
        return client.find(NODE)
    except KubeError:
        return None
    finally:
        client.close()


def node_ready(node: Object | None) -> bool:
    """Whether the node says it is ready, and said so lately as the controller sees it."""
    conditions = (node or {}).get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def uptime(since: float) -> float:
    """Seconds since ``since``; 0 for what does not run."""
    return max(0.0, time.time() - since) if since else 0.0
