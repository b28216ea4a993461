"""SARIF 2.1.0, for code scanning: each finding is at the line that declares its resource."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from policies import catalogue
from policies.rule import AnyRule
from pouw.gate.frameworks import mapping
from pouw.gate.report.model import Located, Report
from pouw.gate.verdict import Finding, Kind

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}
"""GitHub's bands of ``security-severity``: the middle of each."""
_PREFIXES = {
    Kind.VIOLATION: "",
    Kind.UNEVALUATED: "not evaluated: ",
}


def render(report: Report) -> str:
    """Return the text of the log."""
    rules = catalogue.every_rule()
    used = sorted({located.finding.rule for located in report.findings} & set(rules))
    driver = {
        "name": "pouw policies",
        "semanticVersion": report.run["versions"]["pack"],
        "rules": [_rule(rules[name]) for name in used],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"pouw/{report.name}/"},
        "columnKind": "utf16CodeUnits",
        "results": [_result(located, used, report.settings) for located in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: AnyRule) -> Mapping[str, Any]:
    frameworks = mapping()[rule.id].controls if rule.id in mapping() else {}
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.id.replace("-", " ")},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.remedy},
        "helpUri": rule.reference,
        "properties": {
            "security-severity": _SCORES[rule.severity],
            "tags": [
                "security",
                *(f"{name} {control}" for name, controls in frameworks.items() for control in controls),
            ],
        },
    }


def _result(located: Located, used: Sequence[str], settings: str) -> Mapping[str, Any]:
    finding = located.finding
    prefix = _PREFIXES[finding.kind]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": "error" if finding.mandatory else "warning",
        "message": {
            "text": f"{prefix}{finding.path + ': ' if finding.path else ''}{finding.message}. {finding.remedy}"
        },
        "locations": [
            {
                "physicalLocation": {
                    # If the line is unknown, the result points at the stack's own file.
                    "artifactLocation": {"uri": located.file or settings, "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": located.line or 1},
                },
                "logicalLocations": [{"fullyQualifiedName": finding.urn, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"pouwFinding/v1": _fingerprint(finding)},
    }
    if finding.rule in used:
        result["ruleIndex"] = used.index(finding.rule)
    if finding.waived:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": finding.ticket}]
    return result


def _fingerprint(finding: Finding) -> str:
    return hashlib.sha256(f"{finding.rule}\n{finding.urn}\n{finding.path}\n{finding.kind}".encode()).hexdigest()
