"""Faults: the one shape in which a wrong input is reported, and how a message lists a value and its choices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_EXCERPT_CHARACTERS: Final = 80
_MOST_CHOICES: Final = 10
_CLOSEST_CHOICES: Final = 3


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One wrong input, printed as ``path: what is wrong; got X; expected Y, because REASON; remedy``.

    ``got`` is text that may be printed: a secret never enters it.
    """

    path: str
    message: str
    got: str = ""
    expected: str = ""
    reason: str = ""
    """Cause of the limit, as a clause that follows "because"."""
    remedy: str = ""

    def __str__(self) -> str:
        parts = [f"{self.path}: {self.message}"]
        if self.got:
            parts.append(f"got {self.got}")
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.reason:
            parts[-1] += f", because {self.reason}"
        if self.remedy:
            parts.append(self.remedy)
        return "; ".join(parts)


def excerpt(value: object) -> str:
    """Return a value as a message shows it: on one line and at most 80 characters long."""
    text = repr(value)
    return text if len(text) <= _EXCERPT_CHARACTERS else text[: _EXCERPT_CHARACTERS - 3] + "..."


def choices(values: Iterable[object], value: object = "") -> str:
    """Return allowed values, separated by commas. Of more than ten, only the three closest to ``value``."""
    texts = [str(choice) for choice in values]
    if len(texts) <= _MOST_CHOICES:
        return ", ".join(texts)
    import difflib

    closest = difflib.get_close_matches(str(value), texts, n=_CLOSEST_CHOICES, cutoff=0.0)
    return f"{', '.join(closest)} (the closest of {len(texts)})"
