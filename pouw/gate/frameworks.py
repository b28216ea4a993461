"""Frameworks as data: which controls there are, how much of each a plan can show, and which rules serve it."""

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
    """What a rule that passes can claim for a control."""

    SATISFIES = "satisfies"
    """The control asks for what the rule sees, and nothing else."""
    SUPPORTS = "supports"
    """It is a part of what an auditor needs."""
    OUT_OF_REACH = "out of reach"
    """Nothing that a deployment shows is evidence for it."""


_GRADES: Mapping[str, Grade] = {"all": Grade.SATISFIES, "part": Grade.SUPPORTS, "nothing": Grade.OUT_OF_REACH}


class Control(BaseModel):
    """One control of a framework."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, Field(min_length=3)]
    sees: Literal["all", "part", "nothing"]
    """How much of it a plan shows. The grade follows from that and cannot exceed it."""
    reason: str = ""
    """Why it is not all."""
    pipeline: tuple[PipelineKind, ...] = ()
    """Results of the pipeline that are evidence, too."""

    @property
    def grade(self) -> Grade:
        """The most that can be claimed."""
        return _GRADES[self.sees]

    @model_validator(mode="after")
    def _says_why(self) -> Control:
        if (self.sees == "all") is bool(self.reason):
            raise ValueError("a control of which a plan shows less than all needs a reason, and only such a one has it")
        if self.sees == "nothing" and self.pipeline:
            raise ValueError("the pipeline cannot be evidence for a control that is out of reach")
        return self


class Framework(BaseModel):
    """A standard, with every id that it has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    source: str
    controls: dict[str, Control]


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """What one rule serves: controls by framework, or the reason why none."""

    controls: Mapping[str, Sequence[str]] = field(default_factory=dict)
    none: str = ""


@cache
def frameworks(folder: Path = FOLDER) -> Mapping[str, Framework]:
    """All frameworks by id."""
    read = [Framework.model_validate(_yaml(path)) for path in sorted(folder.glob("*.yaml"))]
    return {one.id: one for one in read}


@cache
def mapping(folder: Path = FOLDER) -> Mapping[str, Mapped]:
    """What each rule serves, by its id. A rule that two files name is read from neither."""
    found: dict[str, Mapped] = {}
    for path in sorted((folder / "mapping").glob("*.yaml")):
        for rule, said in _yaml(path).items():
            if rule in found:
                raise ValueError(f"{rule} is mapped twice, the second time in {path.name}")
            found[rule] = Mapped(none=said["none"]) if "none" in said else Mapped(controls=said)
    return found


def _yaml(path: Path) -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
    return content


class State(StrEnum):
    """What a run shows of a control."""

    PASSING = "passing"
    """Every check that serves it ran to its end and passed."""
    BROKEN = "broken"
    """A mandatory check found a violation that no waiver covers, or a result of the pipeline is bad."""
    OPEN = "open"
    """A mandatory check did not run to its end, and no waiver covers that."""
    ADVISED = "advised"
    """What did not pass refuses nothing in this environment."""
    WAIVED = "waived"
    """All that did not pass is covered by waivers."""
    NOT_SHOWN = "not shown"
    """No check that serves it was about anything in the run."""
    OUT_OF_REACH = "out of reach"


@dataclass(frozen=True, kw_only=True)
class ControlVerdict:
    """One control in one run."""

    framework: str
    control: str
    title: str
    grade: Grade
    state: State
    rules: Sequence[str]
    """Those that serve it and were about something in the run."""
    resources: Sequence[str]
    """URNs that those rules ran on."""
    pipeline: Mapping[str, bool]
    """Results of the pipeline that are evidence, by kind."""
    missing: Sequence[str]
    """Kinds of results that would be evidence, too, and were not given."""
    reason: str


def matrix(verdict: Verdict, pipeline: Mapping[str, bool]) -> list[ControlVerdict]:
    """Every control of every framework, as the run shows it. ``pipeline``: whether each kind of result was good."""
    serving: dict[tuple[str, str], list[str]] = {}
    for rule, mapped in mapping().items():
        for framework, controls in mapped.controls.items():
            for control in controls:
                serving.setdefault((framework, control), []).append(rule)
    known = {**pipeline, "gate": not verdict.red}
    return [
        _control(verdict, framework.id, name, control, serving.get((framework.id, name), []), known)
        for framework in frameworks().values()
        for name, control in framework.controls.items()
    ]


def _control(
    verdict: Verdict, framework: str, name: str, control: Control, rules: Sequence[str], pipeline: Mapping[str, bool]
) -> ControlVerdict:
    findings = [one for one in verdict.findings if one.rule in rules]
    passed = {rule: verdict.passed[rule] for rule in rules if rule in verdict.passed}
    results: dict[str, bool] = {kind: pipeline[kind] for kind in control.pipeline if kind in pipeline}
    resources = {urn for urns in passed.values() for urn in urns} | {one.urn for one in findings}
    blocking = [one for one in findings if one.blocks]
    if control.grade is Grade.OUT_OF_REACH:
        state = State.OUT_OF_REACH
    elif any(one.kind is Kind.VIOLATION for one in blocking) or not all(results.values()):
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
        rules=sorted({*passed, *(one.rule for one in findings)}),
        resources=sorted(resources),
        pipeline=results,
        missing=[kind for kind in control.pipeline if kind not in results],
        reason=control.reason,
    )


def _unblocked(findings: Sequence[Finding]) -> State:
    """Where nothing blocks, what is the least of it."""
    return State.WAIVED if all(one.waived for one in findings) else State.ADVISED
