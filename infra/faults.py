"""The one shape of a user-facing fault: where it is, what is wrong, what was there, what is allowed, what to do."""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with something the user gave.

    ``got`` is already text fit to print: whoever makes the fault leaves secrets out of it.
    """

    path: str
    message: str
    got: str = ""
    expected: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        parts = [f"{self.path}: {self.message}"]
        if self.got:
            parts.append(f"got {self.got}")
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.remedy:
            parts.append(self.remedy)
        return "; ".join(parts)


def shown(value: object) -> str:
    """A value as it is told in a fault: on one line, and cut where it would fill the screen."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."
