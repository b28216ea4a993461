"""Events of the engine: one JSON object per line, parsed into frozen types."""

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
    """The start of one operation, or its plan in a preview."""

    subject: Subject
    operation: str
    """Name in the engine: create, update, delete, replace, create-replacement, delete-replaced, same, read, …"""
    logical: bool
    """True for an operation of the plan, false for one half of a replacement."""
    properties: Sequence[str]
    """Paths of the properties that differ."""
    is_planned: bool
    provider: str = ""
    """URN of the provider, for a resource that has one."""
    parent: str = ""
    """URN of the parent."""
    before: Mapping[str, Any] | None = None
    """Inputs in the state; None for a new resource."""
    after: Mapping[str, Any] | None = None
    """Inputs of the program; None for a deleted resource. Secrets are hidden in both; unknown values are a marker."""


@dataclass(frozen=True, kw_only=True)
class StepEnded:
    """The success of one operation."""

    subject: Subject
    operation: str
    outputs: Mapping[str, Any]
    """Secrets read ``[secret]``."""
    is_planned: bool
    in_state: bool = False
    """True if the state of a stack holds these outputs already. It is never true for a secret, which is hidden."""


@dataclass(frozen=True, kw_only=True)
class StepFailed:
    """The failure of one operation; its reason is a diagnostic."""

    subject: Subject
    operation: str


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """A message to the user."""

    subject: Subject | None
    severity: Literal["info", "warning", "error"]
    message: str
    passing: bool
    """True for a status line that the next one replaces."""


@dataclass(frozen=True, kw_only=True)
class PolicyViolation:
    """A violation of a policy by a resource."""

    pack: str
    rule: str
    subject: Subject | None
    level: str
    """``mandatory`` stops the run, ``advisory`` does not."""
    message: str


@dataclass(frozen=True, kw_only=True)
class PolicyRemediation:
    """A change of a resource by a policy, before its evaluation."""

    pack: str
    subject: Subject
    paths: Sequence[str]
    """Paths of the inputs that differ from those of the program."""


@dataclass(frozen=True, kw_only=True)
class PolicyTally:
    """The rules of a pack that were evaluated for one resource, by result."""

    pack: str
    subject: Subject | None
    passed_rules: Sequence[str]
    failed_rules: Sequence[str]
    inapplicable_rules: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The last event of a run."""

    succeeded: bool
    seconds: int
    changes: Mapping[str, int]
    """Number of resources by the engine's name of the operation."""


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
    """Return the event of one line; None for a kind that is not used, and for debugging output.

    Raises:
        ValueError: the line is not JSON.
        TypeError: it is JSON and not an object.
    """
    if _DEBUG in line and b'"diagnosticEvent"' in line[:120]:
        return None  # four in five lines; parsing them takes time
    content = json.loads(line)
    if not isinstance(content, dict):
        raise TypeError("an engine event that is not an object")
    for key, read in _READERS.items():
        if (body := content.get(key)) is not None:
            return read(body)
    return None


def _subject(urn: str | None) -> Subject | None:
    return Subject(urn=urn) if urn else None


def _step_started(body: Mapping[str, Any]) -> StepStarted:
    meta = body["metadata"]
    properties = list((meta.get("detailedDiff") or {}).keys()) or list(meta.get("diffs") or ())
    old, new = meta.get("old"), meta.get("new")
    return StepStarted(
        subject=Subject(urn=meta["urn"]),
        operation=meta["op"],
        logical=bool(meta.get("logical")),
        properties=tuple(properties),
        is_planned=bool(body.get("planning")),
        provider=str(meta.get("provider") or "").rpartition("::")[0],
        parent=str((new or old or {}).get("parent") or ""),
        before=(old.get("inputs") or {}) if old else None,
        after=(new.get("inputs") or {}) if new else None,
    )


def _step_ended(body: Mapping[str, Any]) -> StepEnded:
    meta = body["metadata"]
    outputs = (meta.get("new") or {}).get("outputs") or {}
    before = (meta.get("old") or {}).get("outputs") or {}
    subject = Subject(urn=meta["urn"])
    # Only a stack's outputs are compared, because the search for secrets is a pass over all outputs.
    is_unchanged = subject.type == STACK_TYPE and meta["op"] == "same" and outputs == before
    return StepEnded(
        subject=subject,
        operation=meta["op"],
        outputs=outputs,
        is_planned=bool(body.get("planning")),
        in_state=is_unchanged and SECRET_MARK not in json.dumps(outputs),
    )


def _step_failed(body: Mapping[str, Any]) -> StepFailed:
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


_DEFAULTS_KEY = "__defaults"
"""Key of the list of defaults that a provider added: it is not a property of the resource."""


def _differing(before: Any, after: Any, path: str) -> Iterator[str]:
    """Yield the paths of the single values that differ. A new object yields the paths of its content."""
    if isinstance(after, dict) and (before is None or isinstance(before, dict)) and SECRET_MARK not in after:
        old = before or {}
        for key in dict.fromkeys((*old, *after)):
            if key != _DEFAULTS_KEY:
                yield from _differing(old.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(after, list) and isinstance(before, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differing(old, new, f"{path}[{index}]")
    elif before != after:
        yield path


def _tally(body: Mapping[str, Any]) -> PolicyTally:
    return PolicyTally(
        pack=str(body.get("policyPackName", "")),
        subject=_subject(body.get("resourceUrn")),
        passed_rules=tuple(body.get("passed") or ()),
        failed_rules=tuple(body.get("failed") or ()),
        inapplicable_rules=tuple(entry.get("policyName", "") for entry in body.get("notApplicable") or ()),
    )


def _summary(body: Mapping[str, Any]) -> Summary:
    return Summary(
        succeeded=body.get("result", "succeeded") == "succeeded" and not body.get("maybeCorrupt"),
        seconds=int(body.get("durationSeconds", 0)),
        changes=dict(body.get("resourceChanges") or {}),
    )


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Event | None]] = {
    "resourcePreEvent": _step_started,
    "resOutputsEvent": _step_ended,
    "resOpFailedEvent": _step_failed,
    "diagnosticEvent": _diagnostic,
    "policyEvent": _violation,
    "policyRemediationEvent": _remediation,
    "policyAnalyzeSummaryEvent": _tally,
    "policyAnalyzeStackSummaryEvent": _tally,
    "summaryEvent": _summary,
}
