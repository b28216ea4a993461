"""The model: a 64-H-10 network in 64-bit fixed point with 16 fraction bits, bit-exact on every machine.

Integers only: numpy multiplies integer matrices without BLAS, count shifts round down, and the bounds below keep every
sum under 2**63, so the order of additions cannot matter.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from node.encoding import Integers, Reader, Writer, digest, within
from node.errors import EncodingError, InvalidError
from node.work.dataset import CLASSES, FEATURES, Dataset, Split, load_digits

FRACTION_BITS = 16
UNIT = 1 << FRACTION_BITS
WEIGHT_LIMIT = 1 << 24
"""Weights stay below 256 in magnitude."""
ACTIVATION_LIMIT = 1 << 22
HIDDEN_LIMIT = 128
_FORMAT = 1
_PERMILLE = 1000


def parameter_count(hidden: int) -> int:
    return FEATURES * hidden + hidden + hidden * CLASSES + CLASSES


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """All parameters in one vector: first matrix, first biases, second matrix, second biases."""

    hidden: int
    parameters: Integers

    def __post_init__(self) -> None:
        if not 1 <= self.hidden <= HIDDEN_LIMIT or self.parameters.shape != (parameter_count(self.hidden),):
            raise InvalidError("model", "the parameters do not fit the architecture")

    @property
    def layers(self) -> tuple[Integers, Integers, Integers, Integers]:
        """Views of both matrices and both bias vectors: W1, b1, W2, b2."""
        hidden, flat = self.hidden, self.parameters
        first = FEATURES * hidden
        second = first + hidden
        third = second + hidden * CLASSES
        return (
            flat[:first].reshape(FEATURES, hidden),
            flat[first:second],
            flat[second:third].reshape(hidden, CLASSES),
            flat[third:],
        )

    def moved(self, delta: Integers) -> Model:
        """Return this model plus ``delta``. Raises InvalidError when a weight leaves its bounds."""
        if delta.shape != self.parameters.shape:
            raise InvalidError("model", "the update has another shape than the model")
        if not within(delta, 2 * WEIGHT_LIMIT):
            raise InvalidError("model", "the update is out of bounds")
        moved = self.parameters + delta
        if not within(moved, WEIGHT_LIMIT):
            raise InvalidError("model", "a weight is out of bounds")
        return Model(hidden=self.hidden, parameters=moved)


def encode(model: Model) -> bytes:
    """Return the canonical bytes, of which the chain holds the hash."""
    return Writer().u8(_FORMAT).u16(model.hidden).integers(model.parameters).finish()


def decode(data: bytes) -> Model:
    """Return the model of canonical bytes. Raises EncodingError."""
    reader = Reader(data)
    if reader.u8() != _FORMAT:
        raise EncodingError("unknown model format")
    hidden = reader.u16()
    if not 1 <= hidden <= HIDDEN_LIMIT:
        raise EncodingError(f"hidden layer of {hidden}; expected 1 to {HIDDEN_LIMIT}")
    parameters = reader.integers(parameter_count(hidden))
    reader.end()
    if parameters.size != parameter_count(hidden) or not within(parameters, WEIGHT_LIMIT):
        raise EncodingError("the parameters do not fit the architecture or its bounds")
    return Model(hidden=hidden, parameters=parameters)


def model_hash(model: Model) -> bytes:
    """Hash of `encode`: the name of these weights everywhere."""
    return digest("model", encode(model))


def initial_model(seed: int, hidden: int) -> Model:
    """Weights drawn from SHA-256 of the seed, uniform, scaled by layer; biases zero."""
    count = FEATURES * hidden + hidden * CLASSES
    stream = b"".join(
        hashlib.sha256(b"pouw:initial" + seed.to_bytes(8, "big") + block.to_bytes(4, "big")).digest()
        for block in range((count * 4 + 31) // 32)
    )
    draws = np.frombuffer(stream[: count * 4], dtype=">u4").astype(np.int64) % (2 * UNIT) - UNIT
    split = FEATURES * hidden
    parameters = np.concatenate(
        [draws[:split] // 6, np.zeros(hidden, np.int64), draws[split:] // 4, np.zeros(CLASSES, np.int64)]
    )
    return Model(hidden=hidden, parameters=parameters)


def forward(model: Model, inputs: Integers) -> tuple[Integers, Integers]:
    """Hidden activations and outputs of each row, fixed point."""
    first, first_bias, second, second_bias = model.layers
    hidden = np.clip(((inputs @ first) >> FRACTION_BITS) + first_bias, 0, ACTIVATION_LIMIT)
    return hidden, ((hidden @ second) >> FRACTION_BITS) + second_bias


def correct(model: Model, split: Split) -> int:
    """Return the number of rows that the model classifies correctly; the lowest class wins a tie."""
    _, outputs = forward(model, split.inputs)
    return int((outputs.argmax(axis=1) == split.labels).sum())


def permille(count: int, rows: int) -> int:
    return count * _PERMILLE // rows


def accuracy(model: Model, data: Dataset | None = None) -> float:
    """Share of the held-out test rows that the model classifies rightly, 0 to 1. Raises DatasetError."""
    rows = (data or load_digits()).test
    return correct(model, rows) / len(rows.labels)
