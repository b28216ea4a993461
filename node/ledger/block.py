"""Blocks: a candidate that is committed before the work, a seal that is made by it, and the body they hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from node.encoding import Reader, Writer, digest
from node.errors import EncodingError, InvalidError
from node.keys import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, NodeKey, signature_is_valid
from node.ledger.transaction import TRANSACTION_BYTES_LIMIT, Transaction
from node.work.iteration import CONTRIBUTION_BYTES_LIMIT, Contribution, Proof

HEADER_BYTES_LIMIT = 1024
TRANSACTIONS_LIMIT = 500
CONTRIBUTIONS_LIMIT = 32
PROOF_BYTES_LIMIT = 512 * 1024
BODY_BYTES_LIMIT = 4 * 1024 * 1024
_VERSION = 1


def list_root(domain: str, items: Sequence[bytes]) -> bytes:
    """Hash of a list of encodings."""
    writer = Writer().u32(len(items))
    for item in items:
        writer.hash(digest(domain, item))
    return digest(f"{domain}-list", writer.finish())


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The zero-nonce block: all that is fixed before the work that may win it."""

    network_id: int
    height: int
    parent: bytes
    transactions_root: bytes
    time_ms: int
    target: int
    task: bytes
    producer: bytes

    def encode(self) -> bytes:
        writer = Writer().u8(_VERSION).u32(self.network_id).u64(self.height).hash(self.parent)
        writer.hash(self.transactions_root).u64(self.time_ms).u256(self.target).hash(self.task)
        return writer.fixed(self.producer, PUBLIC_KEY_BYTES).finish()

    @cached_property
    def hash(self) -> bytes:
        """Hash that an iteration message commits to."""
        return digest("candidate", self.encode())

    @staticmethod
    def read(reader: Reader) -> Candidate:
        if reader.u8() != _VERSION:
            raise EncodingError("unknown block version")
        return Candidate(
            network_id=reader.u32(),
            height=reader.u64(),
            parent=reader.hash(),
            transactions_root=reader.hash(),
            time_ms=reader.u64(),
            target=reader.u256(),
            task=reader.hash(),
            producer=reader.take(PUBLIC_KEY_BYTES),
        )


@dataclass(frozen=True, kw_only=True)
class Header:
    """Candidate and seal: the winning message, the roots of body and resulting state, the nonce."""

    candidate: Candidate
    message: bytes
    contributions_root: bytes
    state_root: bytes
    proof_hash: bytes
    nonce: bytes
    attempt: int
    signature: bytes = bytes(SIGNATURE_BYTES)

    @property
    def height(self) -> int:
        return self.candidate.height

    @property
    def parent(self) -> bytes:
        return self.candidate.parent

    @property
    def time_ms(self) -> int:
        return self.candidate.time_ms

    @property
    def target(self) -> int:
        return self.candidate.target

    def _body(self) -> Writer:
        writer = Writer().blob(self.candidate.encode()).hash(self.message).hash(self.contributions_root)
        return writer.hash(self.state_root).hash(self.proof_hash).hash(self.nonce).u32(self.attempt)

    @cached_property
    def hash(self) -> bytes:
        """The block's name."""
        return digest("block", self._body().finish())

    def signed(self, key: NodeKey) -> Header:
        return replace(self, signature=key.sign(self.hash))

    def require_signature(self) -> None:
        if not signature_is_valid(self.candidate.producer, self.signature, self.hash):
            raise InvalidError("signature", "block is not signed by its producer")

    def encode(self) -> bytes:
        return self._body().fixed(self.signature, SIGNATURE_BYTES).finish()

    @staticmethod
    def decode(data: bytes) -> Header:
        reader = Reader(data)
        inner = Reader(reader.blob(HEADER_BYTES_LIMIT))
        candidate = Candidate.read(inner)
        inner.end()
        header = Header(
            candidate=candidate,
            message=reader.hash(),
            contributions_root=reader.hash(),
            state_root=reader.hash(),
            proof_hash=reader.hash(),
            nonce=reader.hash(),
            attempt=reader.u32(),
            signature=reader.take(SIGNATURE_BYTES),
        )
        reader.end()
        return header


@dataclass(frozen=True, kw_only=True, eq=False)
class Body:
    """Transactions, what other miners learnt, and the proof of the producer's work."""

    transactions: tuple[Transaction, ...]
    contributions: tuple[Contribution, ...]
    proof: Proof

    @cached_property
    def transactions_root(self) -> bytes:
        return list_root("transactions", [transaction.encode() for transaction in self.transactions])

    @cached_property
    def contributions_root(self) -> bytes:
        return list_root("contributions", [contribution.encode() for contribution in self.contributions])

    def encode(self) -> bytes:
        writer = Writer().items(self.transactions, Transaction.encode)
        return writer.items(self.contributions, Contribution.encode).blob(self.proof.encode()).finish()

    @staticmethod
    def decode(data: bytes) -> Body:
        reader = Reader(data)
        body = Body(
            transactions=reader.items(TRANSACTIONS_LIMIT, TRANSACTION_BYTES_LIMIT, Transaction.decode),
            contributions=reader.items(CONTRIBUTIONS_LIMIT, CONTRIBUTION_BYTES_LIMIT, Contribution.decode),
            proof=Proof.decode(reader.blob(PROOF_BYTES_LIMIT)),
        )
        reader.end()
        return body


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """A header and its body."""

    header: Header
    body: Body

    @property
    def hash(self) -> bytes:
        return self.header.hash

    def encode(self) -> bytes:
        return Writer().blob(self.header.encode()).blob(self.body.encode()).finish()

    @staticmethod
    def decode(data: bytes) -> Block:
        reader = Reader(data)
        header = Header.decode(reader.blob(HEADER_BYTES_LIMIT))
        body = Body.decode(reader.blob(BODY_BYTES_LIMIT))
        reader.end()
        return Block(header=header, body=body)
