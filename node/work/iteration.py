"""The iteration message: a miner's signed word on one iteration, and on the block it will mine with a later one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from node.encoding import Integers, Reader, Writer, digest
from node.errors import EncodingError, InvalidError
from node.keys import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, NodeKey, signature_is_valid
from node.model import HIDDEN_LIMIT, parameter_count

NO_MESSAGE = bytes(32)
"""Previous message of a session's first iteration."""
MESSAGE_BYTES_LIMIT = 1024
CONTRIBUTION_BYTES_LIMIT = 64 * 1024
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class IterationMessage:
    """Signed record of one iteration: start, end, and the zero-nonce block (``commitment``) that it commits to.

    ``number`` counts a miner's iterations: one more than the previous message's, or any larger number where a session
    starts. ``step`` counts the iterations since ``anchor``, the block whose model the miner started from. Messages
    that the miner applied from its peers are those that the blocks up to ``anchor`` carry.
    """

    network_id: int
    task: bytes
    miner: bytes
    number: int
    step: int
    previous: bytes
    anchor: bytes
    batch: bytes
    start_model: bytes
    start_residual: bytes
    steps: bytes
    end_model: bytes
    end_residual: bytes
    loss: int
    correct: int
    time_ms: int
    commitment: bytes
    signature: bytes = bytes(SIGNATURE_BYTES)

    def _body(self) -> Writer:
        writer = Writer().u8(_VERSION).u32(self.network_id).hash(self.task).fixed(self.miner, PUBLIC_KEY_BYTES)
        writer.u64(self.number).u32(self.step).hash(self.previous).hash(self.anchor).hash(self.batch)
        writer.hash(self.start_model).hash(self.start_residual).hash(self.steps).hash(self.end_model)
        return writer.hash(self.end_residual).u64(self.loss).u32(self.correct).u64(self.time_ms).hash(self.commitment)

    @cached_property
    def id(self) -> bytes:
        """Hash of everything signed: the name that the next message calls it by."""
        return digest("iteration", self._body().finish())

    def signed(self, key: NodeKey) -> IterationMessage:
        return replace(self, signature=key.sign(self.id))

    def require_signature(self) -> None:
        if not signature_is_valid(self.miner, self.signature, self.id):
            raise InvalidError("signature", "iteration message is not signed by its miner")

    def encode(self) -> bytes:
        return self._body().fixed(self.signature, SIGNATURE_BYTES).finish()

    @staticmethod
    def read(reader: Reader) -> IterationMessage:
        if reader.u8() != _VERSION:
            raise EncodingError("unknown iteration message version")
        return IterationMessage(
            network_id=reader.u32(),
            task=reader.hash(),
            miner=reader.take(PUBLIC_KEY_BYTES),
            number=reader.u64(),
            step=reader.u32(),
            previous=reader.hash(),
            anchor=reader.hash(),
            batch=reader.hash(),
            start_model=reader.hash(),
            start_residual=reader.hash(),
            steps=reader.hash(),
            end_model=reader.hash(),
            end_residual=reader.hash(),
            loss=reader.u64(),
            correct=reader.u32(),
            time_ms=reader.u64(),
            commitment=reader.hash(),
            signature=reader.take(SIGNATURE_BYTES),
        )

    @staticmethod
    def decode(data: bytes) -> IterationMessage:
        reader = Reader(data)
        message = IterationMessage.read(reader)
        reader.end()
        return message


@dataclass(frozen=True, kw_only=True, eq=False)
class Contribution:
    """A miner's latest message and all it has learnt since the anchor: end model minus the anchor's model."""

    message: IterationMessage
    delta: Integers

    @cached_property
    def raw(self) -> bytes:
        """The encoding, made once."""
        return Writer().blob(self.message.encode()).integers(self.delta).finish()

    def encode(self) -> bytes:
        return self.raw

    @staticmethod
    def decode(data: bytes) -> Contribution:
        reader = Reader(data)
        message = IterationMessage.decode(reader.blob(MESSAGE_BYTES_LIMIT))
        delta = reader.integers(parameter_count(HIDDEN_LIMIT))
        reader.end()
        contribution = Contribution(message=message, delta=delta)
        contribution.__dict__["raw"] = data  # the encoding is canonical: these are the bytes it would make
        return contribution


@dataclass(frozen=True, kw_only=True, eq=False)
class Proof:
    """All that a verifier needs to replay the winning iteration: the messages from the commitment to the winner,
    where the winner started (minus the anchor's model), and the residual it started with."""

    messages: tuple[IterationMessage, ...]
    start_delta: Integers
    start_residual: Integers

    @property
    def winner(self) -> IterationMessage:
        return self.messages[-1]

    @cached_property
    def raw(self) -> bytes:
        """The encoding, made once."""
        writer = Writer().items(self.messages, IterationMessage.encode)
        return writer.integers(self.start_delta).integers(self.start_residual).finish()

    def encode(self) -> bytes:
        return self.raw

    @staticmethod
    def decode(data: bytes) -> Proof:
        reader = Reader(data)
        messages = reader.items(65, MESSAGE_BYTES_LIMIT, IterationMessage.decode)
        limit = parameter_count(HIDDEN_LIMIT)
        proof = Proof(messages=messages, start_delta=reader.integers(limit), start_residual=reader.integers(limit))
        reader.end()
        if not messages:
            raise EncodingError("a proof holds at least one message")
        proof.__dict__["raw"] = data
        return proof

    @cached_property
    def hash(self) -> bytes:
        return digest("proof", self.encode())
