"""The record of a run: one JSON line per resource that the pack evaluated.

The engine's events report violations, but not passed rules, because the engine sees all rules as one policy. The gate
needs to know which rule passed on which resource, and names a file in ``POUW_POLICY_RECORD``. The pack writes a line
before the engine receives the response for its resource. If the engine reports a resource as analysed and the file
has no line for it, the file is incomplete.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from policies.interface import RECORD
from policies.remediation import AppliedFix
from policies.result import Result

Phase: TypeAlias = Literal["resource", "stack", "remedy"]


class Record:
    """A file to which lines are appended; without a path it discards them."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    @classmethod
    def of_environment(cls) -> Record:
        """Return the record that the environment names."""
        path = os.environ.get(RECORD)
        return cls(Path(path) if path else None)

    def write(self, phase: Phase, urn: str, token: str, results: Iterable[Result], waived: frozenset[str]) -> None:
        """Append the line of one resource in one write."""
        self._append(as_json(phase, urn, token, results, waived))

    def write_fixes(self, urn: str, token: str, fixes: Iterable[AppliedFix]) -> None:
        """Append the line of one resource that a fix changed or failed on."""
        entries = [{"rule": fix.rule, "paths": list(fix.paths), "failure": fix.failure} for fix in fixes]
        if entries:
            self._append({**as_json("remedy", urn, token, (), frozenset()), "fixes": entries})

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
    """Return the line of one resource. ``waived`` are rules whose findings the engine did not receive."""
    evaluated = list(results)
    return {
        "phase": phase,
        "urn": urn,
        "type": token,
        "passed": [result.rule.id for result in evaluated if result.passed],
        "violated": [
            {"rule": result.rule.id, "path": violation.path, "message": violation.message}
            for result in evaluated
            for violation in result.violations
        ],
        "unevaluated": [
            {"rule": result.rule.id, "reason": result.unevaluated} for result in evaluated if result.unevaluated
        ],
        "waived": sorted(waived),
    }
