"""Where things are in Kubernetes objects: pods inside workloads, containers inside pods."""

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
"""Argo Rollouts' own Deployment: the same pod inside, unless it names a workload that has it."""
SERVING = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, ROLLOUT)
"""Workloads whose pods are meant to run for ever."""
WORKLOADS = (*SERVING, REPLICA_SET, JOB, CRON_JOB, POD)
"""Everything that has a pod inside."""

_TEMPLATES = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}
_TEMPLATE = ("spec", "template", "spec")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def pod(props: Props) -> tuple[str, Props]:
    """The spec of the pod inside a workload, with its path; empty if there is none."""
    steps = _TEMPLATES.get(props["kind"], _TEMPLATE)
    node: Props = props
    for step in steps:
        node = node.get(step) or {}
    return ".".join(steps), node


def has_pods_elsewhere(props: Props) -> bool:
    """Whether the pods are those of another workload, which a Rollout names. What they are is said of that one."""
    return bool(props["kind"] == "Rollout" and (props.get("spec") or {}).get("workloadRef"))


def template(props: Props) -> Props:
    """What pods of a workload are made from: metadata and spec. A pod is its own."""
    steps = _TEMPLATES.get(props["kind"], _TEMPLATE)[:-1]
    node: Props = props
    for step in steps:
        node = node.get(step) or {}
    return node


def containers(props: Props, *, started_for_good: bool = False) -> Iterator[tuple[str, Props]]:
    """Every container of the pod inside a workload, with its path; ``started_for_good`` leaves out those that end."""
    at, spec = pod(props)
    for kind in _CONTAINERS[:1] if started_for_good else _CONTAINERS:
        listed = spec.get(kind) or ()
        for index in range(len(listed)):
            yield f"{at}.{kind}[{index}]", listed[index]


def in_pod(check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    """A check of pod specs, for workloads."""

    def applied(props: Props) -> Iterator[str]:
        if has_pods_elsewhere(props):
            return
        at, spec = pod(props)
        for message in check(spec):
            yield f"{at}.{message}"

    return applied


def in_containers(
    check: Callable[[Props], Iterator[str]], *, started_for_good: bool = False
) -> Callable[[Props], Iterator[str]]:
    """A check of containers, for workloads. A workload that has none is for another rule."""

    def applied(props: Props) -> Iterator[str]:
        for at, container in containers(props, started_for_good=started_for_good):
            for message in check(container):
                yield f"{at}.{message}"

    return applied
