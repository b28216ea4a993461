"""Relations between Kubernetes objects: namespaces, and pods that selectors match.

A namespace that comes from another resource of the stack is known before its name. A namespace that the stack does not
own may contain objects from elsewhere. A stack owns a namespace that it declares or runs a workload in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from policies.interface import SETTINGS_TYPE
from policies.kubernetes.manifests import WORKLOADS, Props, has_pods_elsewhere, template
from policies.stack import Resource, Stack

StackCheck: TypeAlias = Callable[[Resource, Stack], Iterator[str]]

NAMESPACE = "kubernetes:core/v1:Namespace"
SERVICE = "kubernetes:core/v1:Service"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SLOT = "pouw.dev/slot"
_PROGRAM_LABELS = ("app", "app.kubernetes.io/name", "app.kubernetes.io/component")


@dataclass(frozen=True, kw_only=True)
class Pods:
    """The pods of one workload."""

    workload: Resource
    namespace: str
    labels: Props
    spec: Props


def metadata(resource: Resource) -> Props:
    """Return the declared metadata."""
    return resource.inputs.get("metadata") or {}


def namespace_of(resource: Resource, stack: Stack) -> str:
    """Return the namespace of an object: the URN of a declared one, or its name."""
    names_by_urn = stack.derive(_namespaces)
    for urn in resource.references.get("metadata", ()):
        if urn in names_by_urn:
            return urn
    name = metadata(resource).get("namespace") or "default"
    # Two sites may have namespaces of one name; the plan does not say which one a plain name means.
    return next((urn for urn, namespace_name in names_by_urn.items() if namespace_name == name), str(name))


def _namespaces(stack: Stack) -> Mapping[str, str]:
    return {namespace.urn: metadata(namespace)["name"] for namespace in stack.of_type(NAMESPACE)}


def pods(stack: Stack) -> Sequence[Pods]:
    """Return the pods of every workload of the stack."""
    pods_of_stack = []
    for workload in stack.of_type(*WORKLOADS):
        if has_pods_elsewhere(workload.inputs):
            continue
        pod_template = template(workload.inputs)
        labels = (pod_template.get("metadata") or {}).get("labels") or {}
        pods_of_stack.append(
            Pods(
                workload=workload,
                namespace=namespace_of(workload, stack),
                labels=labels,
                spec=pod_template.get("spec") or {},
            )
        )
    return pods_of_stack


def owns(namespace: str, stack: Stack) -> bool:
    """True if the stack declares everything in this namespace."""
    return namespace in stack.derive(_namespaces) or any(entry.namespace == namespace for entry in stack.derive(pods))


def selects(selector: Props, labels: Props) -> bool:
    """True if the label selector matches the labels. An empty selector matches everything."""
    expected = selector.get("matchLabels") or {}
    if not all(labels.get(key) == expected[key] for key in expected):
        return False
    expressions = selector.get("matchExpressions") or ()
    return all(_matches(expressions[index], labels) for index in range(len(expressions)))


def _matches(expression: Props, labels: Props) -> bool:
    operator, value = expression["operator"], labels.get(expression["key"])
    if operator in ("Exists", "DoesNotExist"):
        return (value is not None) is (operator == "Exists")
    values = list(expression.get("values") or ())
    return value in values if operator == "In" else value not in values


def select_pods(resource: Resource, selector: Props, stack: Stack) -> Sequence[Pods]:
    """Return the pods in the object's namespace that the selector matches."""
    namespace = namespace_of(resource, stack)
    return [entry for entry in stack.derive(pods) if entry.namespace == namespace and selects(selector, entry.labels)]


def program_and_slot(labels: Props) -> tuple[Any, ...]:
    """Return the labels that identify the program and slot of pods. Pods behind one Service must agree in them."""
    return tuple(labels.get(key) for key in (*_PROGRAM_LABELS, SLOT))


def find_named(types: Sequence[str], name: str, namespace: str, stack: Stack) -> Resource | None:
    """Return the object of that name in a namespace, or in any for an empty ``namespace``; None without one."""
    for candidate in stack.of_type(*types):
        if (not namespace or namespace_of(candidate, stack) == namespace) and metadata(candidate).get("name") == name:
            return candidate
    return None


def is_production(stack: Stack) -> bool:
    """True if the stack is production or does not state its environment."""
    return all(
        settings.props.get("environment", "production") == "production" for settings in stack.of_type(SETTINGS_TYPE)
    )


def in_production(check: Callable[[Props], Iterator[str]]) -> StackCheck:
    """Return a check of declared inputs that applies in production only."""

    def check_in_production(resource: Resource, stack: Stack) -> Iterator[str]:
        if is_production(stack):
            yield from check(resource.inputs)

    return check_in_production
