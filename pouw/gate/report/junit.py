"""JUnit XML, for CI: one case for each rule on each resource, one suite per cloud.

The file follows both published schemas: Ant's, which requires every attribute and allows none at the root, and that of
Jenkins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from policies.pack_config import subject_of
from pouw.gate.report.model import Report
from pouw.gate.verdict import Finding

Case = tuple[str, str, ET.Element | None]
"""Class, name, and the element of a case that did not pass."""


def render(report: Report) -> str:
    """Return the text of the file."""
    root = ET.Element("testsuites")
    for number, (name, cases) in enumerate(sorted(_suites(report).items())):
        root.append(_suite(number, name, cases, report))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suites(report: Report) -> dict[str, list[Case]]:
    by_case: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for rule, urns in report.passed.items():
        for urn in urns:
            by_case[rule, urn] = []
    for located in report.findings:
        by_case[located.finding.rule, located.finding.urn].append(located.finding)
    suites: defaultdict[str, list[Case]] = defaultdict(list)
    for (rule, urn), findings in sorted(by_case.items()):
        suites[rule.partition("-")[0]].append((rule, subject_of(urn), _outcome(findings)))
    suites["gate"] += _gaps(report)
    return {name: cases for name, cases in suites.items() if cases}


def _gaps(report: Report) -> Iterator[Case]:
    for gap in (*report.verdict["gaps"], *report.verdict["waiver_faults"]):
        yield "gate", gap.partition(":")[0], ET.Element("failure", message=gap, type="gap")


def _suite(number: int, name: str, cases: list[Case], report: Report) -> ET.Element:
    states = [state.tag for _, _, state in cases if state is not None]
    suite = ET.Element(
        "testsuite",
        id=str(number),
        package=report.name,
        name=name,
        # Neither schema allows a time zone; the time is UTC.
        timestamp=report.run["at"][: len("2000-01-01T00:00:00")],
        hostname="localhost",
        time="0",
        tests=str(len(cases)),
        failures=str(states.count("failure")),
        errors="0",
        skipped=str(states.count("skipped")),
    )
    ET.SubElement(suite, "properties")
    for classname, subject, state in cases:
        case = ET.SubElement(suite, "testcase", classname=classname, name=subject, time="0")
        if state is not None:
            case.append(state)
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")
    return suite


def _outcome(findings: list[Finding]) -> ET.Element | None:
    if blocking := [finding for finding in findings if finding.blocks]:
        failure = ET.Element("failure", message=str(blocking[0]), type=blocking[0].kind)
        failure.text = "\n".join(f"{finding}\n{finding.remedy}" for finding in blocking)
        return failure
    if findings:
        finding = findings[0]
        message = f"waived by {finding.ticket}" if finding.waived else f"advisory: {finding}"
        return ET.Element("skipped", message=message)
    return None
