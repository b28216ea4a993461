"""JUnit XML, for CI: one case for each rule on each resource, one suite a cloud."""

from __future__ import annotations

from collections import defaultdict
from xml.etree import ElementTree as ET

from policies.packconfig import subject_of
from pouw.policy.report.model import Report
from pouw.policy.verdict import Finding


def render(report: Report) -> str:
    """The file as text."""
    root = ET.Element("testsuites", name=f"policies of {report.stack}")
    cases: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for rule, urns in report.passed.items():
        for urn in urns:
            cases[rule, urn] = []
    for one in report.findings:
        cases[one.finding.rule, one.finding.urn].append(one.finding)
    suites = {cloud: ET.SubElement(root, "testsuite", name=cloud) for cloud in sorted({_cloud(key) for key in cases})}
    for key, findings in sorted(cases.items()):
        _case(suites[_cloud(key)], key, findings)
    if gaps := [*report.verdict["gaps"], *report.verdict["waiver_faults"]]:
        gate = ET.SubElement(root, "testsuite", name="gate")
        for gap in gaps:
            case = ET.SubElement(gate, "testcase", classname="gate", name=gap.partition(":")[0])
            ET.SubElement(case, "failure", message=gap)
    for suite in (root, *root.findall("testsuite")):
        suite.set("tests", str(len(suite.findall(".//testcase"))))
        suite.set("failures", str(len(suite.findall(".//failure"))))
        suite.set("errors", "0")
        if suite is not root:
            suite.set("skipped", str(len(suite.findall(".//skipped"))))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _cloud(key: tuple[str, str]) -> str:
    return key[0].partition("-")[0]


def _case(suite: ET.Element, key: tuple[str, str], findings: list[Finding]) -> None:
    case = ET.SubElement(suite, "testcase", classname=key[0], name=subject_of(key[1]))
    if blocking := [one for one in findings if one.blocks]:
        failure = ET.SubElement(case, "failure", message=str(blocking[0]), type=blocking[0].kind)
        failure.text = "\n".join(f"{one}\n{one.remedy}" for one in blocking)
    elif findings:
        one = findings[0]
        why = f"waived by {one.ticket}" if one.waived else f"advisory: {one}"
        ET.SubElement(case, "skipped", message=why)
