"""Structural changes between two objects, in the engine's terms: a property path and what happens to it.

Objects are compared key by key, lists element by element; something that is new as a whole is one addition at its own
path. Unknown new values count as changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pouw.engine.plugins.core.properties import UNKNOWN, Value

Path = tuple[str | int, ...]


class ChangeKind(Enum):
    """The kind of a change."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One property that differs. ``value`` is its new value; None for a removal."""

    path: Path
    kind: ChangeKind
    value: Value = None
    replaces: bool = False

    @property
    def name(self) -> str:
        """Path as the engine writes it: ``spec.containers[0]["a.b"]``."""
        return path_text(self.path)


class _Absent:
    pass


_ABSENT: Final = _Absent()


def changes(old: Mapping[str, Value], new: Mapping[str, Value]) -> list[Change]:
    """Return the changes from ``old`` to ``new``. Neither may hold secrets; ``new`` may hold unknown values."""
    return list(_object_changes((), old, new))


def _object_changes(path: Path, old: Mapping[str, Value], new: Mapping[str, Value]) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        yield from _value_changes((*path, key), _value_at(old, key), _value_at(new, key))


def _value_at(mapping: Mapping[str, Value], key: str) -> Value:
    value = mapping.get(key)
    return _ABSENT if value is None else value


def _value_changes(path: Path, old: Value, new: Value) -> Iterator[Change]:
    if old is _ABSENT and new is _ABSENT:
        return
    if new is _ABSENT:
        yield Change(path=path, kind=ChangeKind.DELETE)
    elif old is _ABSENT:
        yield Change(path=path, kind=ChangeKind.ADD, value=new)
    elif new is UNKNOWN:
        yield Change(path=path, kind=ChangeKind.UPDATE, value=new)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _object_changes(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _value_changes(
                (*path, index),
                old[index] if index < len(old) else _ABSENT,
                new[index] if index < len(new) else _ABSENT,
            )
    elif not _is_equal(old, new):
        yield Change(path=path, kind=ChangeKind.UPDATE, value=new)


def _is_equal(old: Value, new: Value) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    return bool(old == new)


def path_text(path: Path) -> str:
    """Return a path as the engine writes and parses it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif any(letter in step for letter in '."[]'):
            escaped = step.replace('"', '\\"')
            text += f'["{escaped}"]'
        else:
            text += f".{step}" if text else step
    return text


def parse_path(text: str) -> Path:
    """Return the path that :func:`path_text` wrote; ``*`` steps stay as text.

    Raises:
        ValueError: the text is not a path.
    """
    steps: list[str | int] = []
    pending = text
    while pending:
        if pending.startswith('["'):
            end = pending.find('"]')
            while end > 0 and pending[end - 1] == "\\":
                end = pending.find('"]', end + 1)
            if end < 0:
                raise ValueError(f"{text!r}: a quoted step has no end")
            steps.append(pending[2:end].replace('\\"', '"'))
            pending = pending[end + 2 :]
        elif pending.startswith("["):
            step, closed, pending = pending[1:].partition("]")
            if not closed:
                raise ValueError(f"{text!r}: an index has no end")
            steps.append(int(step) if step.isdigit() else step)
        else:
            pending = pending.removeprefix(".")
            ends = [index for mark in ".[" if (index := pending.find(mark)) >= 0]
            end = min(ends, default=len(pending))
            steps.append(pending[:end])
            pending = pending[end:]
    return tuple(steps)


def contains(pattern: Path, path: Path) -> bool:
    """True if ``path`` is at or below ``pattern``; a ``*`` step matches any one step."""
    return len(pattern) <= len(path) and all(
        expected in ("*", step) for expected, step in zip(pattern, path, strict=False)
    )


def without_ignored(differences: Iterable[Change], ignored: Sequence[str]) -> list[Change]:
    """Return the changes that the paths of ``ignoreChanges`` do not cover."""
    patterns = [parse_path(text) for text in ignored]
    return [change for change in differences if not any(contains(pattern, change.path) for pattern in patterns)]


def touches(change: Change, pattern: Path) -> bool:
    """True if a change is at ``pattern``, below it, or adds an object that holds it."""
    shared = min(len(pattern), len(change.path))
    if not contains(pattern[:shared], change.path[:shared]):
        return False
    return len(pattern) <= len(change.path) or _holds(change.value, pattern[shared:])


def _holds(value: Value, pattern: Path) -> bool:
    if not pattern:
        return value is not None
    step, remaining = pattern[0], pattern[1:]
    if step == "*":
        items = value if isinstance(value, list) else list(value.values()) if isinstance(value, Mapping) else []
        return any(_holds(item, remaining) for item in items)
    return isinstance(value, Mapping) and step in value and _holds(value[step], remaining)
