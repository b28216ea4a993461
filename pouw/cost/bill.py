"""An estimate in lines for people and in the documented JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pouw.cost.estimate import Estimate


def change(cost: Estimate) -> str:
    """The change of what is known, and how much is not: ``+1,234 USD and 3 unknown``."""
    delta = round(cost.delta)
    if not delta and cost.unknown:
        return f"{len(cost.unknown)} unknown"
    return f"{delta:+,d} {cost.currency}" + (f" and {len(cost.unknown)} unknown" if cost.unknown else "")


def lines(cost: Estimate) -> Iterator[str]:
    """What changes a month, and each thing whose price is not known; nothing where nobody is charged."""
    if not (cost.items or cost.unknown):
        return
    yield (
        f"cost a month: {change(cost)}; then {cost.monthly:,.0f} {cost.currency}, {cost.maximum:,.0f} with every pool "
        f"at its maximum and spot machines at the price on demand; {len(cost.usage)} things by use; "
        f"prices of {cost.prices_of}, {cost.unchecked:,.0f} {cost.currency} by prices that nobody compared"
    )
    for one in cost.unknown:
        yield f"  unknown price: {one}"


def as_json(cost: Estimate | None) -> Mapping[str, Any]:
    """The ``cost`` part of a stack's document."""
    if cost is None:
        return {"monthly_delta": None, "unknown": [], "usage": []}
    return {
        "monthly_delta": round(cost.delta, 2),
        "monthly": round(cost.monthly, 2),
        "monthly_maximum": round(cost.maximum, 2),
        "unchecked": round(cost.unchecked, 2),
        "currency": cost.currency,
        "prices_of": cost.prices_of,
        "unknown": list(cost.unknown),
        "usage": list(cost.usage),
        "items": [
            {
                "resource": one.urn,
                "site": one.site,
                "what": one.what,
                "monthly": round(one.monthly, 2),
                "monthly_maximum": round(one.maximum or 0.0, 2),
            }
            for one in cost.items
            if one.monthly is not None and one.maximum
        ],
    }
