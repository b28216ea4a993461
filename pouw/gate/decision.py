"""The decision of a verdict: pure, and fail-closed. A check that is not shown to have passed has not passed.

Two sources are compared. The engine's events name the planned resources, those that the pack analysed, and the
violations that the pack reported. The pack's record names the rules that ran on each resource. A rule has passed on a
resource only if the record says so and the events do not contradict it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from policies.interface import SETTINGS_TYPE, STACK_TYPE
from policies.messages import read
from policies.pack_config import PackConfig
from policies.rule import AnyRule, Level, Rule
from pouw.engine.events import Event, PolicyRemediation, PolicyTally, PolicyViolation, StepStarted, Subject
from pouw.gate import waivers
from pouw.gate.record import Line
from pouw.gate.stack_policy import RulesFor
from pouw.gate.verdict import Finding, Kind, Remedy, Verdict
from pouw.gate.waivers import Waiver

PACK = "pouw"
_NOT_ANALYSED = frozenset(
    {"delete", "delete-replaced", "discard", "discard-replaced", "read", "read-discard", "read-replacement",
     "refresh", "remove-pending-replace"}
)  # fmt: skip
"""Operations on resources that the program does not declare, or whose inputs the engine does not pass to the pack."""
_Key: TypeAlias = tuple[str, str, str]
"""Phase, URN and type: the subject of one line of the record."""
_Report: TypeAlias = tuple[str, str, str]
"""URN, rule and path of one reported violation."""


@dataclass(kw_only=True)
class EngineEvents:
    """The engine's events, as far as the verdict needs them."""

    subjects: dict[str, Subject] = field(default_factory=dict)
    analysed: set[str] = field(default_factory=set)
    stack_analysed: bool = False
    violations: list[PolicyViolation] = field(default_factory=list)
    remedied: set[tuple[str, str]] = field(default_factory=set)
    """URN and path of each property that the pack changed."""

    def take(self, event: Event) -> None:
        """Record one event."""
        match event:
            case StepStarted(operation=operation, subject=subject) if operation not in _NOT_ANALYSED:
                self.subjects[subject.urn] = subject
            case PolicyTally(pack=pack, subject=None) if pack == PACK:
                self.stack_analysed = True
            case PolicyTally(pack=pack, subject=Subject(urn=urn)) if pack == PACK:
                self.analysed.add(urn)
            case PolicyRemediation(pack=pack, subject=subject, paths=paths) if pack == PACK:
                self.remedied |= {(subject.urn, path) for path in paths}
            case PolicyViolation(pack=pack) if pack == PACK:
                self.violations.append(event)
            case _:
                pass


@dataclass(frozen=True, kw_only=True)
class DecisionInputs:
    """All inputs of a verdict."""

    stack: str
    config: PackConfig
    events: EngineEvents
    record: Sequence[Line]
    gaps: Sequence[str]
    """Reasons, known before the decision, why the run cannot be judged completely."""
    waivers: Sequence[Waiver]
    """Waivers that name the stack, in force or not."""
    today: date
    is_plan: bool = True
    """True for a preview."""


def decide(inputs: DecisionInputs, rules_for: RulesFor, rules: Mapping[str, AnyRule]) -> Verdict:
    """Return the verdict. ``rules`` are all rules by id, ``rules_for`` selects those of a type."""
    lines = _by_key(inputs.record)
    findings: list[Finding] = []
    passed: defaultdict[str, list[str]] = defaultdict(list)
    for key, rule in _expected_checks(inputs, rules_for):
        level = inputs.config.level(rule)
        if level is Level.DISABLED:
            continue
        results = _results(rule, key, lines.get(key), mandatory=level is Level.MANDATORY)
        findings += results
        if not results:
            passed[rule.id].append(key[1])
    findings_with_tickets, waiver_faults = waivers.apply(
        findings, inputs.waivers, inputs.today, all_needed=inputs.is_plan
    )
    return Verdict(
        stack=inputs.stack,
        environment=inputs.config.environment,
        findings=findings_with_tickets,
        passed=passed,
        waiver_faults=waiver_faults,
        gaps=[*inputs.gaps, *_gaps(inputs, rules)],
        remedies=_remedies(inputs.record),
        advisory=inputs.config.advisory,
    )


def _by_key(record: Iterable[Line]) -> Mapping[_Key, Line]:
    return {(line.phase, line.urn, line.type): line for line in record}


def _expected_checks(inputs: DecisionInputs, rules_for: RulesFor) -> list[tuple[_Key, AnyRule]]:
    """Return each rule that has to run, with the key of the line that records it."""
    subjects = [(subject.urn, subject.type) for subject in inputs.events.subjects.values()]
    if inputs.config.settings:
        root = next((urn for urn, token in subjects if token == STACK_TYPE), "")
        subjects.append((root, SETTINGS_TYPE))
    return [
        (("resource" if isinstance(rule, Rule) else "stack", urn, token), rule)
        for urn, token in subjects
        for rule in rules_for(token)
    ]


def _results(rule: AnyRule, key: _Key, line: Line | None, *, mandatory: bool) -> list[Finding]:
    def finding(kind: Kind, path: str, message: str) -> Finding:
        return Finding(
            kind=kind,
            rule=rule.id,
            urn=key[1],
            path=path,
            message=message,
            severity=rule.severity,
            mandatory=mandatory,
            remedy=rule.remedy,
        )

    if line is None:
        return [finding(Kind.UNEVALUATED, "", "the pack's record has no line for the resource")]
    if rule.id not in line.rules:
        return [finding(Kind.UNEVALUATED, "", "the rule did not run on the resource")]
    findings = [
        finding(Kind.VIOLATION, breach.path, breach.message) for breach in line.breaches if breach.rule == rule.id
    ]
    if reason := line.unevaluated.get(rule.id):
        findings.append(finding(Kind.UNEVALUATED, "", reason))
    return findings


def _gaps(inputs: DecisionInputs, rules: Mapping[str, AnyRule]) -> list[str]:
    events, gaps = inputs.events, []
    if not events.subjects:
        gaps.append("the engine planned no resource that the pack can check")
    if unseen := [urn for urn in events.subjects if urn not in events.analysed]:
        gaps.append(f"the pack did not analyse {len(unseen)} resources, such as {unseen[0]}")
    if not events.stack_analysed:
        gaps.append("the pack did not analyse the stack as a whole")
    recorded = {line.urn for line in inputs.record if line.phase == "resource"}
    if missing := sorted(events.analysed - recorded):
        gaps.append(
            f"the pack's record lacks {len(missing)} resources that the engine passed to it, such as {missing[0]}"
        )
    by_engine, by_record = _reported_by_engine(events), _reported_by_record(inputs, rules)
    if differing := sorted(((by_engine - by_record) + (by_record - by_engine)).elements()):
        gaps.append(f"the engine and the pack's record report different violations, such as {differing[0]}")
    return [*gaps, *_remedy_gaps(inputs)]


def _remedies(record: Iterable[Line]) -> list[Remedy]:
    remedies = {
        (line.urn, fix.rule): Remedy(rule=fix.rule, urn=line.urn, paths=fix.paths, failure=fix.failure)
        for line in record
        for fix in line.fixes
    }
    return list(remedies.values())


def _remedy_gaps(inputs: DecisionInputs) -> Iterator[str]:
    """Yield changes by the pack that the stack does not allow, or that only one source reports."""
    changes = inputs.events.remedied
    recorded = {(line.urn, path) for line in inputs.record for fix in line.fixes for path in fix.paths}
    if changes and not inputs.config.remediate:
        yield f"the pack changed resources, which this stack does not allow, such as {min(changes)}"
    if differing := sorted(changes ^ recorded):
        yield f"the engine and the pack's record report different remedies, such as {differing[0]}"


def _reported_by_engine(events: EngineEvents) -> Counter[_Report]:
    reports: Counter[_Report] = Counter()
    for violation in events.violations:
        sentence = read(violation.message)
        urn = violation.subject.urn if violation.subject else ""
        rule = sentence.rule if sentence else violation.rule
        reports[(urn, rule, sentence.path if sentence else violation.message)] += 1
    return reports


def _reported_by_record(inputs: DecisionInputs, rules: Mapping[str, AnyRule]) -> Counter[_Report]:
    """Count the violations that the pack must have reported to the engine: those mandatory and not waived."""
    reports: Counter[_Report] = Counter()
    for line in inputs.record:
        breaches = [(breach.rule, breach.path) for breach in line.breaches]
        for rule_id, path in [*breaches, *((rule, "") for rule in line.unevaluated)]:
            rule = rules.get(rule_id)
            reported = rule is not None and inputs.config.level(rule) is Level.MANDATORY
            if reported and not inputs.config.is_waived(rule_id, line.urn):
                reports[(line.urn, rule_id, path)] += 1
    return reports
