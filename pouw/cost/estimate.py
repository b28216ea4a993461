"""From a plan to what it changes on the bill: pure, and honest about what it does not know."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pouw.cost import pools
from pouw.cost.plan import Plan, Resource, value
from pouw.cost.table import Line, Table, at
from pouw.engine.plugins.kubernetes.quantities import amount

_CLAIMS = "kubernetes:apps/v1:StatefulSet"
_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
_SERVICE = "kubernetes:core/v1:Service"
_CLASS_KINDS = ("type", "skuName", "skuname", "storageaccounttype")
_GIB = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing on the bill. Without ``monthly`` its price is not known."""

    urn: str
    resource: str
    """Type and name."""
    site: str
    what: str
    monthly: float | None
    """A pool at its minimum."""
    maximum: float | None
    usage: str = ""
    """What comes on top by use."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a plan costs."""

    currency: str
    prices_of: str
    """Date of the prices."""
    delta: float
    """What the known part of the bill changes by, a month."""
    monthly: float
    """The known part after the run, a month."""
    maximum: float
    """The same with every pool at its maximum."""
    items: Sequence[Item]
    """The bill after the run."""
    unknown: Sequence[str]
    """What changes and costs something that the table does not know."""
    usage: Sequence[str]
    """What changes and costs by use."""

    def of_site(self, name: str) -> float:
        """The known part of one site's bill after the run."""
        return sum(one.monthly or 0.0 for one in self.items if one.site == name)


def estimate(plan: Plan, table: Table) -> Estimate:
    """Price the plan."""
    before, after = bill(plan.before, table), bill(plan.after, table)
    changed = _distinct(one for one in (*after, *before) if one.urn in plan.touched)
    known = sum(one.monthly or 0.0 for one in after)
    return Estimate(
        currency=table.currency,
        prices_of=table.date.isoformat(),
        delta=known - sum(one.monthly or 0.0 for one in before),
        monthly=known,
        maximum=sum(one.maximum or 0.0 for one in after),
        items=after,
        unknown=[f"{one.resource}: {one.what}" for one in changed if one.monthly is None and one.what],
        usage=[f"{one.resource}: {one.usage}" for one in changed if one.usage],
    )


def _distinct(items: Iterable[Item]) -> list[Item]:
    """One entry for what stands on both bills."""
    return list({(one.urn, one.what, one.usage): one for one in items}.values())


def bill(resources: Sequence[Resource], table: Table) -> list[Item]:
    """All that these resources are charged for."""
    return [item for resource in resources for item in _items(resource, resources, table)]


def _items(resource: Resource, others: Sequence[Resource], table: Table) -> Iterator[Item]:
    lines = table.resources.get(resource.type)
    machines = pools.of(resource, others)
    if lines is not None:
        yield _line_item(resource, lines, table)
    for one in machines or ():
        yield from _pool_items(resource, one, table)
    if lines is not None or machines is not None:
        return
    if resource.type == _CLAIMS and resource.cloud:
        yield from _claim_items(resource, others, table)
    elif resource.type == _SERVICE and resource.cloud:
        yield from _service_items(resource, table)
    elif table.is_free(resource.type):
        return
    elif usage := table.used(resource.type):
        yield _item(resource, "", 0.0, usage=usage)
    else:
        yield _item(resource, "not in the table of prices", None)


def _item(
    resource: Resource, what: str, monthly: float | None, *, maximum: float | None = None, usage: str = ""
) -> Item:
    return Item(
        urn=resource.urn,
        resource=f"{resource.type} {resource.name}",
        site=resource.site,
        what=what,
        monthly=monthly,
        maximum=monthly if maximum is None else maximum,
        usage=usage,
    )


def _line_item(resource: Resource, lines: Sequence[Line], table: Table) -> Item:
    line = next((one for one in lines if _holds(one, resource.inputs)), None)
    if line is None:
        told = ", ".join(f"{path} {value(resource.inputs, path)}" for path in lines[0].when)
        return _item(resource, f"not in the table of prices with {told}", None)
    monthly = _monthly(line, resource, table)
    what = line.what if monthly is not None else f"{line.what} in {resource.region or 'an unknown region'}"
    return _item(resource, what, monthly, usage=line.usage)


def _holds(line: Line, inputs: Mapping[str, Any]) -> bool:
    return all(value(inputs, path) == wanted for path, wanted in line.when.items())


def _monthly(line: Line, resource: Resource, table: Table) -> float | None:
    if line.hour is None and line.month is None:
        return 0.0
    hour = at(line.hour, resource.region)
    price = at(line.month, resource.region) if hour is None else hour * table.hours_a_month
    if price is None:
        return None
    count = _count(value(resource.inputs, line.each), line.otherwise) if line.each else 1
    if count is None:
        return None
    if line.plus is None:
        return price * count
    each, more = at(line.plus.month, resource.region), _count(value(resource.inputs, line.plus.each), None)
    return None if each is None or more is None else price * count + each * more


def _count(found: Any, otherwise: int | None) -> int | None:
    """How many an input asks for; ``otherwise`` where that is not known yet."""
    if found is None:
        return 0
    if isinstance(found, list):
        return len(found)
    return int(found) if isinstance(found, int | float) else otherwise


def _pool_items(resource: Resource, pool: pools.Machines, table: Table) -> Iterator[Item]:
    count = f"{pool.minimum} to {pool.maximum}" if pool.minimum != pool.maximum else str(pool.minimum)
    if pool.maximum == 0:
        return
    if pool.spot:
        yield _item(resource, "", 0.0, usage=f"{count} spot machines of {pool.instance} at the market's price")
    else:
        price = table.machine(resource.cloud, pool.instance, resource.region)
        what = f"{count} machines of {pool.instance or 'an unknown type'}"
        yield _each(resource, what, price, pool.minimum, pool.maximum)
    if pool.disk != "none":
        price = table.disk(resource.cloud, pool.disk, pool.disk_gib, resource.region)
        what = f"{count} disks of {pool.disk_gib} GiB {pool.disk or 'of an unknown kind'}"
        yield _each(resource, what, price, pool.minimum, pool.maximum)


def _each(resource: Resource, what: str, price: float | None, least: int, most: int) -> Item:
    if price is None:
        return _item(resource, f"{what} in {resource.region or 'an unknown region'}", None)
    return _item(resource, what, price * least, maximum=price * most)


def _claim_items(resource: Resource, others: Sequence[Resource], table: Table) -> Iterator[Item]:
    """The volumes of a set of pods, by the storage class that stands in the same plan."""
    replicas = value(resource.inputs, "spec.replicas") or 0
    for claim in value(resource.inputs, "spec.volumeClaimTemplates") or ():
        name = value(claim, "spec.storageClassName")
        classes = [
            one
            for one in others
            if one.type == _CLASS and one.site == resource.site and value(one.inputs, "metadata.name") == name
        ]
        parameters = value(classes[0].inputs, "parameters") or {} if classes else {}
        kind = next((str(parameters[key]) for key in _CLASS_KINDS if key in parameters), "")
        gib = math.ceil((amount(value(claim, "spec.resources.requests.storage") or 0) or 0) / _GIB)
        price = table.disk(resource.cloud, kind, gib, resource.region)
        what = f"{replicas} volumes of {gib} GiB {kind or 'of an unknown kind'}"
        yield _each(resource, what, price, replicas, replicas)


def _service_items(resource: Resource, table: Table) -> Iterator[Item]:
    if value(resource.inputs, "spec.type") == "LoadBalancer":
        price = at(table.services.get(resource.cloud), resource.region)
        monthly = None if price is None else price * table.hours_a_month
        where = "" if monthly is not None else f" in {resource.region}"
        yield _item(resource, f"load balancer{where}", monthly, usage="bytes through it")
