"""Evidence that somebody changed is not believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from pouw.policy.evidence import chain, pipeline, store
from pouw.policy.evidence.chain import Entry
from pouw.policy.evidence.store import EvidenceError

KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
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
    pipeline.add(pipeline.of_file(kind, file))
    kept = pipeline.load()[kind]
    assert (kept.ok, kept.summary) == (ok, summary)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("tests", "<testsuites/>"), ("tests", "nonsense"), ("lint", "{}"), ("lint", ""), ("types", ""), ("types", "ok")],
)
def test_a_result_that_is_not_understood_is_no_evidence(home: Path, kind: str, text: str) -> None:
    file = home / "result"
    file.write_text(text)
    with pytest.raises(EvidenceError, match=f"is no result of {kind}"):
        pipeline.of_file(kind, file)


def test_the_lock_file_is_the_parts_list() -> None:
    lock = pipeline.load()["lock"]
    assert lock.ok
    assert "distributions pinned" in lock.summary
