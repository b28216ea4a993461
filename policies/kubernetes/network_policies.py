"""Rules about network policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from policies.checks import exists
from policies.kubernetes.manifests import Props
from policies.kubernetes.references import NAMESPACE, NETWORK_POLICY, namespace_of, owns, select_pods
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

_REFERENCE = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
_INTERNET = ("0.0.0.0/0", "::/0")


def _denies_by_default(namespace: Resource, stack: Stack, direction: str, policy: Resource) -> bool:
    """True if the policy denies a direction to every pod of the namespace. A policy without a spec is unknown."""
    spec = policy.inputs.get("spec")
    if spec is None or namespace_of(policy, stack) != namespace.urn:
        return False
    selector = spec.get("podSelector") or {}
    selects_all = not selector.get("matchLabels") and not selector.get("matchExpressions")
    return (
        selects_all and direction in list(spec.get("policyTypes") or ("Ingress",)) and not spec.get(direction.lower())
    )


def _check_default_deny(namespace: Resource, stack: Stack) -> Iterator[str]:
    for direction in ("Ingress", "Egress"):
        if not exists(stack.of_type(NETWORK_POLICY), partial(_denies_by_default, namespace, stack, direction)):
            yield (
                f"metadata.name: {direction.lower()} is allowed by default; got no NetworkPolicy that denies it; "
                "expected one"
            )


def _deny_open_rules(direction: str, peers: str) -> Callable[[Props], Iterator[str]]:
    """Return a check that no rule of a policy admits every peer on every port."""

    def check(policy: Props) -> Iterator[str]:
        rules = policy["spec"].get(direction) or ()
        for index in range(len(rules)):
            path = f"spec.{direction}[{index}]"
            if rules[index].get("ports"):
                continue
            rule_peers = rules[index].get(peers) or ()
            if not len(rule_peers):
                yield f"{path}: the rule allows all traffic; got neither {peers} nor ports; expected either"
            for peer_index in range(len(rule_peers)):
                if _is_any_peer(rule_peers[peer_index]):
                    yield (
                        f"{path}.{peers}[{peer_index}]: the rule admits every peer on every port; got an unlimited "
                        "peer; expected named peers or ports"
                    )

    return check


def _is_any_peer(peer: Props) -> bool:
    block, namespaces = peer.get("ipBlock") or {}, peer.get("namespaceSelector")
    if block:
        return bool(block["cidr"] in _INTERNET)
    if namespaces is None or peer.get("podSelector"):
        return False
    return not namespaces.get("matchLabels") and not namespaces.get("matchExpressions")


def _check_pod_selector(policy: Resource, stack: Stack) -> Iterator[str]:
    selector = policy.inputs["spec"].get("podSelector") or {}
    conditions = selector.get("matchLabels") or selector.get("matchExpressions")
    if conditions and owns(namespace_of(policy, stack), stack) and not select_pods(policy, selector, stack):
        yield "spec.podSelector: the policy covers no pod; got no matching pod; expected labels of pods in the stack"


_rule = partial(Rule, types=(NETWORK_POLICY,), severity=Severity.HIGH, absent=Absence.ALLOW, reference=_REFERENCE)

RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="kubernetes-networks-namespace-require-default-deny",
        types=(NAMESPACE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a default policy, every pod of the cluster can reach every pod of the namespace.",
        remedy="Add a NetworkPolicy with an empty podSelector, both policyTypes, and no rule.",
        reference=f"{_REFERENCE}#default-policies",
        check=_check_default_deny,
    ),
    _rule(
        id="kubernetes-networks-policy-deny-open-ingress",
        why="A rule that admits every peer on every port overrides all other policies of its pods.",
        remedy="Set from to the permitted peers, or ports.",
        check=_deny_open_rules("ingress", "from"),
    ),
    _rule(
        id="kubernetes-networks-policy-deny-open-egress",
        why="A compromised pod can export data and read credentials from the machine's metadata service.",
        remedy="Set to to the permitted destinations, or ports.",
        check=_deny_open_rules("egress", "to"),
    ),
    StackRule(
        id="kubernetes-networks-policy-match-pods",
        types=(NETWORK_POLICY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A policy without pods leaves the intended pods unprotected.",
        remedy="Set podSelector to labels of the pods.",
        reference=_REFERENCE,
        check=_check_pod_selector,
    ),
)
