"""Rules about namespaces: pod security standards, limits, and objects outside a dedicated namespace."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.kubernetes.manifests import WORKLOADS
from policies.kubernetes.references import NAMESPACE, SERVICE, metadata, namespace_of
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


def _check_pod_security(namespace: Resource, stack: Stack) -> Iterator[str]:
    del stack
    labels = metadata(namespace).get("labels") or {}
    level = labels.get("pod-security.kubernetes.io/enforce")
    if level not in ("restricted", "baseline"):
        yield (
            f"metadata.labels: no pod security standard is enforced; got {level or 'nothing'}; expected "
            "pod-security.kubernetes.io/enforce: restricted or baseline"
        )


def _check_namespace(resource: Resource, stack: Stack) -> Iterator[str]:
    if namespace_of(resource, stack) == "default":
        yield "metadata.namespace: the object is in the default namespace; got default; expected a dedicated namespace"


def _check_limits(namespace: Resource, stack: Stack) -> Iterator[str]:
    if not any(namespace_of(resource, stack) == namespace.urn for resource in stack.of_type(QUOTA, LIMITS)):
        yield "metadata.name: the namespace is unlimited; got no ResourceQuota or LimitRange; expected one"


_rule = partial(StackRule, types=(NAMESPACE,), severity=Severity.HIGH, absent=Absence.DENY, reference=_STANDARDS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-core-namespace-require-podsecurity",
        why="Without a standard, the cluster admits privileged pods into the namespace.",
        remedy="Set the label pod-security.kubernetes.io/enforce: restricted.",
        check=_check_pod_security,
    ),
    _rule(
        id="kubernetes-core-namespace-require-limits",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        why="One namespace may use all resources of the cluster.",
        remedy="Add a ResourceQuota, or a LimitRange with defaults.",
        reference="https://kubernetes.io/docs/concepts/policy/resource-quotas/",
        check=_check_limits,
    ),
    _rule(
        id="kubernetes-core-object-deny-defaultnamespace",
        types=NAMESPACED,
        severity=Severity.MEDIUM,
        why="Objects in the default namespace have no policy, quota or role of their own.",
        remedy="Set metadata.namespace to a dedicated namespace.",
        reference=_NAMESPACES,
        check=_check_namespace,
    ),
)
