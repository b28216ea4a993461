"""Who may talk to whom: rules about objects among others."""

from __future__ import annotations

from collections.abc import Iterator

from policies.kubernetes.manifests import Props
from policies.rule import Absence, AnyRule, Severity, StackRule
from policies.stack import Resource, Stack

NAMESPACE = "kubernetes:core/v1:Namespace"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def _closed_namespaces(stack: Stack) -> dict[str, set[str]]:
    """The directions that a policy for every pod closes, by namespace."""
    closed: dict[str, set[str]] = {}
    for one in stack.of(NETWORK_POLICY):
        spec: Props = one.props["spec"]
        selects = spec.get("podSelector") or {}
        if selects.get("matchLabels") or selects.get("matchExpressions"):
            continue
        directions = {name for name in spec.get("policyTypes") or ("Ingress",) if not spec.get(name.lower())}
        closed.setdefault(one.props["metadata"].get("namespace") or "default", set()).update(directions)
    return closed


def _namespace_is_closed(namespace: Resource, stack: Stack) -> Iterator[str]:
    closed = stack.derive(_closed_namespaces).get(namespace.props["metadata"]["name"], set())
    for direction in ("Ingress", "Egress"):
        if direction not in closed:
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
