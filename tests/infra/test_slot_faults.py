"""Slots of a stack: accepted lists, and the faults between slots."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings.loader import parse
from tests.infra.test_settings import COMPLIANT, faults

BLUE = {"name": "blue", "active": True, "weight": 90}
GREEN = {"name": "green", "active": False, "weight": 10}


def test_blue_is_the_only_slot_by_default() -> None:
    [slot] = parse(COMPLIANT).slots
    assert (slot.name, slot.active, slot.weight) == ("blue", True, 100)


def test_two_slots_share_the_requests() -> None:
    slots = parse({**COMPLIANT, "slots": [BLUE, GREEN]}).slots
    assert [(slot.name, slot.active, slot.weight) for slot in slots] == [("blue", True, 90), ("green", False, 10)]


@pytest.mark.parametrize(
    ("slots", "path", "message"),
    [
        ([], "pouw:slots", "got []; expected at least 1 slot"),
        ([BLUE, {**GREEN, "name": "blue"}], "pouw:slots[1].name", "is used by two slots"),
        ([BLUE, {**GREEN, "active": True}], "pouw:slots", "got 2 active slots (blue, green)"),
        ([{**BLUE, "active": False}, GREEN], "pouw:slots", "got 0 active slots"),
        ([BLUE, {**GREEN, "weight": 20}], "pouw:slots", "got weights 90 + 20 = 110"),
        ([{"name": "blue", "weight": 50}], "pouw:slots", "weights whose sum is 100"),
        ([{"name": "red"}], "pouw:slots[0].name", "'blue' or 'green'"),
        ([{"name": "blue", "weight": "100"}], "pouw:slots[0].weight", "a valid integer"),
        ("blue", "pouw:slots", "array"),
    ],
)
def test_a_fault_of_slots_names_its_path_and_the_limit(slots: Any, path: str, message: str) -> None:
    [fault] = faults(slots=slots)
    assert fault.startswith(f"{path}: ")
    assert message in fault
