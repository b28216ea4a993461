"""What a run came to: the engine's events folded into one result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from infra.faults import Fault
from pouw.engine import fault_log
from pouw.engine.events import (
    SECRET_MARK,
    STACK_TYPE,
    Diagnostic,
    Event,
    PolicyTally,
    PolicyViolation,
    StepEnded,
    StepFailed,
    StepStarted,
    Summary,
)
from pouw.engine.fault_log import Entry

_CLOSING_WORDS = re.compile(r"^(preview|update|refresh|destroy|resource operations?) failed$")
"""What the engine adds once the reason has been told: no fault of its own."""


class Conclusion(StrEnum):
    """How a run ended, as the engine reported it."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    """A mandatory policy of a pack reported a violation."""
    FAILED = "failed"
    """The program or a provider refused something."""
    BROKEN = "broken"
    """The engine ended without a summary: it could not run the operation."""
    INTERRUPTED = "interrupted"
    NOT_STARTED = "not started"
    """No engine was started."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Resources by what happens to them."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    same: int = 0

    @property
    def total(self) -> int:
        """How many resources are touched."""
        return self.create + self.update + self.replace + self.delete


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """One resource that a run touches."""

    urn: str
    type: str
    name: str
    operation: str
    properties: Sequence[str]
    """Paths of the properties that differ; empty for what is made or deleted."""


@dataclass(frozen=True, kw_only=True)
class ResourceFault:
    """One thing that went wrong. ``resource`` is a URN, or empty when it was the run as a whole."""

    resource: str
    path: str
    """Type and name for people; the stack's name for the run as a whole."""
    message: str
    """The whole of what was said."""
    got: str = ""
    """The value that was refused, where the process that refused it reports it apart."""
    expected: str = ""
    """The values that are allowed, where they are reported apart."""
    reason: str = ""
    """Cause of the limit, where it is reported apart."""
    property: str = ""
    """Path of the property that it concerns; empty where the message names none."""
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of one run."""

    operation: str
    stack: str
    conclusion: Conclusion
    changes: Changes
    resources: Sequence[ResourceChange]
    steps: Sequence[StepStarted]
    """What was decided for each resource, those that stay as they are among them."""
    outputs: Mapping[str, Any]
    """The stack's outputs as far as they are known; secrets read ``[secret]``."""
    faults: Sequence[ResourceFault]
    warnings: Sequence[ResourceFault]
    violations: Sequence[PolicyViolation]
    tallies: Sequence[PolicyTally]
    seconds: float
    settled: bool = False
    """Whether the state holds all that a plan would leave, outputs too: deploying it would write the same again."""

    @property
    def ok(self) -> bool:
        """True if all of it was done."""
        return self.conclusion is Conclusion.SUCCEEDED


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How the engine's process ended."""

    status: int
    interrupted: bool
    seconds: float
    output: str
    """The tail of what it printed: all there is when it failed before its first event."""


@dataclass(kw_only=True)
class Recorder:
    """Takes events as they come and says at the end what they came to."""

    operation: str
    stack: str
    _started: dict[str, StepStarted] = field(default_factory=dict)
    _kept: bool = False
    """Whether the state holds the stack's outputs already, by the engine's last word of them."""
    _outputs: Mapping[str, Any] = field(default_factory=dict)
    _problems: list[Diagnostic] = field(default_factory=list)
    _violations: list[PolicyViolation] = field(default_factory=list)
    _tallies: list[PolicyTally] = field(default_factory=list)
    _failed: list[StepFailed] = field(default_factory=list)
    _summary: Summary | None = None

    def take(self, event: Event) -> None:
        """Record one event."""
        match event:
            case StepStarted(logical=True):
                self._started[event.subject.urn] = event
            case StepEnded(subject=subject) if subject.type == STACK_TYPE:
                self._kept = event.in_state
                self._outputs = {key: _hidden(value) for key, value in event.outputs.items()} or self._outputs
            case StepFailed():
                self._failed.append(event)
            case Diagnostic(severity="error" | "warning", passing=False):
                self._problems.append(event)
            case PolicyViolation():
                self._violations.append(event)
            case PolicyTally():
                self._tallies.append(event)
            case Summary():
                self._summary = event
            case _:
                pass

    def outcome(self, ending: Ending, log: Sequence[Entry] = ()) -> Outcome:
        """Return the result of a run that has ended. ``log`` holds the faults that our processes reported as data."""
        succeeded = ending.status == 0 and not (self._summary and not self._summary.succeeded)
        faults = [] if succeeded else self._faults(ending, log)
        changes = _count(self._summary, self._started.values())
        return Outcome(
            operation=self.operation,
            stack=self.stack,
            conclusion=self._conclusion(ending, succeeded=succeeded),
            changes=changes,
            resources=[_change(step) for step in self._started.values() if _is_change(step)],
            steps=tuple(self._started.values()),
            outputs=self._outputs,
            faults=faults,
            warnings=self._reported("warning", log),
            violations=self._violations,
            tallies=self._tallies,
            seconds=ending.seconds,
            settled=succeeded and not changes.total and self._kept,
        )

    def _conclusion(self, ending: Ending, *, succeeded: bool) -> Conclusion:
        if ending.interrupted:
            return Conclusion.INTERRUPTED
        if succeeded:
            return Conclusion.SUCCEEDED
        if any(violation.level == "mandatory" for violation in self._violations):
            return Conclusion.REFUSED
        return Conclusion.FAILED if self._summary else Conclusion.BROKEN

    def _reported(self, severity: str, log: Sequence[Entry]) -> list[ResourceFault]:
        return [
            fault
            for diagnostic in self._problems
            if diagnostic.severity == severity
            for fault in _faults_of(diagnostic, self.stack, log)
        ]

    def _faults(self, ending: Ending, log: Sequence[Entry]) -> list[ResourceFault]:
        told = self._reported("error", log)
        named = {one.resource for one in told}
        told += [
            ResourceFault(resource=one.subject.urn, path=str(one.subject), message=f"{one.operation} failed")
            for one in self._failed
            if one.subject.urn not in named
        ]
        reasons = [one for one in told if not _CLOSING_WORDS.match(one.message)]
        if reasons or self._violations:
            return reasons
        if printed := printed_errors(ending.output):
            return [ResourceFault(resource="", path=self.stack, message=one) for one in printed]
        if ending.interrupted:
            return [ResourceFault(resource="", path=self.stack, message="interrupted before it was done")]
        message = f"the engine ended with status {ending.status} and gave no reason"
        return told or [ResourceFault(resource="", path=self.stack, message=message)]


_HIDDEN = "[secret]"


def _hidden(value: Any) -> Any:
    """The output with each secret inside it read as one word; the engine left its envelope, without the content."""
    if isinstance(value, Mapping):
        return _HIDDEN if SECRET_MARK in value else {key: _hidden(one) for key, one in value.items()}
    return [_hidden(one) for one in value] if isinstance(value, list) else value


_QUIET = frozenset({"same", "read", "refresh"})
_KINDS: Mapping[str, str] = {
    "create": "create",
    "import": "create",
    "update": "update",
    "replace": "replace",
    "create-replacement": "replace",
    "import-replacement": "replace",
    "delete": "delete",
    "discard": "delete",
    "same": "same",
    "refresh": "same",
}


def _count(summary: Summary | None, steps: Iterable[StepStarted]) -> Changes:
    if summary is not None and summary.changes:
        words = Counter(summary.changes)
    else:
        words = Counter(step.operation for step in steps)
    kinds: Counter[str] = Counter()
    for word, number in words.items():
        if kind := _KINDS.get(word):
            kinds[kind] += number
    return Changes(**kinds)


def _is_change(step: StepStarted) -> bool:
    """Whether people would call it one. The engine makes default providers by itself and does not count them."""
    subject = step.subject
    default_provider = subject.type.startswith("pulumi:providers:") and subject.name.startswith("default")
    return step.operation not in _QUIET and not default_provider


def _change(step: StepStarted) -> ResourceChange:
    return ResourceChange(
        urn=step.subject.urn,
        type=step.subject.type,
        name=step.subject.name,
        operation=step.operation,
        properties=step.properties,
    )


def _faults_of(diagnostic: Diagnostic, stack: str, log: Iterable[Entry]) -> list[ResourceFault]:
    """Return the faults that a diagnostic reports: those of the log that its message holds, or the message itself."""
    subject = diagnostic.subject
    resource = "" if subject is None or subject.type == STACK_TYPE else subject.urn
    entries = fault_log.matches(log, resource, diagnostic.message)
    if not resource and entries:
        return [stack_fault(entry.fault) for entry in entries]
    path = str(subject) if subject is not None and resource else stack
    fault = ResourceFault(resource=resource, path=path, message=diagnostic.message)
    if len(entries) != 1:
        return [fault]
    parts = entries[0].fault
    return [
        replace(
            fault,
            property=parts.path,
            got=parts.got,
            expected=parts.expected,
            reason=parts.reason,
            remedy=parts.remedy,
        )
    ]


def not_started(operation: str, stack: str, faults: Iterable[Fault] = ()) -> Outcome:
    """Return the outcome of a run for which no engine was started."""
    return Outcome(
        operation=operation,
        stack=stack,
        conclusion=Conclusion.NOT_STARTED,
        changes=Changes(),
        resources=(),
        steps=(),
        outputs={},
        faults=[stack_fault(fault) for fault in faults],
        warnings=(),
        violations=(),
        tallies=(),
        seconds=0.0,
    )


def stack_fault(fault: Fault) -> ResourceFault:
    """Return a fault of the stack as a whole."""
    return ResourceFault(
        resource="",
        path=fault.path,
        message=str(fault).removeprefix(f"{fault.path}: "),
        got=fault.got,
        expected=fault.expected,
        reason=fault.reason,
        remedy=fault.remedy,
    )


def printed_errors(output: str) -> list[str]:
    """The messages behind ``error:`` in what the engine printed, each with its continuation lines."""
    found: list[str] = []
    for line in output.splitlines():
        if line.startswith("error: "):
            found.append(line.removeprefix("error: "))
        elif found and line.startswith((" ", "\t")):
            found[-1] += "\n" + line.strip()
    return found
