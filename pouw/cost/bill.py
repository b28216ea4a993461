"""The output of an estimate: lines for a terminal, and the documented JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pouw.cost.estimate import Estimate


def change(cost: Estimate) -> str:
    """Return the change of the priced part and the number of unknown prices: ``+1,234 USD and 3 unknown``."""
    delta = round(cost.delta)
    if not delta and cost.unknown:
        return f"{len(cost.unknown)} unknown"
    return f"{delta:+,d} {cost.currency}" + (f" and {len(cost.unknown)} unknown" if cost.unknown else "")


def lines(cost: Estimate) -> Iterator[str]:
    """Yield the monthly change and each unknown price; nothing for a plan without cost."""
    if not (cost.items or cost.unknown):
        return
    yield (
        f"monthly cost: {change(cost)}; then {cost.monthly:,.0f} {cost.currency}, {cost.maximum:,.0f} with every pool "
        f"at its maximum and spot machines at the on-demand price; {len(cost.usage)} items charged by use; "
        f"prices of {cost.prices_of}, {cost.unchecked:,.0f} {cost.currency} by unchecked prices"
    )
    for text in cost.unknown:
        yield f"  unknown price: {text}"


def as_json(cost: Estimate | None) -> Mapping[str, Any]:
    """Return the ``cost`` part of a stack's document."""
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
                "resource": item.urn,
                "site": item.site,
                "what": item.description,
                "monthly": round(item.monthly, 2),
                "monthly_maximum": round(item.maximum or 0.0, 2),
            }
            for item in cost.items
            if item.monthly is not None and item.maximum
        ],
    }
