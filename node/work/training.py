"""One iteration of training: which rows it uses, what it changes, what it reports. Bit-exact."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from node.encoding import Integers, Writer, digest, within
from node.errors import EncodingError
from node.model import FRACTION_BITS, HIDDEN_LIMIT, UNIT, Model, forward, parameter_count
from node.work.dataset import CLASSES, DIGITS, Split

RESIDUAL_LIMIT = 1 << 40


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """Training task and its stopping rule. Accuracy is of the validation rows, in permille."""

    dataset: str = DIGITS
    hidden: int = 32
    seed: int = 0
    batch: int = 32
    threshold_bits: int = 8
    """An update step is 2**threshold_bits / 2**16."""
    rate_shift: int = 6
    """Gradients are divided by 2**rate_shift."""
    maximum_iterations: int = 2000
    target_accuracy: int = 980

    def fault(self) -> str:
        """Return the first value out of bounds, or an empty string."""
        checks = {
            "dataset": self.dataset == DIGITS,
            "hidden": 1 <= self.hidden <= HIDDEN_LIMIT,
            "seed": 0 <= self.seed < 2**63,
            "batch": 1 <= self.batch <= 256,
            "threshold_bits": 1 <= self.threshold_bits <= 14,
            "rate_shift": 0 <= self.rate_shift <= 20,
            "maximum_iterations": 1 <= self.maximum_iterations <= 1_000_000,
            "target_accuracy": 0 <= self.target_accuracy <= 1000,
        }
        return next((name for name, holds in checks.items() if not holds), "")

    @property
    def parameters(self) -> int:
        return parameter_count(self.hidden)

    def write(self, writer: Writer) -> Writer:
        writer.text(self.dataset).u16(self.hidden).u64(self.seed).u16(self.batch).u8(self.threshold_bits)
        return writer.u8(self.rate_shift).u32(self.maximum_iterations).u16(self.target_accuracy)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """End of an iteration. ``steps`` is the change of the weights in whole thresholds: the iteration's map."""

    model: Model
    residual: Integers
    steps: Integers
    loss: int
    """Sum of squared clipped errors over all rows, fixed point."""
    correct: int
    """Rows classified rightly before the update that followed them."""


def batch_seed(task_id: bytes, miner: bytes, number: int, previous: bytes) -> bytes:
    """Seed of an iteration's rows. It hangs on the previous message and so on the block committed there: choosing
    another block to commit changes every later batch, so a commitment cannot be fitted to work done in advance."""
    return digest("batch", task_id, miner, number.to_bytes(8, "big"), previous)


def batch_rows(seed: bytes, mini_batches: int, batch: int, rows: int) -> Integers:
    """Row numbers, mini-batches x batch."""
    count = mini_batches * batch
    stream = hashlib.shake_256(seed).digest(count * 4)
    return (np.frombuffer(stream, dtype=">u4").astype(np.int64) % rows).reshape(mini_batches, batch)


def gradient(model: Model, inputs: Integers, labels: Integers) -> tuple[Integers, int, int]:
    """Gradient (summed over the rows), loss and number of correct answers."""
    hidden, outputs = forward(model, inputs)
    expected = np.zeros((len(labels), CLASSES), dtype=np.int64)
    expected[np.arange(len(labels)), labels] = UNIT
    error = np.clip(outputs - expected, -UNIT, UNIT)
    _, _, second, _ = model.layers
    second_gradient = (hidden.T @ error) >> FRACTION_BITS
    back = ((error @ second.T) >> FRACTION_BITS) * (hidden > 0)
    first_gradient = (inputs.T @ back) >> FRACTION_BITS
    flat = np.concatenate([first_gradient.ravel(), back.sum(axis=0), second_gradient.ravel(), error.sum(axis=0)])
    correct = int((outputs.argmax(axis=1) == labels).sum())
    return flat, int((error * error >> FRACTION_BITS).sum()), correct


def train(spec: TaskSpec, split: Split, start: Model, residual: Integers, rows: Integers) -> Trained:
    """Train one iteration: for each mini-batch add the gradient to the residual, and wherever that reaches the
    threshold move the weight one step against it and keep the rest."""
    threshold = 1 << spec.threshold_bits
    model = Model(hidden=start.hidden, parameters=start.parameters.copy())
    residual = residual.copy()
    loss = correct = 0
    for picked in rows:
        change, batch_loss, batch_correct = gradient(model, split.inputs[picked], split.labels[picked])
        residual += change >> spec.rate_shift
        np.clip(residual, -RESIDUAL_LIMIT, RESIDUAL_LIMIT, out=residual)
        sign = (residual >= threshold).astype(np.int64) - (residual <= -threshold)
        model.parameters[:] -= sign << spec.threshold_bits
        residual -= sign << spec.threshold_bits
        loss += batch_loss
        correct += batch_correct
    steps = (model.parameters - start.parameters) >> spec.threshold_bits
    return Trained(
        model=start.moved(steps << spec.threshold_bits), residual=residual, steps=steps, loss=loss, correct=correct
    )


def residual_hash(residual: Integers) -> bytes:
    return digest("residual", Writer().integers(residual).finish())


def steps_hash(steps: Integers) -> bytes:
    return digest("map", Writer().integers(steps).finish())


def zero_residual(spec: TaskSpec) -> Integers:
    return np.zeros(spec.parameters, dtype=np.int64)


def require_residual(spec: TaskSpec, residual: Integers) -> None:
    """Raises EncodingError unless the residual fits the model and its bounds."""
    if residual.shape != (spec.parameters,) or not within(residual, RESIDUAL_LIMIT + 1):
        raise EncodingError("the residual does not fit the model")
