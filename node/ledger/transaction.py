"""Transactions: what an account holder signs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

from node.encoding import Reader, Writer, digest
from node.errors import EncodingError, InvalidError
from node.keys import ADDRESS_BYTES, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, NodeKey, address_of, signature_is_valid
from node.work.training import TaskSpec

TRANSACTION_BYTES_LIMIT = 4096
_VERSION = 1
_NAME_BYTES = 64


class Kind(IntEnum):
    """Kind of a transaction."""

    TRANSFER = 1
    SUBMIT_TASK = 2


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Move ``amount`` to ``recipient``."""

    recipient: bytes
    amount: int

    def write(self, writer: Writer) -> None:
        writer.u8(Kind.TRANSFER).fixed(self.recipient, ADDRESS_BYTES).u64(self.amount)


@dataclass(frozen=True, kw_only=True)
class SubmitTask:
    """Queue a training task. ``reward`` is amount until the task ends and then paid to those who trained it."""

    spec: TaskSpec
    reward: int

    def write(self, writer: Writer) -> None:
        self.spec.write(writer.u8(Kind.SUBMIT_TASK)).u64(self.reward)


Payload = Transfer | SubmitTask


def read_spec(reader: Reader) -> TaskSpec:
    """Raises EncodingError when a value is out of bounds."""
    spec = TaskSpec(
        dataset=reader.text(_NAME_BYTES),
        hidden=reader.u16(),
        seed=reader.u64(),
        batch=reader.u16(),
        threshold_bits=reader.u8(),
        rate_shift=reader.u8(),
        maximum_iterations=reader.u32(),
        target_accuracy=reader.u16(),
    )
    if fault := spec.fault():
        raise EncodingError(f"task {fault} is out of bounds")
    return spec


def _read_payload(reader: Reader) -> Payload:
    kind = reader.u8()
    if kind == Kind.TRANSFER:
        return Transfer(recipient=reader.take(ADDRESS_BYTES), amount=reader.u64())
    if kind == Kind.SUBMIT_TASK:
        return SubmitTask(spec=read_spec(reader), reward=reader.u64())
    raise EncodingError(f"unknown transaction kind {kind}")


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """A payload, its sender's key, account nonce and fee, for one network, signed."""

    network_id: int
    sender_key: bytes
    nonce: int
    fee: int
    payload: Payload
    signature: bytes = bytes(SIGNATURE_BYTES)

    def _body(self) -> Writer:
        writer = Writer().u8(_VERSION).u32(self.network_id).fixed(self.sender_key, PUBLIC_KEY_BYTES)
        self.payload.write(writer.u64(self.nonce).u64(self.fee))
        return writer

    @cached_property
    def id(self) -> bytes:
        """Hash of everything signed; also the id of a task that it submits."""
        return digest("transaction", self._body().finish())

    @cached_property
    def sender(self) -> bytes:
        return address_of(self.sender_key)

    @property
    def cost(self) -> int:
        """Amount that the sender's balance must cover."""
        amount = self.payload.amount if isinstance(self.payload, Transfer) else self.payload.reward
        return self.fee + amount

    def signed(self, key: NodeKey) -> Transaction:
        return replace(self, signature=key.sign(self.id))

    def require_signature(self) -> None:
        if not signature_is_valid(self.sender_key, self.signature, self.id):
            raise InvalidError("signature", "transaction is not signed by its sender")

    def encode(self) -> bytes:
        return self._body().fixed(self.signature, SIGNATURE_BYTES).finish()

    @staticmethod
    def decode(data: bytes) -> Transaction:
        reader = Reader(data)
        if reader.u8() != _VERSION:
            raise EncodingError("unknown transaction version")
        transaction = Transaction(
            network_id=reader.u32(),
            sender_key=reader.take(PUBLIC_KEY_BYTES),
            nonce=reader.u64(),
            fee=reader.u64(),
            payload=_read_payload(reader),
            signature=reader.take(SIGNATURE_BYTES),
        )
        reader.end()
        return transaction
