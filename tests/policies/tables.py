"""Cases as rows of a table: which rule, what complies, what is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from policies.rule import AnyRule
from tests.policies.contract import Case


def of(rules: Iterable[AnyRule]) -> Callable[..., Case]:
    """What makes a case of one of these rules, by its id; further fields of a case are given by name."""
    known = {rule.id: rule for rule in rules}

    def case(rule: str, compliant: Mapping[str, Any], at: str, broken: Any, **fields: Any) -> Case:
        return Case(rule=known[rule], compliant=compliant, at=at, broken=broken, **fields)

    return case
