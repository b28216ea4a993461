"""The chain of evidence: every change of it is detected."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from pouw.evidence import chain
from pouw.evidence.chain import Entry

KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
TRUSTED = chain.public_key(KEY)
RUN = Entry(kind="run", body={"stack": "local"})
ENTRIES = [RUN, Entry(kind="finding", body={"rule": "one"}), Entry(kind="verdict", body={"red": True})]
DATA = chain.write(ENTRIES, KEY)


def test_a_chain_is_read_back_and_verified() -> None:
    assert chain.read(DATA) == ENTRIES
    assert list(chain.faults(DATA, TRUSTED)) == []


def _without_line(number: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: lines[:number] + lines[number + 1 :]


def _resealed(lines: list[bytes]) -> list[bytes]:
    """Return a whole new chain, signed with another key."""
    return chain.write([RUN, Entry(kind="verdict", body={"red": False})], OTHER_KEY).splitlines()


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
def test_the_verification_of_a_changed_chain_fails(change: Callable[[list[bytes]], list[bytes]]) -> None:
    lines = change(DATA.splitlines())
    assert list(chain.faults(b"".join(line + b"\n" for line in lines), TRUSTED))


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_the_change_of_any_byte_is_detected(position: int, difference: int) -> None:
    content = bytearray(DATA)
    content[position] ^= difference
    assert list(chain.faults(bytes(content), TRUSTED))


@given(st.integers(0, len(DATA) - 1))
def test_a_truncation_at_any_byte_is_detected(length: int) -> None:
    assert list(chain.faults(DATA[:length], TRUSTED))
