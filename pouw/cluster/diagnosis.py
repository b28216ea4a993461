"""What stands between this machine and a running cluster, for who asks without starting one."""

from __future__ import annotations

import os

from infra.faults import Fault
from pouw.cluster import preflight
from pouw.cluster.condition import ClusterStatus, State, status
from pouw.cluster.layout import layout
from pouw.cluster.machine_facts import gather
from pouw.errors import ClusterError


def problems() -> list[dict[str, str]]:
    """Each problem as ``{what, remedy}``. None where the cluster runs, or is absent and could be started."""
    seen = status()
    if seen.state is State.ABSENT:
        return [_problem(fault) for fault in _in_the_way()]
    return _unwell(seen)


def faults() -> list[Fault]:
    """What would keep a cluster that is absent from being started."""
    return _in_the_way() if status().state is State.ABSENT else []


def _in_the_way() -> list[Fault]:
    try:
        preflight.require_root(os.geteuid())
    except ClusterError as error:
        return list(error.faults)
    return preflight.preflight(gather(layout()))


def _problem(fault: Fault) -> dict[str, str]:
    what = f"{fault.path}: {fault.message}" + (f"; got {fault.got}" if fault.got else "")
    return {"what": what, "remedy": fault.remedy}


def _unwell(seen: ClusterStatus) -> list[dict[str, str]]:
    found = [
        {
            "what": f"{each.name} {'is not healthy' if each.pid else 'does not run'}",
            "remedy": f"pouw cluster up repairs it; pouw cluster logs {each.name} says why",
        }
        for each in seen.components
        if not each.healthy
    ]
    if seen.components and not found and not seen.node_ready:
        found.append({"what": "the node is not ready", "remedy": "pouw cluster logs kubelet says why"})
    return found
