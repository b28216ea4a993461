"""The client's side of ``pouw_getModel``: check an answer without trusting the node that gave it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from node import model as models
from node.errors import EncodingError, InvalidError
from node.ledger.block import Header
from node.ledger.records import TaskRecord, task_key
from node.ledger.state import StateProof
from node.model import Model


@dataclass(frozen=True, kw_only=True)
class ProvenModel:
    """Model whose hash is in a task record that is proven to be in the state of ``block_hash``.

    What is left to the caller: that ``block_hash`` is on the chain, by asking other nodes for the block at ``height``.
    """

    model: Model
    record: TaskRecord
    block_hash: bytes
    height: int


def check(answer: Mapping[str, Any]) -> ProvenModel:
    """Raises InvalidError (or EncodingError) when any link from the model to the header does not hold."""
    try:
        proof = answer["proof"]
        encoded = base64.b64decode(answer["model"], validate=True)
        header = Header.decode(_bytes(proof["header"]))
        raw_record = _bytes(proof["record"])
        tree = StateProof(
            bucket=int(proof["bucket"]),
            entries=tuple((_bytes(key), _bytes(value)) for key, value in proof["entries"]),
            siblings=tuple(_bytes(sibling) for sibling in proof["siblings"]),
        )
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise EncodingError(f"not an answer of pouw_getModel: {error}") from error
    record = TaskRecord.decode(raw_record)
    model = models.decode(encoded)
    if models.model_hash(model) != record.model_hash:
        raise InvalidError("model_hash", "the model is not the one that the task's record names")
    if not tree.proves(task_key(record.id), raw_record) or tree.root() != header.state_root:
        raise InvalidError("state_proof", "the task's record is not in the state that the header names")
    return ProvenModel(model=model, record=record, block_hash=header.hash, height=header.height)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
