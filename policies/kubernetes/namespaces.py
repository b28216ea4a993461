"""What a namespace holds its objects to, and which objects stand in one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.kubernetes.manifests import WORKLOADS
from policies.kubernetes.relations import NAMESPACE, SERVICE, metadata, place
from policies.rule import Absence, AnyRule, Level, Severity, StackRule
from policies.stack import Resource, Stack

QUOTA = "kubernetes:core/v1:ResourceQuota"
LIMITS = "kubernetes:core/v1:LimitRange"
NAMESPACED = (
    *WORKLOADS,
    SERVICE,
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:core/v1:Secret",
    "kubernetes:core/v1:ServiceAccount",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "kubernetes:networking.k8s.io/v1:Ingress",
)
_STANDARDS = "https://kubernetes.io/docs/concepts/security/pod-security-admission/"
_NAMESPACES = "https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/"


def _enforces_a_standard(namespace: Resource, stack: Stack) -> Iterator[str]:
    del stack
    labels = metadata(namespace).get("labels") or {}
    level = labels.get("pod-security.kubernetes.io/enforce")
    if level not in ("restricted", "baseline"):
        yield f"metadata.labels: pod-security.kubernetes.io/enforce is {level or 'missing'}"


def _is_somewhere(resource: Resource, stack: Stack) -> Iterator[str]:
    if place(resource, stack) == "default":
        yield "metadata.namespace: is default"


def _has_limits(namespace: Resource, stack: Stack) -> Iterator[str]:
    if not any(place(one, stack) == namespace.urn for one in stack.of(QUOTA, LIMITS)):
        yield "metadata.name: neither a ResourceQuota nor a LimitRange is in it"


_rule = partial(StackRule, types=(NAMESPACE,), severity=Severity.HIGH, absent=Absence.DENY, reference=_STANDARDS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-core-namespace-require-podsecurity",
        why="Without a standard the cluster admits a privileged pod into the namespace, whoever makes it.",
        remedy="Label it pod-security.kubernetes.io/enforce: restricted.",
        check=_enforces_a_standard,
    ),
    _rule(
        id="kubernetes-core-namespace-require-limits",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        why="One namespace may take all that the cluster has.",
        remedy="Add a ResourceQuota, or a LimitRange with defaults.",
        reference="https://kubernetes.io/docs/concepts/policy/resource-quotas/",
        check=_has_limits,
    ),
    _rule(
        id="kubernetes-core-object-deny-defaultnamespace",
        types=NAMESPACED,
        severity=Severity.MEDIUM,
        why="What stands in default is apart from nothing: no policy, quota or role is about it alone.",
        remedy="Name a namespace of its own.",
        reference=_NAMESPACES,
        check=_is_somewhere,
    ),
)
