"""From a plan to what it changes on the bill: pure, and honest about what it does not know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pouw.cost import pools, volumes
from pouw.cost.plan import Plan, Resource, is_unknown, value
from pouw.cost.table import UNCHECKED, Line, Price, Table, at, count

_SERVICE = "kubernetes:core/v1:Service"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing on the bill. Without ``monthly`` its price is not known."""

    urn: str
    resource: str
    """Type and name."""
    site: str
    what: str
    monthly: float | None
    """A pool at its minimum, without spot machines: their market has no price that stands."""
    maximum: float | None
    """A pool at its maximum, with spot machines at the price on demand, which they never exceed."""
    usage: str = ""
    """What comes on top by use."""
    checked: bool = True
    """Whether its price was compared with its source."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a plan costs."""

    currency: str
    prices_of: str
    """When the prices were last compared with their sources."""
    delta: float
    """What the known part of the bill changes by, a month."""
    monthly: float
    """The known part after the run, a month."""
    maximum: float
    """The same with every pool at its maximum, and spot machines at the price on demand."""
    unchecked: float
    """Of the known part, what stands on prices that were compared with nothing."""
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
        unchecked=sum(one.monthly or 0.0 for one in after if not one.checked),
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
    if resource.type in (volumes.SET, volumes.CLAIM) and resource.cloud:
        for claimed in volumes.of(resource, others, table):
            yield _volumes_item(resource, claimed, table)
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
    what: str,
    monthly: float | None,
    *,
    maximum: float | None = None,
    usage: str = "",
    checked: bool = True,
) -> Item:
    return Item(
        urn=resource.urn,
        resource=f"{resource.type} {resource.name}",
        site=resource.site,
        what=what,
        monthly=monthly,
        maximum=monthly if maximum is None else maximum,
        usage=usage,
        checked=checked,
    )


def _line_item(resource: Resource, lines: Sequence[Line], table: Table) -> Item:
    line = next((one for one in lines if _holds(one, resource.inputs)), None)
    if line is None:
        told = ", ".join(f"{path} {_told(value(resource.inputs, path))}" for path in lines[0].when)
        return _item(resource, f"not in the table of prices with {told}", None)
    monthly = _monthly(line, resource, table)
    what = line.what if monthly is not None else f"{line.what} in {resource.region or 'an unknown region'}"
    return _item(resource, what, monthly, usage=line.usage, checked=line.source != UNCHECKED)


def _holds(line: Line, inputs: Mapping[str, Any]) -> bool:
    return all(value(inputs, path) == wanted for path, wanted in line.when.items())


def _told(found: Any) -> str:
    return "that is not known yet" if is_unknown(found) else str(found)


def _monthly(line: Line, resource: Resource, table: Table) -> float | None:
    """A line's month; none where a price or a number of it is not known."""
    many = count(value(resource.inputs, line.each), line.otherwise) if line.each else 1
    parts = [(line.hour, table.hours_a_month, many), (line.month, 1, many)]
    if line.plus is not None:
        parts.append((line.plus.month, 1, count(value(resource.inputs, line.plus.each))))
    total = 0.0
    for prices, times, number in parts:
        if prices is None:
            continue
        price = at(prices, resource.region)
        if price is None or number is None:
            return None
        total += price * times * number
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
        most = None if price is None else price.month * pool.maximum
        bound = "" if most is None else f", {most:,.0f} {table.currency} a month at most"
        usage = f"{number} spot machines of {kind} at the market's price{bound}"
        yield _item(resource, f"{number} spot machines of {kind}", 0.0, maximum=most, usage=usage)
    else:
        yield _each(resource, f"{number} machines of {kind}", price, pool.minimum, pool.maximum)
    if pool.disk != "none":
        what = f"{number} disks of {_sized(pool.disk_gib)} {pool.disk or 'of an unknown kind'}"
        price = table.disk(resource.cloud, pool.disk, pool.disk_gib, resource.region)
        yield _each(resource, what, price, pool.minimum, pool.maximum)


def _sized(gib: int | None) -> str:
    return "a size that is not known yet" if gib is None else f"{gib} GiB"


def _each(resource: Resource, what: str, price: Price | None, least: int, most: int) -> Item:
    if price is None:
        return _item(resource, f"{what} in {resource.region or 'an unknown region'}", None)
    return _item(resource, what, price.month * least, maximum=price.month * most, checked=price.checked)


def _volumes_item(resource: Resource, claimed: volumes.Volumes, table: Table) -> Item:
    what = f"volumes of {_sized(claimed.gib)} {claimed.kind or 'of an unknown kind'}"
    if claimed.count is None:
        return _item(resource, f"a number of {what} that is not known yet", None)
    price = table.disk(resource.cloud, claimed.kind, claimed.gib, resource.region)
    return _each(resource, f"{claimed.count} {what}", price, claimed.count, claimed.count)


def _service_items(resource: Resource, table: Table) -> Iterator[Item]:
    kind = value(resource.inputs, "spec.type")
    if kind == "LoadBalancer":
        price = at(table.services.get(resource.cloud), resource.region)
        monthly = None if price is None else price * table.hours_a_month
        where = "" if monthly is not None else f" in {resource.region}"
        yield _item(resource, f"load balancer{where}", monthly, usage="bytes through it", checked=False)
    elif is_unknown(kind):
        yield _item(resource, "a service of a type that is not known yet", None)
