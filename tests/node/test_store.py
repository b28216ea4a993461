"""The store after kill -9, and with a damaged file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from node.errors import StoreError
from node.ledger.transition import genesis
from node.store import FILE, open_store
from tests.node.lab import bench, rules


def _mine_until_killed(folder: Path, blocks: int) -> list[str]:
    """Hashes that the writer had confirmed when it was killed, right after (and so in the middle of) some block."""
    command = [sys.executable, "-m", "tests.node.writer", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as writer:
        assert writer.stdout is not None
        confirmed = [writer.stdout.readline().strip() for _ in range(blocks)]
        writer.kill()
        hashes = writer.stdout.read().split()
    return confirmed + [line for line in hashes if len(line) == 64]


def test_a_killed_writer_loses_no_confirmed_block(tmp_path: Path) -> None:
    confirmed: list[str] = []
    for blocks in (1, 4, 2, 7, 3):
        confirmed += _mine_until_killed(tmp_path, blocks)
        node = bench(tmp_path)
        stored = {header.hash.hex() for header in node.store.headers(1, 10_000)}
        assert set(confirmed) <= stored
        assert node.chain.state.root == node.chain.head.header.state_root
        node.store.close()
    assert not list(tmp_path.glob("quarantine-*"))


def test_a_restarted_node_goes_on_where_it_was(tmp_path: Path) -> None:
    node = bench(tmp_path)
    node.extend(3)
    head = node.chain.head.header.hash
    node.store.close()
    again = bench(tmp_path)
    assert again.chain.head.header.hash == head
    again.extend(1)
    assert again.height == 4


@pytest.mark.parametrize("damage", ["header", "middle", "cut", "noise"])
def test_a_damaged_file_is_moved_aside_and_begun_anew(tmp_path: Path, damage: str) -> None:
    node = bench(tmp_path)
    node.extend(3)
    node.store.close()
    path = tmp_path / FILE
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2
    spoiled = {
        "header": b"not a database!!" + bytes(raw[16:]),
        "middle": bytes(raw[: middle - 6000]) + b"\xa5" * 12_000 + bytes(raw[middle + 6000 :]),
        "cut": bytes(raw[:middle]),
        "noise": b"\x5a" * len(raw),
    }
    path.write_bytes(spoiled[damage])
    shared = rules()
    store, state, aside = open_store(tmp_path, *genesis(shared))
    assert aside is not None
    assert (aside / FILE).exists()
    head = store.head()
    assert head is not None
    assert head.header.height == 0
    assert state.root == head.header.state_root
    store.close()


def test_a_state_that_is_not_the_heads_is_noticed(tmp_path: Path) -> None:
    node = bench(tmp_path)
    node.extend(2)
    node.store.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE state SET value = x'00' || substr(value, 2) WHERE key >= x'61' AND key < x'62'")
    connection.close()
    store, _, aside = open_store(tmp_path, *genesis(rules()))
    assert aside is not None
    store.close()


def test_a_file_of_another_network_is_refused_and_left_alone(tmp_path: Path) -> None:
    node = bench(tmp_path)
    node.extend(1)
    node.store.close()
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(StoreError, match="another network"):
        open_store(tmp_path, *genesis(rules(network_id=5)))
    assert (tmp_path / FILE).read_bytes() == before


def test_a_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(tmp_path / "file" / "data", *genesis(rules()))
