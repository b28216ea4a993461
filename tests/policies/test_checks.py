"""Tests of the messages of the ready-made checks, which most violations come from."""

from __future__ import annotations

from typing import Any

import pytest

from policies.checks import (
    Check,
    may_be,
    may_be_at_least,
    must_be,
    must_be_at_least,
    must_be_at_most,
    must_be_set,
    must_match,
    must_not_be,
    must_not_be_set,
)


@pytest.mark.parametrize(
    ("check", "props", "message"),
    [
        (must_be("a.b", True), {}, "a.b: is missing; got nothing; expected true"),
        (must_be("a", "x", "y"), {"a": "z"}, "a: is not allowed; got z; expected x or y"),
        (may_be("a[*]", 1.0), {"a": [1.0, 2.0]}, "a[1]: is not allowed; got 2; expected 1"),
        (must_not_be("a", True), {"a": True}, "a: is not allowed; got true; expected false"),
        (must_not_be("a", "x", "y"), {"a": "y"}, "a: is not allowed; got y; expected not x or y"),
        (must_be_set("a"), {"a": []}, "a: is empty; got an empty value; expected a value"),
        (must_not_be_set("a"), {"a": "secret"}, "a: is not allowed; got a value; expected nothing"),
        (must_be_at_least("a", 7), {"a": 1.0}, "a: is too low; got 1; expected at least 7"),
        (may_be_at_least("a", 7), {"a": 1.0}, "a: is too low; got 1; expected at least 7"),
        (must_be_at_most("a", 1), {"a": 2.5}, "a: is too high; got 2.5; expected at most 1"),
        (must_match("a", "x+", "a row of x"), {"a": "y"}, "a: is not allowed; got y; expected a row of x"),
    ],
)
def test_a_violation_states_the_problem_the_value_and_the_expectation(
    check: Check, props: dict[str, Any], message: str
) -> None:
    assert list(check(props)) == [message]
