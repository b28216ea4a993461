"""What the engine says while it works: one JSON object a line, parsed at the door into frozen types."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The resource that an event is about."""

    urn: str

    @property
    def type(self) -> str:
        """The type token, without the types of its parents: ``kubernetes:apps/v1:StatefulSet``."""
        parts = self.urn.split("::")
        return parts[2].rsplit("$", 1)[-1] if len(parts) > 3 else ""

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rsplit("::", 1)[-1]

    def __str__(self) -> str:
        return f"{self.type} {self.name}".strip()


@dataclass(frozen=True, kw_only=True)
class StepStarted:
    """The engine begins, or in a preview plans, one operation."""

    subject: Subject
    operation: str
    """The engine's word: create, update, delete, replace, create-replacement, delete-replaced, same, read, …"""
    logical: bool
    """Whether it is what the user asked for, rather than one half of a replacement."""
    changed: Sequence[str]
    """Paths of the properties that differ."""
    planned: bool
    provider: str = ""
    """URN of the provider, for a resource that has one."""
    parent: str = ""
    """URN of the parent."""
    before: Mapping[str, Any] | None = None
    """Inputs that the state has; none for what is made."""
    after: Mapping[str, Any] | None = None
    """Inputs that are asked for; none for what is deleted. Secrets are hidden in both, unknown values are a marker."""


@dataclass(frozen=True, kw_only=True)
class StepEnded:
    """One operation succeeded."""

    subject: Subject
    operation: str
    outputs: Mapping[str, Any]
    """Secrets read ``[secret]``."""
    planned: bool
    kept: bool = False
    """Of a stack, whether the state holds these outputs already, as far as can be seen: of a secret it never can."""


@dataclass(frozen=True, kw_only=True)
class StepFailed:
    """One operation failed; the reason comes as a diagnostic."""

    subject: Subject
    operation: str


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """Something for the user to read."""

    subject: Subject | None
    severity: Literal["info", "warning", "error"]
    message: str
    passing: bool
    """Whether it is a status line that the next one replaces."""


@dataclass(frozen=True, kw_only=True)
class PolicyViolation:
    """A policy that a resource breaks."""

    pack: str
    rule: str
    subject: Subject | None
    level: str
    """``mandatory`` stops the run, ``advisory`` does not."""
    message: str


@dataclass(frozen=True, kw_only=True)
class PolicyRemediation:
    """A policy changed a resource before it was judged."""

    pack: str
    subject: Subject
    paths: Sequence[str]
    """Where its inputs differ from those of the program."""


@dataclass(frozen=True, kw_only=True)
class PolicyTally:
    """Which rules of a pack were evaluated for one resource, and how they ended."""

    pack: str
    subject: Subject | None
    passed: Sequence[str]
    failed: Sequence[str]
    not_applicable: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The engine's last word."""

    succeeded: bool
    seconds: int
    changes: Mapping[str, int]
    """Resources by the engine's word for what happened to them."""


Event: TypeAlias = (
    StepStarted | StepEnded | StepFailed | Diagnostic | PolicyViolation | PolicyRemediation | PolicyTally | Summary
)

_SEVERITIES: Mapping[str, Literal["info", "warning", "error"]] = {
    "info": "info",
    "info#err": "info",
    "warning": "warning",
    "error": "error",
}
STACK_TYPE = "pulumi:pulumi:Stack"
SECRET_MARK = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the key by which the engine marks a secret object
_DEBUG = b'"severity":"debug"'


def parse(line: bytes) -> Event | None:
    """The event of one line; none for a kind that nobody here needs, and for debugging output.

    Raises:
        ValueError: the line is no JSON.
        TypeError: it is JSON, and no object.
    """
    if _DEBUG in line and b'"diagnosticEvent"' in line[:120]:
        return None  # four in five lines: not worth a parser's time
    content = json.loads(line)
    if not isinstance(content, dict):
        raise TypeError("an engine event that is no object")
    for key, read in _READERS.items():
        if (body := content.get(key)) is not None:
            return read(body)
    return None


def _subject(urn: str | None) -> Subject | None:
    return Subject(urn=urn) if urn else None


def _started(body: Mapping[str, Any]) -> StepStarted:
    meta = body["metadata"]
    changed = list((meta.get("detailedDiff") or {}).keys()) or list(meta.get("diffs") or ())
    old, new = meta.get("old"), meta.get("new")
    return StepStarted(
        subject=Subject(urn=meta["urn"]),
        operation=meta["op"],
        logical=bool(meta.get("logical")),
        changed=tuple(changed),
        planned=bool(body.get("planning")),
        provider=str(meta.get("provider") or "").rpartition("::")[0],
        parent=str((new or old or {}).get("parent") or ""),
        before=(old.get("inputs") or {}) if old else None,
        after=(new.get("inputs") or {}) if new else None,
    )


def _ended(body: Mapping[str, Any]) -> StepEnded:
    meta = body["metadata"]
    outputs = (meta.get("new") or {}).get("outputs") or {}
    before = (meta.get("old") or {}).get("outputs") or {}
    subject = Subject(urn=meta["urn"])
    # Of a stack alone is it asked, and to look for secrets costs a pass over all outputs.
    unchanged = subject.type == STACK_TYPE and meta["op"] == "same" and outputs == before
    return StepEnded(
        subject=subject,
        operation=meta["op"],
        outputs=outputs,
        planned=bool(body.get("planning")),
        kept=unchanged and SECRET_MARK not in json.dumps(outputs),
    )


def _failed(body: Mapping[str, Any]) -> StepFailed:
    meta = body["metadata"]
    return StepFailed(subject=Subject(urn=meta["urn"]), operation=meta["op"])


def _diagnostic(body: Mapping[str, Any]) -> Diagnostic | None:
    severity = _SEVERITIES.get(str(body.get("severity")))
    if severity is None:
        return None
    return Diagnostic(
        subject=_subject(body.get("urn")),
        severity=severity,
        message=str(body.get("message", "")).strip("\n"),
        passing=bool(body.get("ephemeral")),
    )


def _violation(body: Mapping[str, Any]) -> PolicyViolation:
    return PolicyViolation(
        pack=str(body.get("policyPackName", "")),
        rule=str(body.get("policyName", "")),
        subject=_subject(body.get("resourceUrn")),
        level=str(body.get("enforcementLevel", "")),
        message=str(body.get("message", "")).strip(),
    )


def _remediation(body: Mapping[str, Any]) -> PolicyRemediation:
    return PolicyRemediation(
        pack=str(body.get("policyPackName", "")),
        subject=Subject(urn=str(body.get("resourceUrn", ""))),
        paths=tuple(_differing(body.get("before") or {}, body.get("after") or {}, "")),
    )


_FILLED_IN = "__defaults"
"""The key under which a provider notes what it filled in itself: no property of the resource."""


def _differing(before: Any, after: Any, at: str) -> Iterator[str]:
    """Paths of the single values that differ. An object that is new is told by what is in it."""
    if isinstance(after, dict) and (before is None or isinstance(before, dict)) and SECRET_MARK not in after:
        old = before or {}
        for key in dict.fromkeys((*old, *after)):
            if key != _FILLED_IN:
                yield from _differing(old.get(key), after.get(key), f"{at}.{key}" if at else key)
    elif isinstance(after, list) and isinstance(before, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differing(old, new, f"{at}[{index}]")
    elif before != after:
        yield at


def _tally(body: Mapping[str, Any]) -> PolicyTally:
    return PolicyTally(
        pack=str(body.get("policyPackName", "")),
        subject=_subject(body.get("resourceUrn")),
        passed=tuple(body.get("passed") or ()),
        failed=tuple(body.get("failed") or ()),
        not_applicable=tuple(one.get("policyName", "") for one in body.get("notApplicable") or ()),
    )


def _summary(body: Mapping[str, Any]) -> Summary:
    return Summary(
        succeeded=body.get("result", "succeeded") == "succeeded" and not body.get("maybeCorrupt"),
        seconds=int(body.get("durationSeconds", 0)),
        changes=dict(body.get("resourceChanges") or {}),
    )


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Event | None]] = {
    "resourcePreEvent": _started,
    "resOutputsEvent": _ended,
    "resOpFailedEvent": _failed,
    "diagnosticEvent": _diagnostic,
    "policyEvent": _violation,
    "policyRemediationEvent": _remediation,
    "policyAnalyzeSummaryEvent": _tally,
    "policyAnalyzeStackSummaryEvent": _tally,
    "summaryEvent": _summary,
}
