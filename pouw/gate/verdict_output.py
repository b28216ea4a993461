"""A verdict in lines for people and in the documented JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pouw.gate.verdict import Finding, Kind, Verdict


def lines(verdict: Verdict | None) -> Iterator[str]:
    """What blocks, one line each with its remedy; the rest by rule; and the counts."""
    if verdict is None:
        return
    yield from remedies(verdict)
    for gap in verdict.gaps:
        yield f"the gate cannot vouch for this run: {gap}"
    for fault in verdict.waiver_faults:
        yield str(fault)
    blocking = sorted((one for one in verdict.findings if one.blocks), key=lambda one: (one.rule, one.urn))
    for one in blocking:
        yield f"{_word(one)}: {one}; {one.remedy}"
    rest: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in verdict.findings:
        if not one.blocks:
            rest[_word(one), one.rule].append(one)
    for (word, _), found in sorted(rest.items()):
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        yield f"{word}: {found[0]}{more}"
    yield ("refused: " if verdict.red else "") + verdict.summary()


def remedies(verdict: Verdict) -> Iterator[str]:
    """What rules added to resources, and where they could not."""
    for one in verdict.remedies:
        yield f"{'not remedied' if one.failure else 'remedied'}: {one}"


def as_json(verdict: Verdict | None) -> Mapping[str, Any]:
    """The ``policy`` part of a stack's document."""
    verdict = verdict or Verdict(stack="", environment="")
    return {
        "red": verdict.red,
        "checks": sum(len(urns) for urns in verdict.passed.values()),
        "violations": [_finding(one) for one in verdict.of(Kind.VIOLATION)],
        "unevaluated": [_finding(one) for one in verdict.of(Kind.UNEVALUATED)],
        "waived": [_finding(one) for one in verdict.waived],
        "remedied": [{"rule": one.rule, "resource": one.urn, "paths": list(one.paths)} for one in verdict.remedied],
        "faults": [*map(str, verdict.waiver_faults), *verdict.gaps],
    }


def _finding(one: Finding) -> Mapping[str, Any]:
    return {
        "rule": one.rule,
        "resource": one.urn,
        "path": one.path,
        "severity": one.severity,
        "mandatory": one.mandatory,
        "message": one.message,
        "remedy": one.remedy,
        "ticket": one.ticket,
    }


def _word(one: Finding) -> str:
    if one.waived:
        return f"waived ({one.ticket})"
    if one.kind is Kind.UNEVALUATED:
        return "not evaluated" if one.mandatory else "not evaluated (advisory)"
    return "violation" if one.mandatory else "advice"
