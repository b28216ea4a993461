"""The store of bundles and of the key that signs them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pouw.evidence import chain
from pouw.evidence.chain import Entry
from pouw.evidence.store import EvidenceError, EvidenceStore, example_name, verify

RUN = Entry(kind="run", body={"stack": "local"})


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence")


def test_a_missing_bundle_between_two_is_reported(store: EvidenceStore) -> None:
    paths = [store.add("local", RUN, [Entry(kind="verdict", body={"red": True})]) for _ in range(3)]
    assert [path.name for path in paths] == ["000000.jsonl", "000001.jsonl", "000002.jsonl"]
    trusted = store.trusted_key()
    assert list(verify(paths, trusted)) == []
    assert list(verify([paths[0], paths[2]], trusted)) == [
        "000002.jsonl: the previous bundle is missing or another one"
    ]
    assert store.latest("local") == paths[2]


def test_the_private_key_is_stable_and_readable_by_its_owner_only(store: EvidenceStore) -> None:
    first, second = store.signing_key(), store.signing_key()
    assert first.private_bytes_raw() == second.private_bytes_raw()
    assert (store.folder / "key.pem").stat().st_mode & 0o077 == 0
    assert store.trusted_key() == chain.public_key(first)


def test_parallel_runs_share_one_key_and_no_number(store: EvidenceStore) -> None:
    with ThreadPoolExecutor(8) as workers:
        additions = [workers.submit(store.add, "local", RUN, []) for _ in range(24)]
        paths = sorted(addition.result() for addition in additions)
    assert [int(path.stem) for path in paths] == list(range(24))
    assert list(verify(paths, store.trusted_key())) == []
    assert [path.name for path in store.folder.iterdir() if path.name.startswith(".")] == []


def test_the_removal_of_a_stack_leaves_no_file(store: EvidenceStore) -> None:
    store.add("local", RUN, [])
    store.add("staging", RUN, [])
    store.remove("local")
    assert [path.parent.name for path in store.bundles("staging")] == ["staging"]
    with pytest.raises(EvidenceError, match="no evidence yet"):
        store.latest("local")
    store.remove("staging")
    assert not store.folder.exists()


def test_an_example_is_stored_apart_from_a_stack_of_its_name(store: EvidenceStore) -> None:
    stack, example = store.add("local", RUN, []), store.add(example_name("local"), RUN, [])
    assert store.bundles("local") == [stack]
    assert store.bundles(example_name("local")) == [example]
    assert store.names() == ["local", "local+example"]
    store.remove("local")
    assert store.names() == ["local+example"]
