"""Problems of the cluster, for callers that do not start one."""

from __future__ import annotations

import os

from infra.faults import Fault
from pouw.cluster import preflight
from pouw.cluster.condition import ClusterStatus, State, status
from pouw.cluster.layout import Layout
from pouw.cluster.machine_facts import gather
from pouw.errors import ClusterError


def problems(layout: Layout) -> list[dict[str, str]]:
    """Return each problem as ``{what, remedy}``. A healthy cluster, and one that could be started, have none."""
    cluster = status(layout)
    if cluster.state is State.ABSENT:
        return [_problem(fault) for fault in _preflight_faults(layout)]
    return _unhealthy(cluster)


def faults(layout: Layout) -> list[Fault]:
    """Return the faults that would keep an absent cluster from being started."""
    return _preflight_faults(layout) if status(layout).state is State.ABSENT else []


def _preflight_faults(layout: Layout) -> list[Fault]:
    try:
        preflight.require_root(os.geteuid())
    except ClusterError as error:
        return list(error.faults)
    return preflight.preflight(gather(layout))


def _problem(fault: Fault) -> dict[str, str]:
    description = f"{fault.path}: {fault.message}" + (f"; got {fault.got}" if fault.got else "")
    return {"what": description, "remedy": fault.remedy}


def _unhealthy(cluster: ClusterStatus) -> list[dict[str, str]]:
    unhealthy = [
        {
            "what": f"{component.name} {'is not healthy' if component.pid else 'does not run'}",
            "remedy": f"repair it with `pouw cluster up`; read its log with `pouw cluster logs {component.name}`",
        }
        for component in cluster.components
        if not component.healthy
    ]
    if cluster.components and not unhealthy and not cluster.node_ready:
        return [{"what": "the node is not ready", "remedy": "read the log with `pouw cluster logs kubelet`"}]
    return unhealthy
