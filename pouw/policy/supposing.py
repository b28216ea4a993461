"""Second looks at what a preview does not know: the same preview with the names supposed that only the cloud gives.

A policy that names a key by its ARN is one text, and not known before the key is made. What the policy allows does not
hang on that name. So where rules met unknown values, the preview is made once more by plugins that suppose names and
nothing else. A rule that then passes is told apart from those that passed on what is known, and is evaluated again
when the resource is deployed, on the true values; one that then breaks is a violation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from policies.wording import UNKNOWN
from pouw.engine.plugins.offline.supposition import VARIABLE
from pouw.policy.verdict import Finding, Kind, Verdict

ENVIRONMENT = {VARIABLE: "1"}


def is_worth_it(verdict: Verdict) -> bool:
    """Whether a second look could change the verdict: something blocks that is only not known."""
    return not verdict.gaps and any(one.blocks and _is_unknown(one) for one in verdict.findings)


def merged(known: Verdict, supposed: Verdict) -> Verdict:
    """The first verdict, with what the second look says of the rules that met unknown values."""
    if supposed.gaps:
        return known
    findings = [one for finding in known.findings for one in _seen_again(finding, supposed)]
    return replace(known, findings=list(dict.fromkeys(findings)))


def _seen_again(finding: Finding, supposed: Verdict) -> Sequence[Finding]:
    if not _is_unknown(finding) or finding.waived:
        return [finding]
    broken = [
        one for one in supposed.findings if (one.rule, one.urn, one.kind) == (finding.rule, finding.urn, Kind.VIOLATION)
    ]
    if broken:
        return broken
    if finding.urn in supposed.passed.get(finding.rule, ()):
        return [replace(finding, kind=Kind.SUPPOSED)]
    return [finding]


def _is_unknown(finding: Finding) -> bool:
    return finding.kind is Kind.UNEVALUATED and finding.message.endswith(UNKNOWN)
