"""JUnit XML, for CI: one case for each rule on each resource, one suite a cloud.

It follows both schemas that are published: Ant's, which asks for every attribute and allows none at the top, and that
of Jenkins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from policies.pack_config import subject_of
from pouw.gate.report.model import Report
from pouw.gate.verdict import Finding

Case = tuple[str, str, ET.Element | None]
"""Class, name, and what did not pass."""


def render(report: Report) -> str:
    """The file as text."""
    root = ET.Element("testsuites")
    for number, (name, cases) in enumerate(sorted(_suites(report).items())):
        root.append(_suite(number, name, cases, report))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suites(report: Report) -> dict[str, list[Case]]:
    found: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for rule, urns in report.passed.items():
        for urn in urns:
            found[rule, urn] = []
    for one in report.findings:
        found[one.finding.rule, one.finding.urn].append(one.finding)
    suites: defaultdict[str, list[Case]] = defaultdict(list)
    for (rule, urn), findings in sorted(found.items()):
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
        # Neither schema takes a time zone: it is UTC.
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
    if blocking := [one for one in findings if one.blocks]:
        failure = ET.Element("failure", message=str(blocking[0]), type=blocking[0].kind)
        failure.text = "\n".join(f"{one}\n{one.remedy}" for one in blocking)
        return failure
    if findings:
        one = findings[0]
        why = f"waived by {one.ticket}" if one.waived else f"advisory: {one}"
        return ET.Element("skipped", message=why)
    return None
