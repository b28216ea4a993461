"""Volumes that pods claim: how many, how large, and of which kind by their storage class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.quantities import amount
from pouw.cost import pools
from pouw.cost.plan import Resource, is_unknown, value
from pouw.cost.table import Table, count

SET: Final = "kubernetes:apps/v1:StatefulSet"
CLAIM: Final = "kubernetes:core/v1:PersistentVolumeClaim"
_CLASS: Final = "kubernetes:storage.k8s.io/v1:StorageClass"
_KINDS: Final = ("type", "skuName", "skuname", "storageaccounttype")
"""Parameters that name a kind of disk, in the words of the drivers."""
_GIB: Final = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """Volumes of one claim. An empty ``kind``, or no number: the plan does not say."""

    count: int | None
    gib: int | None
    kind: str


def of(resource: Resource, others: Sequence[Resource], table: Table) -> Iterator[Volumes]:
    """What a set of pods or a claim claims; a set that runs no pod claims nothing."""
    if resource.type == CLAIM:
        yield Volumes(count=1, gib=_gib(resource.inputs), kind=_kind(resource, resource.inputs, others, table))
        return
    # A set that says no number runs one pod.
    replicas = value(resource.inputs, "spec.replicas")
    pods = 1 if replicas is None else count(replicas)
    claims = value(resource.inputs, "spec.volumeClaimTemplates") or ()
    if pods == 0 or not claims:
        return
    for claim in claims if isinstance(claims, list) else (claims,):
        yield Volumes(count=pods, gib=_gib(claim), kind=_kind(resource, claim, others, table))


def _gib(claim: object) -> int | None:
    asked = value(claim, "spec.resources.requests.storage")
    size = None if asked is None or isinstance(asked, Mapping | list) else amount(asked)
    return None if size is None else max(math.ceil(size / _GIB), 0)


def _kind(resource: Resource, claim: object, others: Sequence[Resource], table: Table) -> str:
    """The kind of disk: of the class in the same plan, else of one that the cloud's clusters are known to have."""
    name = value(claim, "spec.storageClassName")
    if not isinstance(claim, Mapping) or is_unknown(name):
        return ""
    named = name or ""
    classes = [
        one
        for one in others
        if one.type == _CLASS and one.site == resource.site and value(one.inputs, "metadata.name") == named
    ]
    known = table.classes.get(resource.cloud, {}).get(str(named), "")
    if not classes:
        return known
    parameters: Any = value(classes[0].inputs, "parameters")
    if isinstance(parameters, Mapping):
        found = next((str(parameters[key]) for key in _KINDS if key in parameters), "")
        return "" if is_unknown(found) else found
    return known or _kind_of_machines(resource, others)


def _kind_of_machines(resource: Resource, others: Sequence[Resource]) -> str:
    """The kind that all machines of the site carry: where it is one, a class of the site's own has no other."""
    kinds = {
        machines.disk
        for one in others
        if one.site == resource.site
        for machines in pools.of(one, others) or ()
        if machines.disk
    }
    return kinds.pop() if len(kinds) == 1 else ""
