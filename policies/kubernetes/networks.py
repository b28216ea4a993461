"""Who may talk to whom: network policies, alone and among other objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from policies.checks import exists
from policies.kubernetes.manifests import Props
from policies.kubernetes.relations import NAMESPACE, NETWORK_POLICY, owns, place, selected
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

_REFERENCE = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def _closes(namespace: Resource, stack: Stack, direction: str, policy: Resource) -> bool:
    """Whether the policy denies a direction to every pod of the namespace. One without a spec is not known yet."""
    spec = policy.inputs.get("spec")
    if spec is None or place(policy, stack) != namespace.urn:
        return False
    selects = spec.get("podSelector") or {}
    for_all = not selects.get("matchLabels") and not selects.get("matchExpressions")
    return for_all and direction in list(spec.get("policyTypes") or ("Ingress",)) and not spec.get(direction.lower())


def _namespace_is_closed(namespace: Resource, stack: Stack) -> Iterator[str]:
    for direction in ("Ingress", "Egress"):
        if not exists(stack.of(NETWORK_POLICY), partial(_closes, namespace, stack, direction)):
            yield f"metadata.name: no network policy denies {direction.lower()} to every pod by default"


def _opens_not_all(direction: str, peers: str) -> Callable[[Props], Iterator[str]]:
    """A check that no rule of a policy lets everything through: every port, and everybody."""

    def check(policy: Props) -> Iterator[str]:
        listed = policy["spec"].get(direction) or ()
        for index in range(len(listed)):
            at = f"spec.{direction}[{index}]"
            if listed[index].get("ports"):
                continue
            named = listed[index].get(peers) or ()
            if not len(named):
                yield f"{at}: names neither {peers} nor ports, so everything passes"
            for number in range(len(named)):
                if _is_everybody(named[number]):
                    yield f"{at}.{peers}[{number}]: is everybody, at every port"

    return check


def _is_everybody(peer: Props) -> bool:
    block, spaces = peer.get("ipBlock") or {}, peer.get("namespaceSelector")
    if block:
        return bool(block["cidr"] in _EVERYWHERE)
    if spaces is None or peer.get("podSelector"):
        return False
    return not spaces.get("matchLabels") and not spaces.get("matchExpressions")


def _selects_something(policy: Resource, stack: Stack) -> Iterator[str]:
    selector = policy.inputs["spec"].get("podSelector") or {}
    named = selector.get("matchLabels") or selector.get("matchExpressions")
    if named and owns(place(policy, stack), stack) and not selected(policy, selector, stack):
        yield "spec.podSelector: selects no pod of the stack"


_rule = partial(Rule, types=(NETWORK_POLICY,), severity=Severity.HIGH, absent=Absence.ALLOW, reference=_REFERENCE)

RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="kubernetes-networks-namespace-require-default-deny",
        types=(NAMESPACE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a default, every pod of the cluster may talk to every pod of the namespace.",
        remedy="Add a NetworkPolicy with an empty podSelector, both policyTypes, and no rule.",
        reference=f"{_REFERENCE}#default-policies",
        check=_namespace_is_closed,
    ),
    _rule(
        id="kubernetes-networks-policy-deny-open-ingress",
        why="A rule that lets everybody in at every port undoes every other policy of its pods.",
        remedy="Name who may come in, or the ports.",
        check=_opens_not_all("ingress", "from"),
    ),
    _rule(
        id="kubernetes-networks-policy-deny-open-egress",
        why="A pod that may reach everything may carry off everything, and ask the machine's metadata for keys.",
        remedy="Name where it may go, or the ports.",
        check=_opens_not_all("egress", "to"),
    ),
    StackRule(
        id="kubernetes-networks-policy-match-pods",
        types=(NETWORK_POLICY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A policy over nothing leaves those that it was meant for as they are.",
        remedy="Let the selector name labels of the pods.",
        reference=_REFERENCE,
        check=_selects_something,
    ),
)
