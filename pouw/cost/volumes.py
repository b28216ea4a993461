"""Volumes that pods claim: their number, size and kind, from their storage class."""

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
"""Parameters of the drivers that name a kind of disk."""
_GIB: Final = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """Volumes of one claim. An empty ``kind``, or a missing number, is unknown in the plan."""

    count: int | None
    gib: int | None
    kind: str


def of(resource: Resource, resources: Sequence[Resource], table: Table) -> Iterator[Volumes]:
    """Yield the volumes of a StatefulSet or a claim; a set without pods has none."""
    if resource.type == CLAIM:
        yield Volumes(count=1, gib=_gib(resource.inputs), kind=_kind(resource, resource.inputs, resources, table))
        return
    # A set without a number runs one pod.
    replicas = value(resource.inputs, "spec.replicas")
    pods = 1 if replicas is None else count(replicas)
    claims = value(resource.inputs, "spec.volumeClaimTemplates") or ()
    if pods == 0 or not claims:
        return
    for claim in claims if isinstance(claims, list) else (claims,):
        yield Volumes(count=pods, gib=_gib(claim), kind=_kind(resource, claim, resources, table))


def _gib(claim: object) -> int | None:
    request = value(claim, "spec.resources.requests.storage")
    size = None if request is None or isinstance(request, Mapping | list) else amount(request)
    return None if size is None else max(math.ceil(size / _GIB), 0)


def _kind(resource: Resource, claim: object, resources: Sequence[Resource], table: Table) -> str:
    """Return the kind of disk, from the storage class in the plan, else from the cloud's default classes."""
    name = value(claim, "spec.storageClassName")
    if not isinstance(claim, Mapping) or is_unknown(name):
        return ""
    class_name = name or ""
    classes = [
        entry
        for entry in resources
        if entry.type == _CLASS and entry.site == resource.site and value(entry.inputs, "metadata.name") == class_name
    ]
    default_kind = table.classes.get(resource.cloud, {}).get(str(class_name), "")
    if not classes:
        return default_kind
    parameters: Any = value(classes[0].inputs, "parameters")
    if isinstance(parameters, Mapping):
        kind = next((str(parameters[key]) for key in _KINDS if key in parameters), "")
        return "" if is_unknown(kind) else kind
    return default_kind or _kind_of_machines(resource, resources)


def _kind_of_machines(resource: Resource, resources: Sequence[Resource]) -> str:
    """Return the kind of disk that all machines of the site have; empty if there are several kinds."""
    kinds = {
        machines.disk
        for entry in resources
        if entry.site == resource.site
        for machines in pools.of(entry, resources) or ()
        if machines.disk
    }
    return kinds.pop() if len(kinds) == 1 else ""
