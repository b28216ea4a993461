"""Cases of ``policies.kubernetes.networks``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.networks import NETWORK_POLICY, RULES
from tests.policies.analyzer import Given
from tests.policies.contract import Case

_RULES = {rule.id: rule for rule in RULES}
_NAMESPACE: dict[str, Any] = {"kind": "Namespace", "metadata": {"name": "pouw"}}
_CLOSED = Given(
    type=NETWORK_POLICY,
    name="closed",
    props={
        "metadata": {"name": "default-deny", "namespace": "pouw"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    },
)

_REFERRING = Given(type=NETWORK_POLICY, name="closed", props=_CLOSED.props, refers={"metadata": ["subject"]})

CASES = [
    Case(
        rule=_RULES["kubernetes-networks-namespace-require-default-deny"],
        compliant=_NAMESPACE,
        others=(_REFERRING,),
        broken_other="closed",
        at="spec.policyTypes[1]",
        broken="Ingress",
    ),
    Case(
        rule=_RULES["kubernetes-networks-namespace-require-default-deny"],
        compliant=_NAMESPACE,
        others=(_CLOSED,),
        broken_other="closed",
        at="spec.policyTypes[1]",
        broken="Ingress",
    ),
    Case(
        rule=_RULES["kubernetes-networks-namespace-require-default-deny"],
        compliant=_NAMESPACE,
        others=(_CLOSED,),
        broken_other="closed",
        at="metadata.namespace",
        broken="elsewhere",
    ),
]
