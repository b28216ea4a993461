"""The embedded Kubernetes: a real one-node cluster on this machine.

A module is imported at the first use of its names, because the supervisor and the provisioner run all day on few.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pouw.cluster.condition import ClusterStatus, ComponentStatus, State, status
    from pouw.cluster.diagnosis import faults, problems
    from pouw.cluster.layout import Cluster, Layout, Network
    from pouw.cluster.logfiles import logs
    from pouw.cluster.shutdown import down
    from pouw.cluster.startup import up

__all__ = [
    "Cluster",
    "ClusterStatus",
    "ComponentStatus",
    "Layout",
    "Network",
    "State",
    "down",
    "faults",
    "logs",
    "problems",
    "status",
    "up",
]

_HOMES = {
    "Cluster": "layout",
    "Layout": "layout",
    "Network": "layout",
    "ClusterStatus": "condition",
    "ComponentStatus": "condition",
    "State": "condition",
    "down": "shutdown",
    "faults": "diagnosis",
    "logs": "logfiles",
    "problems": "diagnosis",
    "status": "condition",
    "up": "startup",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(name)
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
