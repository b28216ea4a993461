"""What the pack leaves behind of a run: one JSON line for each resource that it was asked about.

The engine's events say what was violated, and nothing of what was checked: all rules are one policy to it. The gate
needs to know which rule passed on which resource, so it names a file in ``POUW_POLICY_RECORD``. A line is in the file
before the engine hears of its resource's end; so where the engine says that a resource was analysed and the file has no
line for it, the file is not whole.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from policies.fixing import Fixed
from policies.names import RECORD
from policies.result import Result

Phase: TypeAlias = Literal["resource", "stack", "remedy"]


class Record:
    """Appends lines to the file; does nothing where none is named."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    @classmethod
    def of_environment(cls) -> Record:
        """The record that the environment names."""
        named = os.environ.get(RECORD)
        return cls(Path(named) if named else None)

    def write(self, phase: Phase, urn: str, token: str, results: Iterable[Result], waived: frozenset[str]) -> None:
        """Add the line of one resource, whole, in one write."""
        self._append(as_json(phase, urn, token, results, waived))

    def write_fixes(self, urn: str, token: str, fixes: Iterable[Fixed]) -> None:
        """Add the line of one resource that something was added to, or that a fix failed on."""
        listed = [{"rule": one.rule, "paths": list(one.paths), "failure": one.failure} for one in fixes]
        if listed:
            self._append({**as_json("remedy", urn, token, (), frozenset()), "fixes": listed})

    def _append(self, body: Mapping[str, Any]) -> None:
        if self._path is None:
            return
        line = json.dumps(body, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)


def as_json(phase: Phase, urn: str, token: str, results: Iterable[Result], waived: frozenset[str]) -> Mapping[str, Any]:
    """The line of one resource. ``waived`` are rules of which nothing was reported to the engine."""
    listed = list(results)
    return {
        "phase": phase,
        "urn": urn,
        "type": token,
        "passed": [one.rule.id for one in listed if one.passed],
        "violated": [
            {"rule": one.rule.id, "path": found.path, "message": found.message}
            for one in listed
            for found in one.violations
        ],
        "unevaluated": [{"rule": one.rule.id, "reason": one.unevaluated} for one in listed if one.unevaluated],
        "waived": sorted(waived),
    }
