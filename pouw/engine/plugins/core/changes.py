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
    """What happens to a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One property that differs. ``value`` is what it becomes; None when it goes."""

    path: Path
    kind: ChangeKind
    value: Value = None
    replaces: bool = False

    @property
    def name(self) -> str:
        """The path as the engine writes it: ``spec.containers[0]["a.b"]``."""
        return path_text(self.path)


class _Absent:
    pass


_ABSENT: Final = _Absent()


def changes(old: Mapping[str, Value], new: Mapping[str, Value]) -> list[Change]:
    """Everything that turns ``old`` into ``new``. Neither may hold secrets; ``new`` may hold unknowns."""
    return list(_object_changes((), old, new))


def _object_changes(path: Path, old: Mapping[str, Value], new: Mapping[str, Value]) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        yield from _value_changes((*path, key), _at(old, key), _at(new, key))


def _at(mapping: Mapping[str, Value], key: str) -> Value:
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
    elif not _same(old, new):
        yield Change(path=path, kind=ChangeKind.UPDATE, value=new)


def _same(old: Value, new: Value) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    return bool(old == new)


def path_text(path: Path) -> str:
    """A path as the engine writes and parses it."""
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
    """The path that :func:`path_text` wrote; ``*`` steps stay as text. Raises ValueError for what is no path."""
    steps: list[str | int] = []
    rest = text
    while rest:
        if rest.startswith('["'):
            end = rest.find('"]')
            while end > 0 and rest[end - 1] == "\\":
                end = rest.find('"]', end + 1)
            if end < 0:
                raise ValueError(f"{text!r}: a quoted step has no end")
            steps.append(rest[2:end].replace('\\"', '"'))
            rest = rest[end + 2 :]
        elif rest.startswith("["):
            step, closed, rest = rest[1:].partition("]")
            if not closed:
                raise ValueError(f"{text!r}: an index has no end")
            steps.append(int(step) if step.isdigit() else step)
        else:
            rest = rest.removeprefix(".")
            end = min((found for mark in ".[" if (found := rest.find(mark)) >= 0), default=len(rest))
            steps.append(rest[:end])
            rest = rest[end:]
    return tuple(steps)


def contains(pattern: Path, path: Path) -> bool:
    """Whether ``path`` is at or below ``pattern``; a ``*`` step stands for any one step."""
    return len(pattern) <= len(path) and all(want in ("*", have) for want, have in zip(pattern, path, strict=False))


def without_ignored(found: Iterable[Change], ignored: Sequence[str]) -> list[Change]:
    """Drop what the user asked to ignore (``ignoreChanges`` paths)."""
    patterns = [parse_path(text) for text in ignored]
    return [change for change in found if not any(contains(pattern, change.path) for pattern in patterns)]


def touches(change: Change, pattern: Path) -> bool:
    """Whether a change concerns the properties that ``pattern`` names: at it, below it, or bringing it along."""
    shared = min(len(pattern), len(change.path))
    if not contains(pattern[:shared], change.path[:shared]):
        return False
    return len(pattern) <= len(change.path) or _holds(change.value, pattern[shared:])


def _holds(value: Value, pattern: Path) -> bool:
    if not pattern:
        return value is not None
    step, rest = pattern[0], pattern[1:]
    if step == "*":
        items = value if isinstance(value, list) else list(value.values()) if isinstance(value, Mapping) else []
        return any(_holds(item, rest) for item in items)
    return isinstance(value, Mapping) and step in value and _holds(value[step], rest)
