"""Results of the pipeline, read from the files of its tools."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pouw.evidence import pipeline_results
from pouw.evidence.pipeline_results import PipelineResult
from pouw.evidence.store import EvidenceError, EvidenceStore

COMMIT = "0" * 40


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence")


def stored(kind: str, file: Path, store: EvidenceStore) -> PipelineResult:
    """Return a result after it was added and loaded."""
    pipeline_results.add(pipeline_results.read(kind, [file], COMMIT), store)
    return pipeline_results.load("staging", COMMIT, store)[kind]


@pytest.mark.parametrize(
    ("kind", "text", "ok", "summary"),
    [
        ("tests", '<testsuites><testsuite tests="3" failures="0" errors="0"/></testsuites>', True, "3 tests, 0 failed"),
        ("tests", '<testsuite tests="3" failures="1" errors="1"/>', False, "3 tests, 2 failed"),
        ("lint", "[]", True, "0 findings"),
        ("lint", '[{"code": "E501"}]', False, "1 findings"),
        ("types", "Success: no issues found in 9 source files\n", True, "Success: no issues found in 9 source files"),
        ("types", "a.py:1: error: no\nFound 1 error in 1 file\n", False, "Found 1 error in 1 file"),
    ],
)
def test_a_result_is_read_from_the_format_of_its_tool(
    tmp_path: Path, store: EvidenceStore, kind: str, text: str, ok: bool, summary: str
) -> None:
    file = tmp_path / "result"
    file.write_text(text)
    result = stored(kind, file, store)
    assert (result.ok, result.summary) == (ok, summary)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("tests", "<testsuites/>"),
        ("tests", "nonsense"),
        ("lint", "{}"),
        ("lint", ""),
        ("types", ""),
        ("types", "ok"),
        ("scan", "[]"),
        ("scan", '{"version": "2.0.0", "runs": []}'),
        ("scan", '{"version": "2.1.0", "runs": []}'),
        ("scan", '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}}]}'),
        ("scan", '{"dependencies": []}'),
        ("drift", '{"schema": 1, "stacks": []}'),
        ("drift", '{"schema": 2, "stacks": [{}]}'),
    ],
)
def test_a_file_in_an_unknown_format_is_refused(tmp_path: Path, kind: str, text: str) -> None:
    file = tmp_path / "result"
    file.write_text(text)
    with pytest.raises(EvidenceError, match=f"is not a result of {kind}"):
        pipeline_results.read(kind, [file], COMMIT)


def test_a_step_passes_if_all_of_its_files_do(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text('<testsuite tests="3" failures="0" errors="0"/>')
    bad.write_text('<testsuite tests="1" failures="1" errors="0"/>')
    result = pipeline_results.read("tests", [good, bad], COMMIT)
    assert (result.ok, result.summary, result.file) == (
        False,
        "3 tests, 0 failed; 1 tests, 1 failed",
        "good.xml bad.xml",
    )
    assert result.sha256 == hashlib.sha256(good.read_bytes() + bad.read_bytes()).hexdigest()


def test_a_missing_file_is_a_failed_result(tmp_path: Path) -> None:
    result = pipeline_results.read("types", [tmp_path / "types.txt"], COMMIT)
    assert (result.ok, result.summary) == (False, "types.txt is missing: the step did not complete")


def test_a_result_counts_for_its_commit_only(tmp_path: Path, store: EvidenceStore) -> None:
    file = tmp_path / "lint.json"
    file.write_text("[]")
    assert stored("lint", file, store).ok
    assert "lint" not in pipeline_results.load("local", f"{COMMIT}+changes", store)


def test_a_result_of_an_earlier_schema_counts_for_no_commit(store: EvidenceStore) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "pipeline.json").write_text(
        json.dumps({"lint": {"kind": "lint", "ok": True, "summary": "", "file": "", "sha256": ""}})
    )
    assert set(pipeline_results.load("local", "", store)) == {"lock"}


def stack_entry(name: str, *, ok: bool = True, **counts: int) -> dict[str, Any]:
    """Return one stack of the document of a refresh or a preview."""
    return {"name": name, "ok": ok, "create": 0, "update": 0, "replace": 0, "delete": 0, **counts}


@pytest.mark.parametrize(
    ("stack", "ok", "summary"),
    [
        (stack_entry("staging"), True, "no difference"),
        (stack_entry("staging", update=2, delete=1), False, "staging differs in 3 resources"),
        (stack_entry("staging", ok=False), False, "staging failed"),
    ],
    ids=["the same", "drifted", "failed"],
)
def test_drift_is_a_change_by_a_refresh_and_counts_for_its_stack(
    tmp_path: Path, store: EvidenceStore, stack: dict[str, Any], ok: bool, summary: str
) -> None:
    file = tmp_path / "drift.json"
    file.write_text(json.dumps({"schema": 1, "stacks": [stack]}))
    result = stored("drift", file, store)
    assert (result.ok, result.summary) == (ok, summary)
    assert "drift" not in pipeline_results.load("production", COMMIT, store)


def sarif(*results: dict[str, Any], completed: bool = True) -> dict[str, Any]:
    """Return the log of a scanner with three rules."""
    rules = [
        {"id": "high", "properties": {"security-severity": "8.1"}},
        {"id": "low", "properties": {"security-severity": "3.0"}},
        {"id": "fatal", "defaultConfiguration": {"level": "error"}},
    ]
    run = {"tool": {"driver": {"name": "scanner", "rules": rules}}, "results": list(results)}
    return {"version": "2.1.0", "runs": [{**run, "invocations": [{"executionSuccessful": completed}]}]}


SUPPRESSED = [{"kind": "external", "status": "accepted"}]


@pytest.mark.parametrize(
    ("document", "ok"),
    [
        (sarif(), True),
        (sarif({"ruleId": "low"}), True),
        (sarif({"ruleId": "high"}), False),
        (sarif({"rule": {"id": "high"}, "level": "note"}), False),
        (sarif({"ruleId": "fatal"}), False),
        (sarif({"ruleId": "fatal", "level": "note"}), True),
        (sarif({"ruleId": "unknown", "level": "error"}), False),
        (sarif({"ruleId": "high", "kind": "pass"}), True),
        (sarif({"ruleId": "high", "suppressions": SUPPRESSED}), True),
        (sarif({"ruleId": "high", "suppressions": [{"kind": "external", "status": "underReview"}]}), False),
        (sarif(completed=False), False),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []}, True),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]}, False),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "none"}]}, False),
    ],
)
def test_a_scan_passes_if_it_completed_without_a_counting_result(
    tmp_path: Path, document: dict[str, Any], ok: bool
) -> None:
    file = tmp_path / "scan.json"
    file.write_text(json.dumps(document))
    assert pipeline_results.read("scan", [file], COMMIT).ok is ok


def test_a_scan_names_the_vulnerabilities(tmp_path: Path) -> None:
    file = tmp_path / "audit.json"
    file.write_text(json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]}))
    summary = pipeline_results.read("scan", [file], COMMIT).summary
    assert summary == "pip-audit: 1 distributions, 1 vulnerabilities (a 1: CVE-1)"


def test_the_lock_file_is_the_list_of_parts(store: EvidenceStore) -> None:
    lock = pipeline_results.load("local", COMMIT, store)["lock"]
    assert lock.ok
    assert "distributions pinned" in lock.summary
