"""``pouw policy`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pouw.cli.__main__ import run
from pouw.errors import ExitCode
from pouw.evidence.chain import Entry
from pouw.evidence.store import EvidenceStore, example_name
from tests.gate.test_manifest_check import GOOD

RUN = Entry(
    kind="run",
    body={
        "schema": 1,
        "stack": "local",
        "environment": "local",
        "operation": "preview",
        "at": "2026-11-25T00:00:00+00:00",
        "exit_code": 0,
        "plan": "",
        "commit": "",
        "versions": {"pack": "0.1.0"},
        "frameworks": {},
    },
)
VERDICT = Entry(
    kind="verdict", body={"red": False, "advisory": False, "summary": "all good", "gaps": [], "waiver_faults": []}
)


@pytest.fixture(autouse=True)
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EvidenceStore:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "home"))
    return EvidenceStore(tmp_path / "home" / "evidence")


def test_a_report_without_evidence_names_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "report"]) == ExitCode.POLICY
    assert "run `pouw preview local`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "start"),
    [("--html", "<!doctype html>"), ("--markdown", "# Policy"), ("--sarif", "{"), ("--junit", "<?xml")],
)
def test_each_form_of_a_report_is_written_to_its_file(
    tmp_path: Path, evidence: EvidenceStore, form: str, start: str
) -> None:
    evidence.add("local", RUN, [VERDICT])
    file = tmp_path / "report"
    assert run(["policy", "report", form, "-o", str(file)]) == ExitCode.OK
    assert file.read_text().startswith(start)


def test_the_verification_of_a_changed_bundle_fails(
    capsys: pytest.CaptureFixture[str], evidence: EvidenceStore
) -> None:
    path = evidence.add("local", RUN, [VERDICT])
    assert run(["policy", "report", "--verify"]) == ExitCode.OK
    assert "local: 1 bundle is unchanged" in capsys.readouterr().out
    path.write_bytes(path.read_bytes().replace(b'"red":false', b'"red":true'))
    assert run(["policy", "report", "--verify"]) == ExitCode.POLICY
    assert "was changed: its hash differs" in capsys.readouterr().err


def test_a_violation_in_a_manifest_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.yaml"
    file.write_text(GOOD.replace("runAsNonRoot: true", "runAsNonRoot: false"))
    assert run(["policy", "check", "--manifests", str(file), "--json"]) == ExitCode.POLICY
    document = json.loads(capsys.readouterr().out)
    rules = [violation["rule"] for violation in document["policy"]["violations"]]
    assert "kubernetes-pods-container-require-nonroot" in rules
    assert document["ok"] is False


def test_frameworks_and_their_controls_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "controls"]) == ExitCode.OK
    assert "93 controls" in capsys.readouterr().out
    assert run(["policy", "controls", "cis-kubernetes"]) == ExitCode.OK
    assert "kubernetes-pods-container-deny-privileged" in capsys.readouterr().out
    assert run(["policy", "controls", "unknown"]) == ExitCode.USAGE


def test_the_waivers_of_this_repository_are_valid() -> None:
    assert run(["policy", "waivers"]) == ExitCode.OK


def test_all_reports_are_written_into_one_folder(tmp_path: Path, evidence: EvidenceStore) -> None:
    evidence.add("local", RUN, [VERDICT])
    evidence.add(example_name("gcp"), RUN, [VERDICT])
    assert run(["policy", "report", "--all", "-o", str(tmp_path / "reports")]) == ExitCode.OK
    suffixes = ("html", "md", "sarif", "xml", "jsonl")
    names = {f"{name}.{suffix}" for name in ("local", "gcp+example") for suffix in suffixes}
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {*names, "key.pub"}
    assert (tmp_path / "reports" / "key.pub").read_text().strip() == evidence.trusted_key()


def test_an_example_is_reported_by_its_name(capsys: pytest.CaptureFixture[str], evidence: EvidenceStore) -> None:
    evidence.add(example_name("gcp"), RUN, [VERDICT])
    assert run(["policy", "report", "gcp"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("# Policy report")
    assert run(["policy", "report", "staging"]) == ExitCode.POLICY


def test_one_changed_bundle_fails_the_verification_of_all_stacks(
    capsys: pytest.CaptureFixture[str], evidence: EvidenceStore
) -> None:
    assert run(["policy", "report", "--all", "--verify"]) == ExitCode.POLICY
    path = evidence.add("local", RUN, [VERDICT])
    evidence.add("staging", RUN, [VERDICT])
    assert run(["policy", "report", "--all", "--verify"]) == ExitCode.OK
    path.write_bytes(path.read_bytes()[:-10])
    assert run(["policy", "report", "--all", "--verify"]) == ExitCode.POLICY
    assert "staging: 1 bundle is unchanged" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--all"], ["--all", "local", "-o", "x"]])
def test_all_needs_a_folder_and_no_stack(arguments: list[str]) -> None:
    assert run(["policy", "report", *arguments]) == ExitCode.USAGE


def test_a_failed_pipeline_result_is_stored_and_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lint.json").write_text('[{"code": "E501"}]')
    assert run(["policy", "evidence", "add", "lint", str(tmp_path / "lint.json")]) == ExitCode.OK
    assert run(["policy", "evidence", "add", "tests", str(tmp_path / "gone.xml")]) == ExitCode.OK
    output = capsys.readouterr().out
    assert "lint: failed, 1 findings" in output
    assert "tests: failed, gone.xml is missing" in output
