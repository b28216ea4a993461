"""The canonical encoding: one form per value, and nothing else is read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.encoding import Integers, Reader, Writer, decode_integers, encode_integers
from node.errors import EncodingError
from node.ledger.block import Block, Body, Header
from node.ledger.transaction import SubmitTask, Transaction, Transfer
from node.work.iteration import Contribution, IterationMessage, Proof
from node.work.training import TaskSpec
from tests.node.lab import key

INT64 = st.integers(-(2**63), 2**63 - 1)


def _array(values: list[int]) -> Integers:
    return np.array(values, dtype=np.int64)


@given(st.lists(INT64, max_size=50))
def test_integers_come_back_as_they_went(values: list[int]) -> None:
    assert decode_integers(encode_integers(_array(values)), len(values)).tolist() == values


@given(st.binary(max_size=64), st.integers(0, 20))
def test_integer_bytes_have_one_meaning_or_none(data: bytes, count: int) -> None:
    try:
        values = decode_integers(data, count)
    except EncodingError:
        return
    assert encode_integers(values) == data


@pytest.mark.parametrize("data", [b"\x80\x00", b"\xff" * 10, b"\xff" * 9 + b"\x02", b"\x80", b"\x01\x01"])
def test_long_overlong_and_cut_integers_are_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        decode_integers(data, 1)


@given(
    number=st.integers(0, 2**64 - 1),
    blob=st.binary(max_size=100),
    text=st.text(max_size=20),
    values=st.lists(INT64, max_size=10),
)
def test_fields_come_back_in_order(number: int, blob: bytes, text: str, values: list[int]) -> None:
    reader = Reader(Writer().u64(number).blob(blob).text(text).integers(_array(values)).finish())
    assert (reader.u64(), reader.blob(100), reader.text(100), reader.integers(10).tolist()) == (
        number,
        blob,
        text,
        values,
    )
    reader.end()


def test_a_value_too_large_for_its_field_is_refused() -> None:
    with pytest.raises(EncodingError):
        Writer().u8(256)


def test_trailing_bytes_are_refused() -> None:
    reader = Reader(b"\x00\x00")
    reader.u8()
    with pytest.raises(EncodingError, match="1 bytes too many"):
        reader.end()


def test_a_length_over_its_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(EncodingError, match="over its limit"):
        Reader(b"\xff\xff\xff\xff").blob(1000)


DECODERS: list[Callable[[bytes], object]] = [
    IterationMessage.decode,
    Contribution.decode,
    Proof.decode,
    Transaction.decode,
    Header.decode,
    Body.decode,
    Block.decode,
]


@pytest.mark.parametrize("decode", DECODERS)
@given(data=st.binary(max_size=600))
def test_noise_is_refused_with_the_one_error(decode: Callable[[bytes], object], data: bytes) -> None:
    try:
        decode(data)
    except EncodingError:
        return


SPEC = st.builds(
    TaskSpec,
    hidden=st.integers(1, 128),
    seed=st.integers(0, 2**63 - 1),
    batch=st.integers(1, 256),
    threshold_bits=st.integers(1, 14),
    rate_shift=st.integers(0, 20),
    maximum_iterations=st.integers(1, 1_000_000),
    target_accuracy=st.integers(0, 1000),
)
PAYLOAD = st.one_of(
    st.builds(Transfer, recipient=st.binary(min_size=20, max_size=20), amount=st.integers(0, 2**64 - 1)),
    st.builds(SubmitTask, spec=SPEC, reward=st.integers(0, 2**64 - 1)),
)
TRANSACTION = st.builds(
    Transaction,
    network_id=st.integers(0, 2**32 - 1),
    sender_key=st.just(key(1).public),
    nonce=st.integers(0, 2**64 - 1),
    fee=st.integers(0, 2**64 - 1),
    payload=PAYLOAD,
)


@given(TRANSACTION)
def test_transactions_come_back_with_their_id_and_signature(transaction: Transaction) -> None:
    signed = transaction.signed(key(1))
    back = Transaction.decode(signed.encode())
    assert back == signed
    assert back.id == transaction.id
    back.require_signature()


@given(TRANSACTION, st.data())
def test_a_changed_bit_is_never_the_same_transaction(transaction: Transaction, data: st.DataObject) -> None:
    raw = bytearray(transaction.encode())
    position = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[position // 8] ^= 1 << position % 8
    try:
        flipped = Transaction.decode(bytes(raw))
    except EncodingError:
        return
    assert flipped != transaction
