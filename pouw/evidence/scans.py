"""What scanners found: SARIF 2.1.0 of any, and pip-audit's JSON.

A scan is good if it ran to its end and nothing that counts is left: a result of level ``error``, one that GitHub calls
high or critical by its ``security-severity``, or, of pip-audit, any known vulnerability. What is suppressed with a
reason is the reviewer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_HIGH: Final = 7.0
"""Where GitHub's band of high severities begins."""
_ACCEPTED: Final = ("accepted", None)
"""States of a suppression that is in force; one without a state is."""


def read(document: Any) -> tuple[bool, str]:
    """Whether it is good, and what it says.

    Raises:
        ValueError, LookupError, TypeError: it is neither.
    """
    if isinstance(document, dict) and document.get("version") == "2.1.0":
        return _sarif(document["runs"])
    if isinstance(document, dict) and "dependencies" in document:
        return _audit(document["dependencies"])
    raise ValueError("it is neither SARIF 2.1.0 nor pip-audit's JSON")


def _sarif(runs: list[Mapping[str, Any]]) -> tuple[bool, str]:
    if not runs:
        raise ValueError("it tells of no run")
    said, ok = [], True
    for run in runs:
        ended = all(one["executionSuccessful"] for one in run.get("invocations") or ())
        # A run without a list of results is one that did not look.
        results = run["results"]
        counting = sum(1 for one in results if _counts(one, run))
        ok &= ended and not counting
        name = run["tool"]["driver"]["name"]
        said.append(f"{name}: {len(results)} results, {counting} of them count" + ("" if ended else ", not to its end"))
    return ok, "; ".join(said)


def _counts(result: Mapping[str, Any], run: Mapping[str, Any]) -> bool:
    suppressed = result.get("suppressions") or ()
    if suppressed and all(one.get("status") in _ACCEPTED for one in suppressed):
        return False
    if result.get("kind", "fail") != "fail":
        return False
    rule = _rule(result, run)
    level = result.get("level") or (rule.get("defaultConfiguration") or {}).get("level") or "warning"
    score = (rule.get("properties") or {}).get("security-severity")
    return level == "error" or (score is not None and float(score) >= _HIGH)


def _rule(result: Mapping[str, Any], run: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rule that a result names, in the tool or in one of its extensions."""
    tool = run["tool"]
    named = result.get("ruleId") or (result.get("rule") or {}).get("id")
    for part in (tool["driver"], *(tool.get("extensions") or ())):
        for one in part.get("rules") or ():
            if one["id"] == named:
                found: Mapping[str, Any] = one
                return found
    return {}


def _audit(dependencies: list[Mapping[str, Any]]) -> tuple[bool, str]:
    if not dependencies:
        raise ValueError("it tells of no dependency")
    found, skipped = list(_vulnerable(dependencies)), sum("skip_reason" in one for one in dependencies)
    said = f"pip-audit: {len(dependencies)} distributions, {len(found)} vulnerabilities"
    if found:
        said += f" ({', '.join(found)})"
    return not found and not skipped, said + (f", {skipped} not looked at" if skipped else "")


def _vulnerable(dependencies: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in dependencies:
        for vulnerability in one.get("vulns") or ():
            yield f"{one['name']} {one['version']}: {vulnerability['id']}"
