"""Rules about a tiny program's parts, for tests of the gate: one value in the pack's process and the test's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies import catalogue
from policies.checks import must_be, must_be_at_most
from policies.rule import Absence, Addition, AnyRule, FixContext, Level, Rule, Severity, StackRule
from policies.stack import Resource, Stack

PART = "tiny:x:Part"
_REFERENCE = "https://example.org/rules"


def _rule(name: str, check: Any, level: Level = Level.MANDATORY, fix: Any = None) -> Rule:
    return Rule(
        id=name,
        types=(PART,),
        severity=Severity.HIGH,
        level=level,
        absent=Absence.DENY,
        why="Parts must fit.",
        remedy="Make it fit.",
        reference=_REFERENCE,
        check=check,
        fix=fix,
    )


def _paints(props: Mapping[str, Any], context: FixContext) -> Iterator[Addition]:
    if "site" in context.tags:
        yield "colour", "blue" if props["size"] else "red"


def _crashes_on_zero(props: Mapping[str, Any]) -> Iterator[str]:
    if 1 / props["size"] > 1:
        yield "size: is too small"


def _has_one_name(part: Resource, stack: Stack) -> Iterator[str]:
    twins = [one for one in stack.of_type(PART) if one.props["label"] == part.props["label"]]
    if len(twins) > 1:
        yield f"label: {len(twins)} parts carry {part.props['label']}"


SIZE = _rule("pouw-tiny-part-limit-size", must_be_at_most("size", 3))
COLOUR = _rule("pouw-tiny-part-match-colour", must_be("colour", "red", "blue"), fix=_paints)
INVERSE = _rule("pouw-tiny-part-limit-inverse", _crashes_on_zero)
FINISH = _rule("pouw-tiny-part-require-finish", must_be("finish", "matt"), Level.ADVISORY)
LABEL = StackRule(
    id="pouw-tiny-part-require-label",
    types=(PART,),
    severity=Severity.LOW,
    absent=Absence.DENY,
    why="Two parts of one label are mixed up.",
    remedy="Label it anew.",
    reference=_REFERENCE,
    check=_has_one_name,
)
RULES: tuple[AnyRule, ...] = (SIZE, COLOUR, INVERSE, FINISH, LABEL)
BY_ID = {rule.id: rule for rule in RULES}
_INDEX = catalogue.index_by_type(RULES)


def rules_for(token: str) -> Sequence[AnyRule]:
    """Return the rules about a type."""
    return _INDEX.get(token, ())
