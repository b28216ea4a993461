"""The shapes that most rules have, ready made: a path, and what its value must or must not be.

Paths are written ``a.b[*].c``: ``[*]`` stands for every element, ``[0]`` for one. ``must_…`` denies absence
(``Absence.DENY``), ``may_…`` and ``must_not_…`` allow it. A value that is ``None`` counts as missing. No check
catches the exception that an unknown value raises.
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
    """The path taken apart: names, and ``[*]`` or ``[0]``."""
    return _STEP.findall(path)


def find(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value at the path with its own path; ``MISSING`` where the way to it ends early."""
    yield from _walk(node, steps_of(path), "")


def _walk(node: Any, steps: Sequence[str], at: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield at, MISSING if node is None else node
        return
    step, rest = steps[0], steps[1:]
    if node is None or node is MISSING:
        yield _joined(at, steps), MISSING
    elif step == "[*]":
        if not len(node):
            yield _joined(at, steps), MISSING
        for index in range(len(node)):
            yield from _walk(node[index], rest, f"{at}[{index}]")
    elif step.startswith("["):
        index = int(step[1:-1])
        yield from _walk(node[index] if index < len(node) else MISSING, rest, at + step)
    elif isinstance(node, Mapping):
        yield from _walk(node.get(step, MISSING), rest, f"{at}.{step}" if at else step)
    else:
        raise TypeError(f"{at or 'the resource'} holds {type(node).__name__} where {step} is looked for")


def _joined(at: str, steps: Sequence[str]) -> str:
    for step in steps:
        at += step if step.startswith("[") or not at else f".{step}"
    return at


def _check(path: str, *, absent: str | None, wrong: Callable[[Any], str | None]) -> Check:
    def check(props: Mapping[str, Any]) -> Iterator[str]:
        for at, value in find(props, path):
            said = absent if value is MISSING else wrong(value)
            if said:
                yield f"{at}: {said}"

    return check


def _differs(expected: tuple[Any, ...]) -> Callable[[Any], str | None]:
    words = " or ".join(map(str, expected))
    return lambda value: None if value in expected else f"is {value}, and must be {words}"


def must_be(path: str, *expected: Any) -> Check:
    """The value is one of those expected; missing is a violation."""
    return _check(path, absent=f"is missing, and must be {' or '.join(map(str, expected))}", wrong=_differs(expected))


def may_be(path: str, *expected: Any) -> Check:
    """The value, where there is one, is one of those expected."""
    return _check(path, absent=None, wrong=_differs(expected))


def must_not_be(path: str, *refused: Any) -> Check:
    """The value is none of those refused; missing is fine."""
    return _check(path, absent=None, wrong=lambda value: f"is {value}" if value in refused else None)


def must_be_set(path: str) -> Check:
    """There is a value, and it is not empty."""
    return _check(path, absent="is missing", wrong=lambda value: "is empty" if _is_empty(value) else None)


def must_not_be_set(path: str) -> Check:
    """There is no value, or an empty one."""
    return _check(path, absent=None, wrong=lambda value: None if _is_empty(value) else "is set")


def must_be_at_least(path: str, least: float) -> Check:
    """The number is not below ``least``; missing is a violation."""
    return _check(
        path,
        absent=f"is missing, and must be at least {least:g}",
        wrong=lambda value: None if float(value) >= least else f"is {float(value):g}, and must be at least {least:g}",
    )


def may_be_at_least(path: str, least: float) -> Check:
    """The number, where there is one, is not below ``least``."""
    return _check(
        path,
        absent=None,
        wrong=lambda value: None if float(value) >= least else f"is {float(value):g}, and must be at least {least:g}",
    )


def must_be_at_most(path: str, most: float) -> Check:
    """The number is not above ``most``; missing is a violation."""
    return _check(
        path,
        absent=f"is missing, and must be at most {most:g}",
        wrong=lambda value: None if float(value) <= most else f"is {float(value):g}, and must be at most {most:g}",
    )


def must_match(path: str, pattern: str, words: str) -> Check:
    """The text matches the whole pattern, which ``words`` say for people; missing is a violation."""
    form = re.compile(pattern)
    return _check(
        path,
        absent=f"is missing, and must be {words}",
        wrong=lambda value: None if form.fullmatch(str(value)) else f"is {value}, and must be {words}",
    )


def both(*checks: Check) -> Check:
    """Everything that each of the checks finds."""

    def check(props: Mapping[str, Any]) -> Iterator[str]:
        for one in checks:
            yield from one(props)

    return check


def exists(items: Iterable[T], holds: Callable[[T], bool]) -> bool:
    """Whether something holds for one of the items. Known as soon as it holds for one, whatever is unknown of others.

    Raises:
        UnknownValueError: it holds for none of those of which enough is known.
    """
    # Here, where rules run: commands list rules too, and run none, and the SDK takes as long to load as all of those.
    from pulumi_policy.proxy import UnknownValueError

    unknown: UnknownValueError | None = None
    for one in items:
        try:
            if holds(one):
                return True
        except UnknownValueError as error:
            unknown = error
    if unknown is not None:
        raise unknown
    return False


def known(read: Callable[[], T], otherwise: T) -> T:
    """What is read, or ``otherwise`` while it is not known. Only for a value that something else vouches for."""
    from pulumi_policy.proxy import UnknownValueError

    try:
        return read()
    except UnknownValueError:
        return otherwise


def _is_empty(value: Any) -> bool:
    return isinstance(value, Mapping | Sequence) and len(value) == 0
