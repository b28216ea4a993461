"""Faults between the slots of a stack: names, the active slot and the weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from infra.faults import Fault

_SLOTS: Final = "pouw:slots"
_FULL_WEIGHT: Final = 100


def faults(values: Mapping[str, object]) -> Iterator[Fault]:
    """Yield the faults between the slots of a stack's raw values (keys without the ``pouw:`` prefix)."""
    slots = values.get("slots", [{"name": "blue"}])
    if slots == []:
        yield Fault(path=_SLOTS, message="is empty", got="[]", expected="at least 1 slot")
    # A value of another type is a fault of its own, which the settings' types report.
    if not isinstance(slots, list) or not slots or not all(isinstance(slot, Mapping) for slot in slots):
        return
    names = [slot.get("name") for slot in slots]
    for index, name in enumerate(names):
        if name is not None and name in names[:index]:
            path = f"{_SLOTS}[{index}].name"
            yield Fault(path=path, message="is used by two slots", got=repr(name), expected="a unique name")
    active = [str(slot.get("name")) for slot in slots if slot.get("active", True) is True]
    if len(active) != 1:
        yield Fault(
            path=_SLOTS,
            message="does not have one active slot",
            got=f"{len(active)} active slots" + (f" ({', '.join(active)})" if active else ""),
            expected="exactly 1 slot with active: true",
            reason="other sites connect to the nodes of the active slot",
        )
    weights = [slot.get("weight", _FULL_WEIGHT) for slot in slots]
    if all(type(weight) is int for weight in weights) and sum(weights) != _FULL_WEIGHT:
        yield Fault(
            path=_SLOTS,
            message="does not share all requests among its slots",
            got=f"weights {' + '.join(map(str, weights))} = {sum(weights)}",
            expected=f"weights whose sum is {_FULL_WEIGHT}",
            reason="a weight is a percentage of the requests",
        )
