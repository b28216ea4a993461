"""The kinds whose readiness a resource waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.kubernetes.objects import Gvk
from pouw.engine.plugins.kubernetes.readiness import definitions, pods, services, storage, workloads
from pouw.engine.plugins.kubernetes.readiness.status import Awaited

_AWAITED: Final[Mapping[tuple[str, str], Awaited]] = {
    ("", "PersistentVolume"): storage.VOLUME,
    ("", "PersistentVolumeClaim"): storage.CLAIM,
    ("", "Pod"): pods.AWAITED,
    ("", "Service"): services.SERVICE,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definitions.DEFINITION,
    ("apps", "DaemonSet"): workloads.DAEMON_SET,
    ("apps", "Deployment"): workloads.DEPLOYMENT,
    ("apps", "StatefulSet"): workloads.STATEFUL_SET,
    ("batch", "Job"): workloads.JOB,
}

_DELETION_SECONDS: Final[Mapping[tuple[str, str], float]] = {
    ("apps", "DaemonSet"): 600,
    ("apps", "Deployment"): 600,
    ("apps", "StatefulSet"): 600,
}


def awaited(gvk: Gvk) -> Awaited | None:
    """Return the readiness of a kind, or None if its objects are ready as soon as they exist."""
    return _AWAITED.get((gvk.group, gvk.kind))


def deletion_seconds(gvk: Gvk) -> float:
    """Return the longest time of a deletion in seconds."""
    return _DELETION_SECONDS.get((gvk.group, gvk.kind), 300)
