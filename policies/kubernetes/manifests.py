"""Access to pods and containers inside Kubernetes workloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

Props: TypeAlias = Mapping[str, Any]

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
REPLICA_SET = "kubernetes:apps/v1:ReplicaSet"
JOB = "kubernetes:batch/v1:Job"
CRON_JOB = "kubernetes:batch/v1:CronJob"
POD = "kubernetes:core/v1:Pod"
ROLLOUT = "kubernetes:argoproj.io/v1alpha1:Rollout"
"""Argo Rollouts' replacement of a Deployment: with the same pod template, unless it references a workload."""
SERVING = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, ROLLOUT)
"""Workloads whose pods run indefinitely."""
WORKLOADS = (*SERVING, REPLICA_SET, JOB, CRON_JOB, POD)
"""All workloads that contain a pod."""

_TEMPLATES = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}
_TEMPLATE = ("spec", "template", "spec")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def pod(props: Props) -> tuple[str, Props]:
    """Return the spec of the pod inside a workload with its path; an empty mapping without one."""
    steps = _TEMPLATES.get(props["kind"], _TEMPLATE)
    node: Props = props
    for step in steps:
        node = node.get(step) or {}
    return ".".join(steps), node


def has_pods_elsewhere(props: Props) -> bool:
    """True if a Rollout references the pods of another workload. Rules judge them there."""
    return bool(props["kind"] == "Rollout" and (props.get("spec") or {}).get("workloadRef"))


def template(props: Props) -> Props:
    """Return the pod template of a workload: metadata and spec. A pod is its own template."""
    steps = _TEMPLATES.get(props["kind"], _TEMPLATE)[:-1]
    node: Props = props
    for step in steps:
        node = node.get(step) or {}
    return node


def containers(props: Props, *, long_running: bool = False) -> Iterator[tuple[str, Props]]:
    """Yield every container of the pod inside a workload with its path. ``long_running`` excludes those that end."""
    path, spec = pod(props)
    for kind in _CONTAINERS[:1] if long_running else _CONTAINERS:
        entries = spec.get(kind) or ()
        for index in range(len(entries)):
            yield f"{path}.{kind}[{index}]", entries[index]


def in_pod(check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    """Return a check of workloads that applies the check to the pod's spec."""

    def check_pod(props: Props) -> Iterator[str]:
        if has_pods_elsewhere(props):
            return
        path, spec = pod(props)
        for message in check(spec):
            yield f"{path}.{message}"

    return check_pod


def in_containers(
    check: Callable[[Props], Iterator[str]], *, long_running: bool = False
) -> Callable[[Props], Iterator[str]]:
    """Return a check of workloads that applies the check to each container, if the workload has one."""

    def check_containers(props: Props) -> Iterator[str]:
        for path, container in containers(props, long_running=long_running):
            for message in check(container):
                yield f"{path}.{message}"

    return check_containers
