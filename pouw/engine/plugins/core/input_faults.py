"""Faults of a resource's inputs: their parts, and the line of text that the engine prints for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from infra.faults import Fault


def mismatch(path: str, expected: str, *, got: str = "", reason: str = "", remedy: str = "") -> Fault:
    """Return the fault of a value that is not what it has to be. ``got`` is text that may be printed."""
    return Fault(path=path, message=f"must be {expected}", got=got, expected=expected, reason=reason, remedy=remedy)


def line(fault: Fault) -> str:
    """Render a fault as one line: ``spec.replicas: must be an integer, got a string: 'two'``.

    The message of a check names what is expected, so that the line does not repeat it.
    """
    got = f", got {fault.got}" if fault.got else ""
    return "; ".join(part for part in (f"{fault.path}: {fault.message}{got}", fault.reason, fault.remedy) if part)


def redacted(fault: Fault, redact: Callable[[str], str]) -> Fault:
    """Return the fault with secret values replaced in each of its texts."""
    return replace(
        fault,
        message=redact(fault.message),
        got=redact(fault.got),
        expected=redact(fault.expected),
        reason=redact(fault.reason),
        remedy=redact(fault.remedy),
    )
