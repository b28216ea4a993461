"""Parts of pods that every workload shares, decided without a cluster: pure functions over settings.

Manifests are plain mappings in the form of the Kubernetes API, so that tests render and compare them directly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.flows import Flow
from infra.naming import POOL_LABEL, selector
from infra.settings.stack import Resources

Manifest = dict[str, Any]
Tolerations = Mapping[str, Sequence[Mapping[str, str]]]
"""Tolerations of the pods on each node pool, by the pool's name, besides the one for the pool's own taint."""

RPC_PORT = 8545
WS_PORT = 8546
P2P_PORT = 30303
USER_ID = 10001
GRACE_SECONDS = 30
"""Grace period of a pod. A node drains within 20 s, so it finishes before it is killed."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Pods of one kind as plain data. The namespace derives its limits and network policies from these records."""

    component: str
    """Value of the label ``app.kubernetes.io/component``, which selects the pods."""
    containers: Mapping[str, Resources]
    """Requests and limits of each container of one pod, by the container's name."""
    volumes: Mapping[str, str] = field(default_factory=dict)
    """Size of each claim of one pod, by the claim's name."""
    ingress: tuple[Flow, ...] = ()
    egress: tuple[Flow, ...] = ()

    def amounts(self, container: str) -> Manifest:
        """Return the requests and limits of a container as its manifest holds them."""
        resources = self.containers[container]
        return {"requests": resources.requests.model_dump(), "limits": resources.limits.model_dump()}


def digest(text: str) -> str:
    """Return a short content hash, such as for annotations that roll pods when a file that they read changes."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def pod_security() -> Manifest:
    """Return the security context of a pod under the restricted Pod Security Standard."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER_ID,
        "runAsGroup": USER_ID,
        "fsGroup": USER_ID,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> Manifest:
    """Return the security context of a container: no privileges, and only mounted volumes can be written."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def pod_spec(*, service_account: str, scheduling: Manifest, containers: list[Manifest], **spec: Any) -> Manifest:
    """Return the spec of a pod with the fields that all pods share; ``spec`` adds to it."""
    return {
        "serviceAccountName": service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": pod_security(),
        **scheduling,
        "containers": containers,
        **spec,
    }


def http_probe(path: str, *, period: int, failures: int, port: str = "rpc") -> Manifest:
    """Return a probe over HTTP; ``period`` is in seconds."""
    return {
        "httpGet": {"path": path, "port": port},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def placement(pool: str, tolerations: Tolerations | None) -> Manifest:
    """Return the selector and tolerations that bind pods to a node pool; ``None``: nodes have no pools."""
    if tolerations is None:
        return {}
    pool_taint = {"key": POOL_LABEL, "operator": "Equal", "value": pool, "effect": "NoSchedule"}
    cloud_taints = [dict(toleration) for toleration in tolerations.get(pool, ())]
    return {"nodeSelector": {POOL_LABEL: pool}, "tolerations": [pool_taint, *cloud_taints]}


def zone_spread(component: str, *, slot: str | None) -> list[Manifest]:
    """Return the constraint that spreads the pods of a component over all zones."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector(component, slot=slot)},
        }
    ]


def host_spread(component: str, *, slot: str | None, required: bool) -> Manifest:
    """Return the affinity that keeps the pods of a component on different hosts, as a requirement or a preference."""
    term = {"labelSelector": {"matchLabels": selector(component, slot=slot)}, "topologyKey": "kubernetes.io/hostname"}
    if required:
        return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    preference = {"weight": 100, "podAffinityTerm": term}
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preference]}}
