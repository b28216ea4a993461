"""From events and record to a verdict. Pure, and built to fail closed: whatever is not shown to have passed did not.

Two witnesses are heard. The engine's events say which resources are in the plan, which of them the pack was asked
about, and what it reported. The pack's record says which rules ran on which resource. A rule has passed on a resource
only where the record says so and the engine does not say otherwise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from policies.interface import SETTINGS_TYPE, STACK_TYPE
from policies.messages import read
from policies.pack_config import PackConfig
from policies.rule import AnyRule, Level, Rule
from pouw.engine.events import Event, PolicyRemediation, PolicyTally, PolicyViolation, StepStarted, Subject
from pouw.gate import waivers as waiving
from pouw.gate.record import Line
from pouw.gate.verdict import Finding, Kind, Remedy, Verdict
from pouw.gate.waivers import Waiver

PACK = "pouw"
_NOT_ANALYSED = frozenset(
    {"delete", "delete-replaced", "discard", "discard-replaced", "read", "read-discard", "read-replacement",
     "refresh", "remove-pending-replace"}
)  # fmt: skip
"""Operations on resources that the program does not declare, or whose inputs nobody checks."""
RulesFor: TypeAlias = Callable[[str], Sequence[AnyRule]]
_Key: TypeAlias = tuple[str, str, str]
"""Phase, URN and type: what one line of the record is about."""


@dataclass(kw_only=True)
class Witness:
    """What the engine said, as far as the gate needs it. Takes events as they come."""

    planned: dict[str, Subject] = field(default_factory=dict)
    analysed: set[str] = field(default_factory=set)
    stack_analysed: bool = False
    violations: list[PolicyViolation] = field(default_factory=list)
    remedied: set[tuple[str, str]] = field(default_factory=set)
    """URN and path of everything that the pack changed."""

    def take(self, event: Event) -> None:
        """Hear one event."""
        match event:
            case StepStarted(operation=word, subject=subject) if word not in _NOT_ANALYSED:
                self.planned[subject.urn] = subject
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
class Case:
    """All that a verdict is made from."""

    stack: str
    config: PackConfig
    witness: Witness
    record: Sequence[Line]
    gaps: Sequence[str]
    """What is known to be missing before anybody judges."""
    waivers: Sequence[Waiver]
    """Those that name the stack, in force or not."""
    today: date
    is_plan: bool = True
    """Whether it is a preview that is judged."""


def judge(case: Case, rules_for: RulesFor, rules: Mapping[str, AnyRule]) -> Verdict:
    """The verdict."""
    lines = _by_key(case.record)
    expected = _expected(case, rules_for)
    found: list[Finding] = []
    passed: defaultdict[str, list[str]] = defaultdict(list)
    for key, rule in expected:
        level = case.config.level(rule)
        if level is Level.DISABLED:
            continue
        results = _results(rule, key, lines.get(key), mandatory=level is Level.MANDATORY)
        found += results
        if not results:
            passed[rule.id].append(key[1])
    findings, faults = waiving.apply(found, case.waivers, case.today, all_needed=case.is_plan)
    return Verdict(
        stack=case.stack,
        environment=case.config.environment,
        findings=findings,
        passed=passed,
        waiver_faults=faults,
        gaps=[*case.gaps, *_gaps(case, rules)],
        remedies=_remedies(case.record),
        advisory=case.config.advisory,
    )


def _by_key(record: Iterable[Line]) -> Mapping[_Key, Line]:
    return {(line.phase, line.urn, line.type): line for line in record}


def _expected(case: Case, rules_for: RulesFor) -> list[tuple[_Key, AnyRule]]:
    """Every rule that has to run, with the line of the record that shows it."""
    subjects = [(one.urn, one.type) for one in case.witness.planned.values()]
    if case.config.settings:
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
        return [finding(Kind.UNEVALUATED, "", "the rule never saw the resource")]
    if rule.id not in line.rules:
        return [finding(Kind.UNEVALUATED, "", "the rule did not run on the resource")]
    found = [finding(Kind.VIOLATION, one.path, one.message) for one in line.breaches if one.rule == rule.id]
    if reason := line.unevaluated.get(rule.id):
        found.append(finding(Kind.UNEVALUATED, "", reason))
    return found


def _gaps(case: Case, rules: Mapping[str, AnyRule]) -> list[str]:
    witness, found = case.witness, []
    if not witness.planned:
        found.append("the engine named no resource that could be judged")
    if unseen := [urn for urn in witness.planned if urn not in witness.analysed]:
        found.append(f"the pack was not asked about {len(unseen)} resources, such as {unseen[0]}")
    if not witness.stack_analysed:
        found.append("the pack was not asked about the stack as a whole")
    recorded = {line.urn for line in case.record if line.phase == "resource"}
    if lost := sorted(witness.analysed - recorded):
        found.append(f"the pack's record lacks {len(lost)} resources that the engine had it look at, such as {lost[0]}")
    told, kept = _told_by_engine(witness), _told_by_record(case, rules)
    if differing := sorted(((told - kept) + (kept - told)).elements()):
        found.append(f"the engine and the pack's record tell of different violations, such as {differing[0]}")
    return [*found, *_unaccounted(case)]


def _remedies(record: Iterable[Line]) -> list[Remedy]:
    told = {
        (line.urn, one.rule): Remedy(rule=one.rule, urn=line.urn, paths=one.paths, failure=one.failure)
        for line in record
        for one in line.fixes
    }
    return list(told.values())


def _unaccounted(case: Case) -> Iterator[str]:
    """What was changed without leave, or of which only one witness knows."""
    changed = case.witness.remedied
    noted = {(line.urn, path) for line in case.record for one in line.fixes for path in one.paths}
    if changed and not case.config.remediate:
        yield f"the pack changed resources, which this stack does not allow, such as {min(changed)}"
    if differing := sorted(changed ^ noted):
        yield f"the engine and the pack's record tell of different remedies, such as {differing[0]}"


def _told_by_engine(witness: Witness) -> Counter[tuple[str, str, str]]:
    told: Counter[tuple[str, str, str]] = Counter()
    for one in witness.violations:
        sentence = read(one.message)
        urn = one.subject.urn if one.subject else ""
        told[(urn, sentence.rule if sentence else one.rule, sentence.path if sentence else one.message)] += 1
    return told


def _told_by_record(case: Case, rules: Mapping[str, AnyRule]) -> Counter[tuple[str, str, str]]:
    """What the pack must have reported to the engine, by its own record: nothing waived, and nothing advisory."""
    kept: Counter[tuple[str, str, str]] = Counter()
    for line in case.record:
        said = [(one.rule, one.path) for one in line.breaches] + [(rule, "") for rule in line.unevaluated]
        for rule, path in said:
            known = rules.get(rule)
            reported = known is not None and case.config.level(known) is Level.MANDATORY
            if reported and not case.config.is_waived(rule, line.urn):
                kept[(line.urn, rule, path)] += 1
    return kept
