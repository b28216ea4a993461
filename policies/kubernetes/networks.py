"""Who may talk to whom: rules about objects among others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.checks import exists
from policies.kubernetes.manifests import Props
from policies.rule import Absence, AnyRule, Severity, StackRule
from policies.stack import Resource, Stack

NAMESPACE = "kubernetes:core/v1:Namespace"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def _closes(namespace: Resource, direction: str, policy: Resource) -> bool:
    """Whether the policy denies a direction to every pod of the namespace."""
    if not _is_in(policy, namespace):
        return False
    spec: Props = policy.props["spec"]
    selects = spec.get("podSelector") or {}
    for_all = not selects.get("matchLabels") and not selects.get("matchExpressions")
    return for_all and direction in (spec.get("policyTypes") or ("Ingress",)) and not spec.get(direction.lower())


def _is_in(one: Resource, namespace: Resource) -> bool:
    """Whether it stands in the namespace: by reference, which is known before its name is, or by name."""
    if namespace.urn in one.refers.get("metadata", ()):
        return True
    return bool((one.props["metadata"].get("namespace") or "default") == namespace.props["metadata"]["name"])


def _namespace_is_closed(namespace: Resource, stack: Stack) -> Iterator[str]:
    for direction in ("Ingress", "Egress"):
        if not exists(stack.of(NETWORK_POLICY), partial(_closes, namespace, direction)):
            yield f"metadata.name: no network policy denies {direction.lower()} to every pod by default"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="kubernetes-networks-namespace-require-default-deny",
        types=(NAMESPACE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a default, every pod of the cluster may talk to every pod of the namespace.",
        remedy="Add a NetworkPolicy with an empty podSelector, both policyTypes, and no rule.",
        reference="https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies",
        check=_namespace_is_closed,
    ),
)
