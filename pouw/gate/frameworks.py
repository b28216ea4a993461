"""Compliance frameworks as data: their controls, the part of each that a plan shows, and the rules that serve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pouw.gate.verdict import Finding, Kind, Verdict
from pouw.paths import REPOSITORY

FOLDER = REPOSITORY / "policies" / "frameworks"
PipelineKind = Literal["gate", "tests", "lint", "types", "lock", "scan", "drift"]


class Grade(StrEnum):
    """The claim that passing rules support for a control."""

    SATISFIES = "satisfies"
    """The rules check everything that the control demands."""
    SUPPORTS = "supports"
    """The rules check a part of what the control demands."""
    OUT_OF_REACH = "out of reach"
    """A deployment contains no evidence for the control."""


_GRADES: Mapping[str, Grade] = {"all": Grade.SATISFIES, "part": Grade.SUPPORTS, "nothing": Grade.OUT_OF_REACH}


class Control(BaseModel):
    """One control of a framework."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, Field(min_length=3)]
    sees: Literal["all", "part", "nothing"]
    """The part of the control that a plan shows; it determines the grade."""
    reason: str = ""
    """The reason why a plan does not show all of it."""
    pipeline: tuple[PipelineKind, ...] = ()
    """Kinds of pipeline results that are evidence too."""

    @property
    def grade(self) -> Grade:
        """The highest claim that rules support."""
        return _GRADES[self.sees]

    @model_validator(mode="after")
    def _has_a_reason(self) -> Control:
        if (self.sees == "all") is bool(self.reason):
            raise ValueError("a control needs a reason if, and only if, a plan shows less than all of it")
        if self.sees == "nothing" and self.pipeline:
            raise ValueError("the pipeline cannot be evidence for a control that is out of reach")
        return self


class Framework(BaseModel):
    """A standard with all of its controls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    source: str
    controls: dict[str, Control]


@dataclass(frozen=True, kw_only=True)
class RuleMapping:
    """The controls that one rule serves, by framework, or the reason why it serves none."""

    controls: Mapping[str, Sequence[str]] = field(default_factory=dict)
    exemption: str = ""


@cache
def frameworks(folder: Path = FOLDER) -> Mapping[str, Framework]:
    """Return all frameworks by id."""
    files = sorted(folder.glob("*.yaml"))
    return {framework.id: framework for framework in (Framework.model_validate(_yaml(path)) for path in files)}


@cache
def mapping(folder: Path = FOLDER) -> Mapping[str, RuleMapping]:
    """Return the controls that each rule serves, by the rule's id.

    Raises:
        ValueError: two files map the same rule.
    """
    mappings: dict[str, RuleMapping] = {}
    for path in sorted((folder / "mapping").glob("*.yaml")):
        for rule, entry in _yaml(path).items():
            if rule in mappings:
                raise ValueError(f"{rule} is mapped twice, the second time in {path.name}")
            mappings[rule] = RuleMapping(exemption=entry["none"]) if "none" in entry else RuleMapping(controls=entry)
    return mappings


def _yaml(path: Path) -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
    return content


class State(StrEnum):
    """The state of a control in one run."""

    PASSING = "passing"
    """All checks that serve it passed."""
    BROKEN = "broken"
    """A mandatory check reports a violation without a waiver, or a pipeline result failed."""
    OPEN = "open"
    """A mandatory check was not evaluated, and no waiver covers it."""
    ADVISED = "advised"
    """Checks did not pass, but none of them refuses a deployment in this environment."""
    WAIVED = "waived"
    """Waivers cover all checks that did not pass."""
    NOT_SHOWN = "not shown"
    """The run had no resource for the checks that serve it."""
    OUT_OF_REACH = "out of reach"
    """A deployment contains no evidence for it."""


@dataclass(frozen=True, kw_only=True)
class ControlVerdict:
    """The verdict on one control in one run."""

    framework: str
    control: str
    title: str
    grade: Grade
    state: State
    rules: Sequence[str]
    """Rules that serve it and ran on a resource."""
    resources: Sequence[str]
    """URNs of the resources on which those rules ran."""
    pipeline: Mapping[str, bool]
    """Pipeline results that are evidence: kind to success."""
    missing: Sequence[str]
    """Kinds of pipeline results that would be evidence but are missing."""
    reason: str


def matrix(verdict: Verdict, pipeline: Mapping[str, bool]) -> list[ControlVerdict]:
    """Return the verdict on every control of every framework. ``pipeline`` maps a kind of result to its success."""
    serving: dict[tuple[str, str], list[str]] = {}
    for rule, rule_mapping in mapping().items():
        for framework, controls in rule_mapping.controls.items():
            for control in controls:
                serving.setdefault((framework, control), []).append(rule)
    results = {**pipeline, "gate": not verdict.red}
    return [
        _control(verdict, framework.id, name, control, serving.get((framework.id, name), []), results)
        for framework in frameworks().values()
        for name, control in framework.controls.items()
    ]


def _control(
    verdict: Verdict, framework: str, name: str, control: Control, rules: Sequence[str], pipeline: Mapping[str, bool]
) -> ControlVerdict:
    findings = [finding for finding in verdict.findings if finding.rule in rules]
    passed = {rule: verdict.passed[rule] for rule in rules if rule in verdict.passed}
    results: dict[str, bool] = {kind: pipeline[kind] for kind in control.pipeline if kind in pipeline}
    resources = {urn for urns in passed.values() for urn in urns} | {finding.urn for finding in findings}
    blocking = [finding for finding in findings if finding.blocks]
    if control.grade is Grade.OUT_OF_REACH:
        state = State.OUT_OF_REACH
    elif any(finding.kind is Kind.VIOLATION for finding in blocking) or not all(results.values()):
        state = State.BROKEN
    elif blocking:
        state = State.OPEN
    elif findings:
        state = _unblocked(findings)
    else:
        state = State.PASSING if passed or results else State.NOT_SHOWN
    return ControlVerdict(
        framework=framework,
        control=name,
        title=control.title,
        grade=control.grade,
        state=state,
        rules=sorted({*passed, *(finding.rule for finding in findings)}),
        resources=sorted(resources),
        pipeline=results,
        missing=[kind for kind in control.pipeline if kind not in results],
        reason=control.reason,
    )


def _unblocked(findings: Sequence[Finding]) -> State:
    """Return the state of a control whose findings do not block."""
    return State.WAIVED if all(finding.waived for finding in findings) else State.ADVISED
