"""The outcome of a run: the engine's events folded into one result."""

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

_CLOSING_MESSAGE = re.compile(r"^(preview|update|refresh|destroy|resource operations?) failed$")
"""Message that the engine adds after the reason; it is not a fault of its own."""


class Conclusion(StrEnum):
    """The end of a run, as the engine reported it."""

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
    """Number of resources by operation."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        """Number of resources that change."""
        return self.create + self.update + self.replace + self.delete


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """One resource that a run changes."""

    urn: str
    type: str
    name: str
    operation: str
    properties: Sequence[str]
    """Paths of the properties that differ; empty for a new or deleted resource."""


@dataclass(frozen=True, kw_only=True)
class ResourceFault:
    """One fault. ``resource`` is a URN, or empty for a fault of the run."""

    resource: str
    path: str
    """Type and name of the resource; the stack's name, or a setting, for a fault of the run."""
    message: str
    """Complete message of the engine."""
    got: str = ""
    """Refused value, where the process that refused it reports it as data."""
    expected: str = ""
    """Allowed values, where they are reported as data."""
    reason: str = ""
    """Cause of the limit, where it is reported as data."""
    property: str = ""
    """Path of the property, where it is reported as data."""
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of one run, as the engine reported it."""

    operation: str
    stack: str
    conclusion: Conclusion
    changes: Changes
    resources: Sequence[ResourceChange]
    steps: Sequence[StepStarted]
    """The operation of each resource, also of an unchanged one."""
    outputs: Mapping[str, Any]
    """The stack's outputs as far as they are known; secrets read ``[secret]``."""
    faults: Sequence[ResourceFault]
    warnings: Sequence[ResourceFault]
    violations: Sequence[PolicyViolation]
    tallies: Sequence[PolicyTally]
    seconds: float
    settled: bool = False
    """True if the state holds the result of the plan already, outputs included: a deployment would write the same."""

    @property
    def ok(self) -> bool:
        """True if every operation succeeded."""
        return self.conclusion is Conclusion.SUCCEEDED


@dataclass(frozen=True, kw_only=True)
class Ending:
    """The end of the engine's process."""

    status: int
    interrupted: bool
    seconds: float
    output: str
    """Last part of its output, the only message of an engine that failed before its first event."""


@dataclass(kw_only=True)
class Recorder:
    """The events of a run, folded into its outcome at the end."""

    operation: str
    stack: str
    _steps: dict[str, StepStarted] = field(default_factory=dict)
    _outputs_in_state: bool = False
    """True if the state holds the stack's outputs already, by the last event about them."""
    _outputs: Mapping[str, Any] = field(default_factory=dict)
    _problems: list[Diagnostic] = field(default_factory=list)
    _violations: list[PolicyViolation] = field(default_factory=list)
    _tallies: list[PolicyTally] = field(default_factory=list)
    _failures: list[StepFailed] = field(default_factory=list)
    _summary: Summary | None = None

    def take(self, event: Event) -> None:
        """Record one event."""
        match event:
            case StepStarted(logical=True):
                self._steps[event.subject.urn] = event
            case StepEnded(subject=subject) if subject.type == STACK_TYPE:
                self._outputs_in_state = event.in_state
                self._outputs = {key: _hidden(value) for key, value in event.outputs.items()} or self._outputs
            case StepFailed():
                self._failures.append(event)
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
        changes = _count(self._summary, self._steps.values())
        return Outcome(
            operation=self.operation,
            stack=self.stack,
            conclusion=self._conclusion(ending, succeeded=succeeded),
            changes=changes,
            resources=[_change(step) for step in self._steps.values() if _is_change(step)],
            steps=tuple(self._steps.values()),
            outputs=self._outputs,
            faults=faults,
            warnings=self._reported("warning", log),
            violations=self._violations,
            tallies=self._tallies,
            seconds=ending.seconds,
            settled=succeeded and not changes.total and self._outputs_in_state,
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
        faults = self._reported("error", log)
        resources = {fault.resource for fault in faults}
        faults += [
            ResourceFault(
                resource=failure.subject.urn, path=str(failure.subject), message=f"{failure.operation} failed"
            )
            for failure in self._failures
            if failure.subject.urn not in resources
        ]
        reasons = [fault for fault in faults if not _CLOSING_MESSAGE.match(fault.message)]
        if reasons or self._violations:
            return reasons
        if errors := printed_errors(ending.output):
            return [ResourceFault(resource="", path=self.stack, message=error) for error in errors]
        if ending.interrupted:
            return [ResourceFault(resource="", path=self.stack, message="was interrupted before its end")]
        message = f"the engine ended with status {ending.status} and gave no reason"
        return faults or [ResourceFault(resource="", path=self.stack, message=message)]


_HIDDEN = "[secret]"


def _hidden(value: Any) -> Any:
    """Return an output with ``[secret]`` in place of each secret, of which the engine prints only the envelope."""
    if isinstance(value, Mapping):
        return _HIDDEN if SECRET_MARK in value else {key: _hidden(item) for key, item in value.items()}
    return [_hidden(item) for item in value] if isinstance(value, list) else value


_UNCHANGED = frozenset({"same", "read", "refresh"})
_KINDS: Mapping[str, str] = {
    "create": "create",
    "import": "create",
    "update": "update",
    "replace": "replace",
    "create-replacement": "replace",
    "import-replacement": "replace",
    "delete": "delete",
    "discard": "delete",
    "same": "unchanged",
    "refresh": "unchanged",
}


def _count(summary: Summary | None, steps: Iterable[StepStarted]) -> Changes:
    if summary is not None and summary.changes:
        operations = Counter(summary.changes)
    else:
        operations = Counter(step.operation for step in steps)
    kinds: Counter[str] = Counter()
    for operation, number in operations.items():
        if kind := _KINDS.get(operation):
            kinds[kind] += number
    return Changes(**kinds)


def _is_change(step: StepStarted) -> bool:
    """True if the step changes a resource of the program. The engine adds default providers and does not count them."""
    subject = step.subject
    default_provider = subject.type.startswith("pulumi:providers:") and subject.name.startswith("default")
    return step.operation not in _UNCHANGED and not default_provider


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
    """Return the messages after ``error:`` in the engine's output, each with its continuation lines."""
    errors: list[str] = []
    for line in output.splitlines():
        if line.startswith("error: "):
            errors.append(line.removeprefix("error: "))
        elif errors and line.startswith((" ", "\t")):
            errors[-1] += "\n" + line.strip()
    return errors
