"""Cases of ``policies.kubernetes.network_policies``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.manifests import DEPLOYMENT
from policies.kubernetes.network_policies import RULES
from policies.kubernetes.references import NETWORK_POLICY
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import Case

_of = tables.of(RULES)
_NAMESPACE: dict[str, Any] = {"kind": "Namespace", "metadata": {"name": "pouw"}}
_CLOSED: dict[str, Any] = {
    "metadata": {"name": "default-deny", "namespace": "pouw"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}
_LABELS = {"app": "server"}
_SERVER = Declaration(
    type=DEPLOYMENT,
    name="server",
    props={
        "kind": "Deployment",
        "metadata": {"name": "server", "namespace": "pouw"},
        "spec": {"template": {"metadata": {"labels": _LABELS}}},
    },
)


def policy(direction: str, peers: str) -> dict[str, Any]:
    """Return a policy that permits some peers."""
    selector = {"namespaceSelector": {"matchLabels": _LABELS}}
    return {
        "metadata": {"name": "server", "namespace": "pouw"},
        "spec": {
            "podSelector": {"matchLabels": _LABELS},
            direction: [{peers: [{"ipBlock": {"cidr": "10.0.0.0/8"}}, selector]}],
        },
    }


def _closed(path: str, broken_value: Any, references: dict[str, list[str]] | None = None, **fields: Any) -> Case:
    related = Declaration(type=NETWORK_POLICY, name="closed", props=_CLOSED, references=references or {})
    return _of("kubernetes-networks-namespace-require-default-deny", _NAMESPACE, path, broken_value, related=(related,),
               broken_related="closed", **fields)  # fmt: skip


def _open(direction: str, peers: str, path: str, broken_value: Any) -> Case:
    return _of(f"kubernetes-networks-policy-deny-open-{direction}", policy(direction, peers),
               f"spec.{direction}[0].{path}", broken_value, absent_path=f"spec.{direction}")  # fmt: skip


CASES = [
    _closed("spec.policyTypes[1]", "Ingress", {"metadata": ["subject"]}),
    _closed("spec.policyTypes[1]", "Ingress"),
    _closed("metadata.namespace", "elsewhere"),
    _closed("spec.egress", [{}], absent_path="spec"),
    _open("ingress", "from", "from[0].ipBlock.cidr", "0.0.0.0/0"),
    _open("ingress", "from", "from[1].namespaceSelector", {}),
    _open("ingress", "from", "from", []),
    _open("egress", "to", "to[0].ipBlock.cidr", "::/0"),
    _of("kubernetes-networks-policy-match-pods", policy("ingress", "from"), "spec.template.metadata.labels.app",
        "other", related=(_SERVER,), broken_related="server"),
]  # fmt: skip
