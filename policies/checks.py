"""Ready-made checks of one property: its path, and the values that it must or must not have.

A path is written ``a.b[*].c``: ``[*]`` selects every element, ``[0]`` one. ``must_…`` denies absence
(``Absence.DENY``), ``may_…`` and ``must_not_…`` allow it. ``None`` counts as missing. A violation reads
``path: what is wrong; got X; expected Y``. No check catches the exception that an unknown value raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar

Check: TypeAlias = Callable[[Mapping[str, Any]], Iterator[str]]

T = TypeVar("T")
MISSING: Final = object()
_STEP = re.compile(r"[^.\[\]]+|\[\*\]|\[\d+\]")


def steps_of(path: str) -> list[str]:
    """Return the steps of a path: names, and ``[*]`` or ``[0]``."""
    return _STEP.findall(path)


def join(path: str, *steps: str) -> str:
    """Return the path extended by the steps. The empty path is the resource itself."""
    for step in steps:
        path += step if step.startswith("[") or not path else f".{step}"
    return path


def find(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every value at the path with its own path; ``MISSING`` where the path ends early."""
    yield from _walk(node, steps_of(path), "")


def _walk(node: Any, steps: Sequence[str], path: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield path, MISSING if node is None else node
        return
    step, remaining = steps[0], steps[1:]
    if node is None or node is MISSING:
        yield join(path, *steps), MISSING
    elif step == "[*]":
        if not len(node):
            yield join(path, *steps), MISSING
        for index in range(len(node)):
            yield from _walk(node[index], remaining, f"{path}[{index}]")
    elif step.startswith("["):
        index = int(step[1:-1])
        yield from _walk(node[index] if index < len(node) else MISSING, remaining, path + step)
    elif isinstance(node, Mapping):
        yield from _walk(node.get(step, MISSING), remaining, join(path, step))
    else:
        raise TypeError(f"{path or 'the resource'}: is not an object; got {type(node).__name__}; expected {step} in it")


def format_value(value: Any) -> str:
    """Return a value as a message shows it."""
    if value is None or value is MISSING:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(format_value, value)) or "nothing"
    return str(value)


def _check(path: str, *, expected: str, absent: bool, problem_of: Callable[[Any], str | None]) -> Check:
    """Return a check of every value at the path. ``absent``: a missing value is a violation.

    ``problem_of`` returns what is wrong with a value together with the value, or None.
    """

    def check(props: Mapping[str, Any]) -> Iterator[str]:
        for value_path, value in find(props, path):
            missing = "is missing; got nothing" if absent else None
            if problem := missing if value is MISSING else problem_of(value):
                yield f"{value_path}: {problem}; expected {expected}"

    return check


def _differs(expected: tuple[Any, ...]) -> Callable[[Any], str | None]:
    return lambda value: None if value in expected else f"is not allowed; got {format_value(value)}"


def must_be(path: str, *expected: Any) -> Check:
    """Return a check that the value is one of those expected; missing is a violation."""
    return _check(path, expected=_alternatives(expected), absent=True, problem_of=_differs(expected))


def may_be(path: str, *expected: Any) -> Check:
    """Return a check that the value, where present, is one of those expected."""
    return _check(path, expected=_alternatives(expected), absent=False, problem_of=_differs(expected))


def must_not_be(path: str, *denied: Any) -> Check:
    """Return a check that the value is not one of those denied; missing is fine."""
    return _check(
        path,
        expected=format_value(not denied[0]) if isinstance(denied[0], bool) else f"not {_alternatives(denied)}",
        absent=False,
        problem_of=lambda value: f"is not allowed; got {format_value(value)}" if value in denied else None,
    )


def must_be_set(path: str) -> Check:
    """Return a check that a value exists and is not empty."""
    return _check(
        path,
        expected="a value",
        absent=True,
        problem_of=lambda value: "is empty; got an empty value" if _is_empty(value) else None,
    )


def must_not_be_set(path: str) -> Check:
    """Return a check that no value exists, or an empty one. The message does not contain the value."""
    return _check(
        path,
        expected="nothing",
        absent=False,
        problem_of=lambda value: None if _is_empty(value) else "is not allowed; got a value",
    )


def must_be_at_least(path: str, minimum: float) -> Check:
    """Return a check that the number is not below the minimum; missing is a violation."""
    return _check(path, expected=f"at least {minimum:g}", absent=True, problem_of=_below(minimum))


def may_be_at_least(path: str, minimum: float) -> Check:
    """Return a check that the number, where present, is not below the minimum."""
    return _check(path, expected=f"at least {minimum:g}", absent=False, problem_of=_below(minimum))


def _below(minimum: float) -> Callable[[Any], str | None]:
    return lambda value: None if float(value) >= minimum else f"is too low; got {float(value):g}"


def must_be_at_most(path: str, maximum: float) -> Check:
    """Return a check that the number is not above the maximum; missing is a violation."""
    return _check(
        path,
        expected=f"at most {maximum:g}",
        absent=True,
        problem_of=lambda value: None if float(value) <= maximum else f"is too high; got {float(value):g}",
    )


def must_match(path: str, pattern: str, expected: str) -> Check:
    """Return a check that the text matches the whole pattern, which ``expected`` describes; missing is a violation."""
    form = re.compile(pattern)
    return _check(
        path,
        expected=expected,
        absent=True,
        problem_of=lambda value: None if form.fullmatch(str(value)) else f"is not allowed; got {value}",
    )


def all_of(*checks: Check) -> Check:
    """Return a check that yields the violations of every check."""

    def check_all(props: Mapping[str, Any]) -> Iterator[str]:
        for check in checks:
            yield from check(props)

    return check_all


def exists(candidates: Iterable[T], holds: Callable[[T], bool]) -> bool:
    """True if the predicate holds for one of the candidates, even if values of others are unknown.

    Raises:
        UnknownValueError: It holds for none of those whose values are known.
    """
    # Imported here, because commands that only list rules run none, and loading the SDK takes as long as all rules.
    from pulumi_policy.proxy import UnknownValueError

    unknown: UnknownValueError | None = None
    for candidate in candidates:
        try:
            if holds(candidate):
                return True
        except UnknownValueError as error:
            unknown = error
    if unknown is not None:
        raise unknown
    return False


def read_or(read: Callable[[], T], fallback: T) -> T:
    """Return the value, or the fallback while the value is unknown. Only for a value that another rule vouches for."""
    from pulumi_policy.proxy import UnknownValueError

    try:
        return read()
    except UnknownValueError:
        return fallback


def _alternatives(values: tuple[Any, ...]) -> str:
    return " or ".join(map(format_value, values))


def _is_empty(value: Any) -> bool:
    return isinstance(value, Mapping | Sequence) and len(value) == 0
