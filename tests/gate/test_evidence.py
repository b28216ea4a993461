"""Evidence that somebody changed is not believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from pouw.evidence import chain, pipeline, store
from pouw.evidence.chain import Entry
from pouw.evidence.store import EvidenceError

KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
COMMIT = "0" * 40
TRUSTED = chain.public_key(KEY)
RUN = Entry(kind="run", body={"stack": "local"})
ENTRIES = [RUN, Entry(kind="finding", body={"rule": "one"}), Entry(kind="verdict", body={"red": True})]
DATA = chain.write(ENTRIES, KEY)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "home"))
    return tmp_path


def test_what_was_written_is_read_back_and_believed() -> None:
    assert chain.read(DATA) == ENTRIES
    assert list(chain.faults(DATA, TRUSTED)) == []


def _without_line(number: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: lines[:number] + lines[number + 1 :]


def _resealed(lines: list[bytes]) -> list[bytes]:
    """The whole chain written anew by somebody with a key of his own."""
    return chain.write([RUN, Entry(kind="verdict", body={"red": False})], OTHER).splitlines()


def _resealed_under_our_name(lines: list[bytes]) -> list[bytes]:
    forged = [json.loads(line) for line in _resealed(lines)]
    forged[-1]["body"]["key"] = TRUSTED
    return [json.dumps(line, sort_keys=True, separators=(",", ":")).encode() for line in forged]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0], lines[1].replace(b"one", b"two"), *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], lines[3]],
        lambda lines: [*lines[:2], lines[1], *lines[2:]],
        lambda lines: lines[:-1],
        lambda lines: lines[:0],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [lines[0], lines[1].replace(b":", b": "), *lines[2:]],
        lambda lines: [*lines[:-1], lines[-1].replace(b'"lines":4', b'"lines":5')],
        _without_line(0),
        _without_line(1),
        _resealed,
        _resealed_under_our_name,
    ],
    ids=["tampered", "reordered", "doubled", "no seal", "empty", "two seals", "reformatted", "seal changed",
         "no start", "line removed", "other key", "other key under our name"],
)  # fmt: skip
def test_a_chain_that_was_changed_is_not_believed(change: Callable[[list[bytes]], list[bytes]]) -> None:
    lines = change(DATA.splitlines())
    assert list(chain.faults(b"".join(line + b"\n" for line in lines), TRUSTED))


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed_unseen(position: int, difference: int) -> None:
    changed = bytearray(DATA)
    changed[position] ^= difference
    assert list(chain.faults(bytes(changed), TRUSTED))


@given(st.integers(0, len(DATA) - 1))
def test_no_end_can_be_cut_off_unseen(length: int) -> None:
    assert list(chain.faults(DATA[:length], TRUSTED))


def test_bundles_follow_one_another_and_a_missing_one_is_told() -> None:
    paths = [store.add("local", RUN, ENTRIES[1:]) for _ in range(3)]
    assert [path.name for path in paths] == ["000000.jsonl", "000001.jsonl", "000002.jsonl"]
    trusted = store.trusted_key()
    assert list(store.verify(paths, trusted)) == []
    assert list(store.verify([paths[0], paths[2]], trusted)) == [
        "000002.jsonl: the bundle before it is missing, or is another one"
    ]
    assert store.latest("local") == paths[2]


def test_the_key_is_its_owners_alone_and_stays() -> None:
    first, second = store.signing_key(), store.signing_key()
    assert first.private_bytes_raw() == second.private_bytes_raw()
    assert (store.folder() / "key.pem").stat().st_mode & 0o077 == 0
    assert store.trusted_key() == chain.public_key(first)


def test_runs_side_by_side_share_one_key_and_no_number() -> None:
    with ThreadPoolExecutor(8) as workers:
        paths = sorted(one.result() for one in [workers.submit(store.add, "local", RUN, []) for _ in range(24)])
    assert [int(path.stem) for path in paths] == list(range(24))
    assert list(store.verify(paths, store.trusted_key())) == []
    assert [path.name for path in store.folder().iterdir() if path.name.startswith(".")] == []


def test_forgetting_a_stack_leaves_nothing_of_it() -> None:
    store.add("local", RUN, [])
    store.add("staging", RUN, [])
    store.forget("local")
    assert [path.parent.name for path in store.bundles("staging")] == ["staging"]
    with pytest.raises(EvidenceError, match="no evidence yet"):
        store.latest("local")
    store.forget("staging")
    assert not store.folder().exists()


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
def test_a_result_of_the_pipeline_is_kept_as_what_it_is(
    home: Path, kind: str, text: str, ok: bool, summary: str
) -> None:
    file = home / "result"
    file.write_text(text)
    pipeline.add(pipeline.of_files(kind, [file], COMMIT))
    kept = pipeline.load("local", COMMIT)[kind]
    assert (kept.ok, kept.summary) == (ok, summary)


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
def test_a_result_that_is_not_understood_is_no_evidence(home: Path, kind: str, text: str) -> None:
    file = home / "result"
    file.write_text(text)
    with pytest.raises(EvidenceError, match=f"is no result of {kind}"):
        pipeline.of_files(kind, [file], COMMIT)


def test_a_step_is_good_only_if_all_that_it_wrote_is(home: Path) -> None:
    good, bad = home / "good.xml", home / "bad.xml"
    good.write_text('<testsuite tests="3" failures="0" errors="0"/>')
    bad.write_text('<testsuite tests="1" failures="1" errors="0"/>')
    both = pipeline.of_files("tests", [good, bad], COMMIT)
    assert (both.ok, both.summary, both.file) == (False, "3 tests, 0 failed; 1 tests, 1 failed", "good.xml bad.xml")
    assert both.sha256 == hashlib.sha256(good.read_bytes() + bad.read_bytes()).hexdigest()


def test_a_file_that_is_not_there_is_a_step_that_did_not_end(home: Path) -> None:
    result = pipeline.of_files("types", [home / "types.txt"], COMMIT)
    assert (result.ok, result.summary) == (False, "types.txt is missing: the step did not come to its end")


def test_a_result_counts_for_its_commit_alone(home: Path) -> None:
    file = home / "lint.json"
    file.write_text("[]")
    pipeline.add(pipeline.of_files("lint", [file], COMMIT))
    assert "lint" in pipeline.load("local", COMMIT)
    assert "lint" not in pipeline.load("local", f"{COMMIT}+changes")


def test_results_that_say_of_no_commit_count_for_none(home: Path) -> None:
    kept = store.folder() / "pipeline.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"lint": {"kind": "lint", "ok": True, "summary": "", "file": "", "sha256": ""}}))
    assert set(pipeline.load("local", "")) == {"lock"}


def changed(name: str, *, ok: bool = True, **counts: int) -> dict[str, Any]:
    """One stack in the document of a refresh or a preview."""
    return {"name": name, "ok": ok, "create": 0, "update": 0, "replace": 0, "delete": 0, **counts}


@pytest.mark.parametrize(
    ("stack", "ok", "summary"),
    [
        (changed("staging"), True, "no difference"),
        (changed("staging", update=2, delete=1), False, "staging differs in 3 resources"),
        (changed("staging", ok=False), False, "staging failed"),
    ],
    ids=["the same", "drifted", "failed"],
)
def test_drift_is_what_a_refresh_changes_and_counts_for_its_stack(
    home: Path, stack: dict[str, Any], ok: bool, summary: str
) -> None:
    file = home / "drift.json"
    file.write_text(json.dumps({"schema": 1, "stacks": [stack]}))
    pipeline.add(pipeline.of_files("drift", [file], COMMIT))
    kept = pipeline.load("staging", COMMIT)["drift"]
    assert (kept.ok, kept.summary) == (ok, summary)
    assert "drift" not in pipeline.load("production", COMMIT)


def sarif(*results: dict[str, Any], ended: bool = True) -> dict[str, Any]:
    """The log of a scanner with three rules."""
    rules = [
        {"id": "high", "properties": {"security-severity": "8.1"}},
        {"id": "low", "properties": {"security-severity": "3.0"}},
        {"id": "fatal", "defaultConfiguration": {"level": "error"}},
    ]
    run = {"tool": {"driver": {"name": "scanner", "rules": rules}}, "results": list(results)}
    return {"version": "2.1.0", "runs": [{**run, "invocations": [{"executionSuccessful": ended}]}]}


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
        (sarif(ended=False), False),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []}, True),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]}, False),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "none"}]}, False),
    ],
)
def test_a_scan_is_good_if_it_ended_and_nothing_that_counts_is_left(
    home: Path, document: dict[str, Any], ok: bool
) -> None:
    file = home / "scan.json"
    file.write_text(json.dumps(document))
    assert pipeline.of_files("scan", [file], COMMIT).ok is ok


def test_a_scan_names_the_vulnerabilities(home: Path) -> None:
    file = home / "audit.json"
    file.write_text(json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]}))
    summary = pipeline.of_files("scan", [file], COMMIT).summary
    assert summary == "pip-audit: 1 distributions, 1 vulnerabilities (a 1: CVE-1)"


def test_an_example_is_kept_apart_from_a_stack_of_its_name() -> None:
    stack, example = store.add("local", RUN, []), store.add(store.example("local"), RUN, [])
    assert store.bundles("local") == [stack]
    assert store.bundles(store.example("local")) == [example]
    assert store.names() == ["local", "local+example"]
    store.forget("local")
    assert store.names() == ["local+example"]


def test_the_lock_file_is_the_parts_list() -> None:
    lock = pipeline.load("local", COMMIT)["lock"]
    assert lock.ok
    assert "distributions pinned" in lock.summary
