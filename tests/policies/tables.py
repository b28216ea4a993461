"""Cases as rows of a table: the rule, compliant properties, and the property that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from policies.rule import AnyRule
from tests.policies.contract import Case


def of(rules: Iterable[AnyRule]) -> Callable[..., Case]:
    """Return a factory of cases that names one of these rules by its id. Further fields of a case are keywords."""
    by_id = {rule.id: rule for rule in rules}

    def case(rule: str, compliant: Mapping[str, Any], path: str, broken_value: Any, **fields: Any) -> Case:
        return Case(rule=by_id[rule], compliant=compliant, path=path, broken_value=broken_value, **fields)

    return case
