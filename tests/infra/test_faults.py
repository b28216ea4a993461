"""Faults: the order of their parts, and lists of choices that stay short enough to read."""

from __future__ import annotations

from infra.aws.regions import ZONES
from infra.faults import Fault, choices, excerpt


def test_a_fault_prints_its_parts_in_one_order() -> None:
    fault = Fault(
        path="pouw:contacts",
        message="is empty",
        got="[]",
        expected="a mail address",
        reason="a budget needs a reader",
        remedy="add one",
    )
    assert str(fault) == (
        "pouw:contacts: is empty; got []; expected a mail address, because a budget needs a reader; add one"
    )


def test_a_reason_without_an_expected_value_follows_what_is_wrong() -> None:
    fault = Fault(path="pouw:sites", message="is refused", reason="the cloud is full")
    assert str(fault) == "pouw:sites: is refused, because the cloud is full"


def test_ten_choices_are_listed_in_full() -> None:
    assert choices("abcdefghij", "k") == "a, b, c, d, e, f, g, h, i, j"


def test_more_than_ten_choices_are_cut_to_the_closest_three() -> None:
    assert choices(ZONES, "us-east-3") == "us-east-2, us-east-1, us-west-2 (the closest of 21)"
    assert choices(range(11)).endswith("(the closest of 11)"), "a value that is not shown still gets three"


def test_a_long_value_is_cut_to_one_line() -> None:
    assert excerpt("x" * 100) == f"'{'x' * 76}..."
    assert excerpt("a\nb") == r"'a\nb'"
