"""The results of scanners: SARIF 2.1.0 of any scanner, and pip-audit's JSON.

A scan is successful if it completed and reports nothing that counts. In SARIF, a result counts if its level is
``error``, or if GitHub rates its ``security-severity`` high or critical. In pip-audit's JSON, any known vulnerability
counts. A suppressed result does not count: the reviewer accepted it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_HIGH: Final = 7.0
"""The lower bound of GitHub's band of high severities."""
_ACCEPTED: Final = ("accepted", None)
"""States of a suppression that is in force; a suppression without a state is in force too."""


def read(document: Any) -> tuple[bool, str]:
    """Return the success of a scan and its summary.

    Raises:
        ValueError, LookupError, TypeError: the document has neither format.
    """
    if isinstance(document, dict) and document.get("version") == "2.1.0":
        return _sarif(document["runs"])
    if isinstance(document, dict) and "dependencies" in document:
        return _audit(document["dependencies"])
    raise ValueError("the document is neither SARIF 2.1.0 nor pip-audit's JSON")


def _sarif(runs: list[Mapping[str, Any]]) -> tuple[bool, str]:
    if not runs:
        raise ValueError("the document has no run")
    summaries, success = [], True
    for run in runs:
        completed = all(invocation["executionSuccessful"] for invocation in run.get("invocations") or ())
        # A run without a list of results did not scan anything.
        results = run["results"]
        counting = sum(1 for result in results if _counts(result, run))
        success &= completed and not counting
        name = run["tool"]["driver"]["name"]
        suffix = "" if completed else ", not completed"
        summaries.append(f"{name}: {len(results)} results, {counting} of them count{suffix}")
    return success, "; ".join(summaries)


def _counts(result: Mapping[str, Any], run: Mapping[str, Any]) -> bool:
    suppressions = result.get("suppressions") or ()
    if suppressions and all(suppression.get("status") in _ACCEPTED for suppression in suppressions):
        return False
    if result.get("kind", "fail") != "fail":
        return False
    rule = _rule(result, run)
    level = result.get("level") or (rule.get("defaultConfiguration") or {}).get("level") or "warning"
    score = (rule.get("properties") or {}).get("security-severity")
    return level == "error" or (score is not None and float(score) >= _HIGH)


def _rule(result: Mapping[str, Any], run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the rule that a result names, from the tool or from one of its extensions; empty without a match."""
    tool = run["tool"]
    rule_id = result.get("ruleId") or (result.get("rule") or {}).get("id")
    rules: Iterator[Mapping[str, Any]] = (
        rule for part in (tool["driver"], *(tool.get("extensions") or ())) for rule in part.get("rules") or ()
    )
    return next((rule for rule in rules if rule["id"] == rule_id), {})


def _audit(dependencies: list[Mapping[str, Any]]) -> tuple[bool, str]:
    if not dependencies:
        raise ValueError("the document has no dependency")
    vulnerabilities = list(_vulnerabilities(dependencies))
    skipped = sum("skip_reason" in dependency for dependency in dependencies)
    summary = f"pip-audit: {len(dependencies)} distributions, {len(vulnerabilities)} vulnerabilities"
    if vulnerabilities:
        summary += f" ({', '.join(vulnerabilities)})"
    return not vulnerabilities and not skipped, summary + (f", {skipped} skipped" if skipped else "")


def _vulnerabilities(dependencies: list[Mapping[str, Any]]) -> Iterator[str]:
    for dependency in dependencies:
        for vulnerability in dependency.get("vulns") or ():
            yield f"{dependency['name']} {dependency['version']}: {vulnerability['id']}"
