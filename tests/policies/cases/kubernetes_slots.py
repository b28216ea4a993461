"""Cases of ``policies.kubernetes.slots``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.manifests import STATEFUL_SET
from policies.kubernetes.slots import RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_of = tables.of(RULES)
_ACTIVE = "pouw\0dev/active-slot"
_ABSENT = "spec.template.metadata.labels.pouw\0dev/slot"
_SECRET = "spec.template.spec.volumes[0].secret.secretName"


def nodes(slot: str) -> dict[str, Any]:
    """Return the nodes of a slot with their own keys."""
    keys = {"name": "keys", "secret": {"secretName": f"pouw-{slot}-keys"}}
    spec = {"terminationGracePeriodSeconds": 30, "volumes": [keys]}
    return {
        "kind": "StatefulSet",
        "metadata": {"name": f"pouw-{slot}-miner", "namespace": "pouw"},
        "spec": {"replicas": 3, "template": {"metadata": {"labels": {"pouw.dev/slot": slot}}, "spec": spec}},
    }


_SERVICE = {
    "kind": "Service",
    "metadata": {"name": "clients", "namespace": "pouw", "annotations": {_ACTIVE.replace("\0", "."): "blue"}},
}
_BLUE = Declaration(type=STATEFUL_SET, name="blue", props=nodes("blue"))
_GREEN = Declaration(type=STATEFUL_SET, name="green", props=nodes("green"))

CASES = [
    _of("kubernetes-slots-nodes-deny-shared-keys", nodes("blue"), _SECRET, "pouw-blue-keys", related=(_GREEN,),
        broken_related="green", absent_path=_SECRET),
    _of("kubernetes-slots-service-match-slot", _SERVICE, f"metadata.annotations.{_ACTIVE}", "red",
        related=(_BLUE, _GREEN)),
    _of("kubernetes-slots-service-match-size", _SERVICE, "spec.replicas", 4, related=(_BLUE, _GREEN),
        broken_related="green", absent_path=_ABSENT),
    _of("kubernetes-slots-nodes-limit-grace", nodes("blue"), "spec.template.spec.terminationGracePeriodSeconds", 5),
]  # fmt: skip
