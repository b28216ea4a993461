"""Cases of ``policies.kubernetes.namespaces``."""

from __future__ import annotations

from policies.kubernetes.namespaces import LIMITS, QUOTA, RULES
from policies.kubernetes.references import NAMESPACE, SERVICE
from tests.policies import tables
from tests.policies.analyzer import Declaration

_of = tables.of(RULES)
_LABEL = "pod-security\0kubernetes\0io/enforce"
_SHOP = {
    "kind": "Namespace",
    "metadata": {"name": "shop", "labels": {_LABEL.replace("\0", "."): "restricted"}},
}
_SPACE = {"kind": "Service", "metadata": {"name": "server", "namespace": "shop"}}
_LIMITS = "kubernetes-core-namespace-require-limits"

CASES = [
    _of("kubernetes-core-namespace-require-podsecurity", _SHOP, f"metadata.labels.{_LABEL}", "privileged"),
    *(
        _of(_LIMITS, _SHOP, "metadata.namespace", "other", related=(Declaration(type=kind, name="limits",
            props=_SPACE),),
            broken_related="limits")
        for kind in (QUOTA, LIMITS)
    ),
    _of("kubernetes-core-object-deny-defaultnamespace", _SPACE, "metadata.namespace", "default", type=SERVICE),
    _of("kubernetes-core-object-deny-defaultnamespace", _SPACE, "metadata.namespace", "default", type=SERVICE,
        related=(Declaration(type=NAMESPACE, name="shop", props=_SHOP),)),
]  # fmt: skip
