"""The estimate of a plan's bill. It is pure, and names everything whose price is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pouw.cost import pools, volumes
from pouw.cost.plan import Plan, Resource, is_unknown, value
from pouw.cost.table import UNCHECKED, Line, Price, Table, count, price_in

_SERVICE = "kubernetes:core/v1:Service"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One entry of the bill. Without ``monthly``, its price is unknown."""

    urn: str
    resource: str
    """Type and name."""
    site: str
    description: str
    monthly: float | None
    """The monthly price: of a pool at its minimum, without spot machines, whose market price varies."""
    maximum: float | None
    """The highest monthly price: of a pool at its maximum, with spot machines at the on-demand price."""
    usage: str = ""
    """The part that is charged by use."""
    is_checked: bool = True
    """True if its price was compared with its source."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The estimated bill of a plan, per month."""

    currency: str
    prices_of: str
    """The date of the last comparison of the prices with their sources."""
    delta: float
    """The change of the priced part of the bill."""
    monthly: float
    """The priced part after the run."""
    maximum: float
    """The same with every pool at its maximum, and spot machines at the on-demand price."""
    unchecked: float
    """The part of ``monthly`` by prices that were compared with no source."""
    items: Sequence[Item]
    """The bill after the run."""
    unknown: Sequence[str]
    """Changed resources whose price the table does not have."""
    usage: Sequence[str]
    """Changed resources that are charged by use."""

    def of_site(self, name: str) -> float:
        """Return the priced part of one site's bill after the run."""
        return sum(item.monthly or 0.0 for item in self.items if item.site == name)


def estimate(plan: Plan, table: Table) -> Estimate:
    """Price the plan."""
    before, after = bill(plan.before, table), bill(plan.after, table)
    changes = _distinct(item for item in (*after, *before) if item.urn in plan.changes)
    monthly = sum(item.monthly or 0.0 for item in after)
    return Estimate(
        currency=table.currency,
        prices_of=table.date.isoformat(),
        delta=monthly - sum(item.monthly or 0.0 for item in before),
        monthly=monthly,
        maximum=sum(item.maximum or 0.0 for item in after),
        unchecked=sum(item.monthly or 0.0 for item in after if not item.is_checked),
        items=after,
        unknown=[
            f"{item.resource}: {item.description}" for item in changes if item.monthly is None and item.description
        ],
        usage=[f"{item.resource}: {item.usage}" for item in changes if item.usage],
    )


def _distinct(items: Iterable[Item]) -> list[Item]:
    """Return one entry for an item that is on both bills."""
    return list({(item.urn, item.description, item.usage): item for item in items}.values())


def bill(resources: Sequence[Resource], table: Table) -> list[Item]:
    """Return all items that these resources are charged for."""
    return [item for resource in resources for item in _items(resource, resources, table)]


def _items(resource: Resource, resources: Sequence[Resource], table: Table) -> Iterator[Item]:
    lines = table.resources.get(resource.type)
    machines = pools.of(resource, resources)
    if lines is not None:
        yield _line_item(resource, lines, table)
    for pool in machines or ():
        yield from _pool_items(resource, pool, table)
    if lines is not None or machines is not None:
        return
    if resource.type in (volumes.SET, volumes.CLAIM) and resource.cloud:
        for claim in volumes.of(resource, resources, table):
            yield _volumes_item(resource, claim, table)
    elif resource.type == _SERVICE and resource.cloud:
        yield from _service_items(resource, table)
    elif table.free_because(resource.type):
        return
    elif usage := table.used(resource.type):
        yield _item(resource, "", 0.0, usage=usage)
    else:
        yield _item(resource, "not in the table of prices", None)


def _item(
    resource: Resource,
    description: str,
    monthly: float | None,
    *,
    maximum: float | None = None,
    usage: str = "",
    is_checked: bool = True,
) -> Item:
    return Item(
        urn=resource.urn,
        resource=f"{resource.type} {resource.name}",
        site=resource.site,
        description=description,
        monthly=monthly,
        maximum=monthly if maximum is None else maximum,
        usage=usage,
        is_checked=is_checked,
    )


def _line_item(resource: Resource, lines: Sequence[Line], table: Table) -> Item:
    line = next((line for line in lines if _applies(line, resource.inputs)), None)
    if line is None:
        inputs = ", ".join(f"{path} {_text(value(resource.inputs, path))}" for path in lines[0].conditions)
        return _item(resource, f"not in the table of prices with {inputs}", None)
    monthly = _monthly(line, resource, table)
    description = line.title if monthly is not None else f"{line.title} in {_region(resource)}"
    return _item(resource, description, monthly, usage=line.usage, is_checked=line.source != UNCHECKED)


def _applies(line: Line, inputs: Mapping[str, Any]) -> bool:
    return all(value(inputs, path) == expected for path, expected in line.conditions.items())


def _text(content: Any) -> str:
    return "that is not known yet" if is_unknown(content) else str(content)


def _region(resource: Resource) -> str:
    return resource.region or "an unknown region"


def _monthly(line: Line, resource: Resource, table: Table) -> float | None:
    """Return a line's monthly price; None if one of its prices or numbers is unknown."""
    number = count(value(resource.inputs, line.per_input), line.otherwise) if line.per_input else 1
    parts = [(line.hour, table.hours_a_month, number), (line.month, 1, number)]
    if line.plus is not None:
        parts.append((line.plus.month, 1, count(value(resource.inputs, line.plus.per_input))))
    total = 0.0
    for prices, factor, amount in parts:
        if prices is None:
            continue
        price = price_in(prices, resource.region)
        if price is None or amount is None:
            return None
        total += price * factor * amount
    return total


def _pool_items(resource: Resource, pool: pools.Machines, table: Table) -> Iterator[Item]:
    if pool.maximum == 0:
        return
    kind = pool.instance or "an unknown type"
    if pool.minimum is None or pool.maximum is None:
        yield _item(resource, f"a number of machines of {kind} that is not known yet", None)
        return
    number = f"{pool.minimum} to {pool.maximum}" if pool.minimum != pool.maximum else str(pool.minimum)
    price = table.machine(resource.cloud, pool.instance, resource.region)
    if pool.spot:
        maximum = None if price is None else price.month * pool.maximum
        bound = "" if maximum is None else f", {maximum:,.0f} {table.currency} per month at most"
        usage = f"{number} spot machines of {kind} at the market's price{bound}"
        yield _item(resource, f"{number} spot machines of {kind}", 0.0, maximum=maximum, usage=usage)
    else:
        yield _counted_item(resource, f"{number} machines of {kind}", price, pool.minimum, pool.maximum)
    if pool.disk != "none":
        description = f"{number} disks of {_size(pool.disk_gib)} {pool.disk or 'of an unknown kind'}"
        price = table.disk(resource.cloud, pool.disk, pool.disk_gib, resource.region)
        yield _counted_item(resource, description, price, pool.minimum, pool.maximum)


def _size(gib: int | None) -> str:
    return "a size that is not known yet" if gib is None else f"{gib} GiB"


def _counted_item(resource: Resource, description: str, price: Price | None, minimum: int, maximum: int) -> Item:
    if price is None:
        return _item(resource, f"{description} in {_region(resource)}", None)
    return _item(
        resource,
        description,
        price.month * minimum,
        maximum=price.month * maximum,
        is_checked=price.is_checked,
    )


def _volumes_item(resource: Resource, claim: volumes.Volumes, table: Table) -> Item:
    description = f"volumes of {_size(claim.gib)} {claim.kind or 'of an unknown kind'}"
    if claim.count is None:
        return _item(resource, f"a number of {description} that is not known yet", None)
    price = table.disk(resource.cloud, claim.kind, claim.gib, resource.region)
    return _counted_item(resource, f"{claim.count} {description}", price, claim.count, claim.count)


def _service_items(resource: Resource, table: Table) -> Iterator[Item]:
    kind = value(resource.inputs, "spec.type")
    if kind == "LoadBalancer":
        price = price_in(table.services.get(resource.cloud), resource.region)
        monthly = None if price is None else price * table.hours_a_month
        region = "" if monthly is not None else f" in {resource.region}"
        yield _item(resource, f"load balancer{region}", monthly, usage="bytes through it", is_checked=False)
    elif is_unknown(kind):
        yield _item(resource, "a service of a type that is not known yet", None)
