"""The output of a verdict: lines for a terminal, and the documented JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pouw.gate.verdict import Finding, Kind, Verdict


def lines(verdict: Verdict | None) -> Iterator[str]:
    """Yield each blocking finding with its remedy, the other findings by rule, and the counts."""
    if verdict is None:
        return
    yield from remedies(verdict)
    for gap in verdict.gaps:
        yield f"the check is incomplete: {gap}"
    for fault in verdict.waiver_faults:
        yield str(fault)
    blocking = [finding for finding in verdict.findings if finding.blocks]
    for finding in sorted(blocking, key=lambda finding: (finding.rule, finding.urn)):
        yield f"{_label(finding)}: {finding}; {finding.remedy}"
    by_rule: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in verdict.findings:
        if not finding.blocks:
            by_rule[_label(finding), finding.rule].append(finding)
    for (label, _), findings in sorted(by_rule.items()):
        suffix = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        yield f"{label}: {findings[0]}{suffix}"
    yield ("refused: " if verdict.red else "") + verdict.summary()


def remedies(verdict: Verdict) -> Iterator[str]:
    """Yield each remedy of a rule, and each failure to apply one."""
    for remedy in verdict.remedies:
        yield f"{'not remedied' if remedy.failure else 'remedied'}: {remedy}"


def as_json(verdict: Verdict | None) -> Mapping[str, Any]:
    """Return the ``policy`` part of a stack's document."""
    verdict = verdict or Verdict(stack="", environment="")
    return {
        "red": verdict.red,
        "checks": sum(len(urns) for urns in verdict.passed.values()),
        "violations": [_finding_json(finding) for finding in verdict.of(Kind.VIOLATION)],
        "unevaluated": [_finding_json(finding) for finding in verdict.of(Kind.UNEVALUATED)],
        "waived": [_finding_json(finding) for finding in verdict.waived],
        "remedied": [
            {"rule": remedy.rule, "resource": remedy.urn, "paths": list(remedy.paths)} for remedy in verdict.remedied
        ],
        "faults": [*map(str, verdict.waiver_faults), *verdict.gaps],
    }


def _finding_json(finding: Finding) -> Mapping[str, Any]:
    return {
        "rule": finding.rule,
        "resource": finding.urn,
        "path": finding.path,
        "severity": finding.severity,
        "mandatory": finding.mandatory,
        "message": finding.message,
        "remedy": finding.remedy,
        "ticket": finding.ticket,
    }


def _label(finding: Finding) -> str:
    if finding.waived:
        return f"waived ({finding.ticket})"
    if finding.kind is Kind.UNEVALUATED:
        return "not evaluated" if finding.mandatory else "not evaluated (advisory)"
    return "violation" if finding.mandatory else "advice"
