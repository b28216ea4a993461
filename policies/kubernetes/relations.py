"""What objects are to each other: namespaces, and selectors with the pods that they select.

A namespace that comes from another resource of the stack is known before its name is. Of what a stack does not own it
says nothing: others may have made it there. A stack owns a namespace that it declares or runs a workload in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from policies.kubernetes.manifests import WORKLOADS, Props, has_pods_elsewhere, template
from policies.names import SETTINGS_TYPE
from policies.stack import Resource, Stack

StackCheck: TypeAlias = Callable[[Resource, Stack], Iterator[str]]

NAMESPACE = "kubernetes:core/v1:Namespace"
SERVICE = "kubernetes:core/v1:Service"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SLOT = "pouw.dev/slot"
_KINDS = ("app", "app.kubernetes.io/name", "app.kubernetes.io/component")


@dataclass(frozen=True, kw_only=True)
class Pods:
    """The pods of one workload."""

    workload: Resource
    place: str
    labels: Props
    spec: Props


def metadata(resource: Resource) -> Props:
    """The metadata that was declared."""
    return resource.inputs.get("metadata") or {}


def place(resource: Resource, stack: Stack) -> str:
    """The namespace that an object stands in: the URN of one that the stack declares, or else its name."""
    declared = stack.derive(_namespaces)
    for urn in resource.refers.get("metadata", ()):
        if urn in declared:
            return urn
    name = metadata(resource).get("namespace") or "default"
    # Two sites have namespaces of one name; which of them a plain name means, the plan does not say.
    return next((urn for urn, known in declared.items() if known == name), str(name))


def _namespaces(stack: Stack) -> Mapping[str, str]:
    return {one.urn: metadata(one)["name"] for one in stack.of(NAMESPACE)}


def pods(stack: Stack) -> Sequence[Pods]:
    """The pods of every workload of the stack."""
    found = []
    for one in stack.of(*WORKLOADS):
        if has_pods_elsewhere(one.inputs):
            continue
        inside = template(one.inputs)
        labels = (inside.get("metadata") or {}).get("labels") or {}
        found.append(Pods(workload=one, place=place(one, stack), labels=labels, spec=inside.get("spec") or {}))
    return found


def owns(where: str, stack: Stack) -> bool:
    """Whether everything in this namespace is the stack's."""
    return where in stack.derive(_namespaces) or any(one.place == where for one in stack.derive(pods))


def selects(selector: Props, labels: Props) -> bool:
    """Whether a label selector, in its long form, selects what carries the labels. An empty one selects everything."""
    wanted = selector.get("matchLabels") or {}
    if not all(labels.get(key) == wanted[key] for key in wanted):
        return False
    expressions = selector.get("matchExpressions") or ()
    return all(_holds(expressions[index], labels) for index in range(len(expressions)))


def _holds(expression: Props, labels: Props) -> bool:
    operator, value = expression["operator"], labels.get(expression["key"])
    if operator in ("Exists", "DoesNotExist"):
        return (value is not None) is (operator == "Exists")
    values = list(expression.get("values") or ())
    return value in values if operator == "In" else value not in values


def selected(resource: Resource, selector: Props, stack: Stack) -> Sequence[Pods]:
    """The pods that a selector of the object selects, in its own namespace."""
    where = place(resource, stack)
    return [one for one in stack.derive(pods) if one.place == where and selects(selector, one.labels)]


def kind(labels: Props) -> tuple[Any, ...]:
    """What pods are, by the labels that say it: two of one kind may stand behind one name, and two of two may not."""
    return tuple(labels.get(key) for key in (*_KINDS, SLOT))


def find_named(types: Sequence[str], name: str, where: str, stack: Stack) -> Resource | None:
    """The object of that name in a namespace, or anywhere for ``where`` ''."""
    for one in stack.of(*types):
        if (not where or place(one, stack) == where) and metadata(one).get("name") == name:
            return one
    return None


def is_production(stack: Stack) -> bool:
    """Whether the stack is production, or does not say what it is."""
    return all(one.props.get("environment", "production") == "production" for one in stack.of(SETTINGS_TYPE))


def in_production(check: Callable[[Props], Iterator[str]]) -> StackCheck:
    """A check of what was declared, for production alone."""

    def applied(resource: Resource, stack: Stack) -> Iterator[str]:
        if is_production(stack):
            yield from check(resource.inputs)

    return applied
