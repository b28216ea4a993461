"""The replay that a block must survive: exactly one iteration, training again from what its miner had committed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from node.encoding import Integers
from node.errors import EncodingError, InvalidError
from node.model import Model, model_hash
from node.network import NetworkFile
from node.work import lottery
from node.work.dataset import Dataset
from node.work.iteration import NO_MESSAGE, Contribution, IterationMessage, Proof
from node.work.training import (
    TaskSpec,
    Trained,
    batch_rows,
    batch_seed,
    require_residual,
    residual_hash,
    steps_hash,
    train,
    zero_residual,
)

STEPS_LIMIT = 1 << 20


class Verdict(StrEnum):
    """Result of verifying a block's work."""

    OK = "ok"
    NOT_FOUND = "not_found"
    INVALID = "invalid"


@dataclass(frozen=True, kw_only=True)
class Seal:
    """Claims of a block about its winning work."""

    producer: bytes
    commitment: bytes
    parent: bytes
    message: bytes
    nonce: bytes
    attempt: int
    target: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """Training job: the task, and its model at the parent block."""

    network: NetworkFile
    dataset: Dataset
    task: bytes
    spec: TaskSpec
    model: Model

    @property
    def tries(self) -> int:
        return self.network.tries_per_iteration(self.spec.parameters, self.spec.batch)

    def rows(self, seed: bytes) -> Integers:
        return batch_rows(seed, self.network.mini_batches, self.spec.batch, len(self.dataset.training.labels))

    def train(self, start: Model, residual: Integers, seed: bytes) -> Trained:
        return train(self.spec, self.dataset.training, start, residual, self.rows(seed))


def _require(holds: bool, reason: str, detail: str = "") -> None:
    if not holds:
        raise InvalidError(reason, detail)


def verify(job: Job, seal: Seal, proof: Proof) -> Model:
    """Return the end of the winning iteration. Raises InvalidError; ``not_found`` when the commitment is missing."""
    _require(len(proof.messages) == job.network.commit_depth + 1, "not_found", "commitment is not k iterations old")
    _require(proof.winner.id == seal.message, "not_found", "the winning message is not the proof's last")
    _require(proof.messages[0].commitment == seal.commitment, "commitment", "header is not the one committed")
    _require_chain(job, seal, proof.messages)
    winner = proof.winner
    try:
        require_residual(job.spec, proof.start_residual)
    except EncodingError as error:
        raise InvalidError("residual", str(error)) from error
    start = job.model.moved(proof.start_delta)
    _require_reach(job, proof.start_delta, winner.step)
    _require(model_hash(start) == winner.start_model, "start_model", "not where the previous iteration ended")
    _require(residual_hash(proof.start_residual) == winner.start_residual, "residual", "not the committed one")
    _require(seal.attempt < job.tries, "nonce_bound", f"try {seal.attempt} of {job.tries}")
    _require(seal.nonce == lottery.nonce_of(winner.end_model, winner.steps), "nonce", "is not made of the work")
    _require(lottery.ticket(seal.commitment, seal.nonce, seal.attempt) <= seal.target, "target", "ticket is too high")
    training = job.train(start, proof.start_residual, winner.batch)
    _require(steps_hash(training.steps) == winner.steps, "map", "replay found another map")
    _require(model_hash(training.model) == winner.end_model, "end_model", "replay ended elsewhere")
    _require(residual_hash(training.residual) == winner.end_residual, "residual", "replay left another residual")
    _require(training.loss == winner.loss, "loss", f"replay found {training.loss}, message says {winner.loss}")
    _require(
        training.correct == winner.correct,
        "accuracy",
        f"replay found {training.correct}, message says {winner.correct}",
    )
    return training.model


def _require_chain(job: Job, seal: Seal, messages: tuple[IterationMessage, ...]) -> None:
    """Check that each message is the producer's, on this task and fork, in sequence, with the scheduled batch."""
    before: IterationMessage | None = None
    for message in messages:
        require_on(job, seal.parent, message)
        _require(message.miner == seal.producer, "miner", "message of another miner")
        message.require_signature()
        if before is not None:
            _require(message.previous == before.id, "sequence", "message does not follow the one before")
            _require(message.number == before.number + 1, "sequence", "iteration skipped or repeated")
            _require(message.step == before.step + 1, "sequence", "step skipped or repeated")
            _require(message.start_model == before.end_model, "start_model", "not where the previous one ended")
            _require(message.start_residual == before.end_residual, "residual", "not what the previous one left")
            _require(message.time_ms >= before.time_ms, "time", "message is older than the one before")
        before = message
    first = messages[0]
    if first.step == 0:
        _require(first.start_model == model_hash(job.model), "start_model", "first step does not start from the chain")
    if first.previous == NO_MESSAGE:
        _require(first.start_residual == residual_hash(zero_residual(job.spec)), "residual", "first one is not zero")


def require_on(job: Job, anchor: bytes, message: IterationMessage) -> None:
    """Check that the message is for this network, task and fork, with the scheduled batch."""
    _require(message.network_id == job.network.network_id, "network", "message of another network")
    _require(message.task == job.task, "task", "message of another task")
    _require(message.anchor == anchor, "anchor", "message of another fork or an older block")
    scheduled = batch_seed(message.task, message.miner, message.number, message.previous)
    _require(message.batch == scheduled, "batch", "is not the scheduled one")


def _require_reach(job: Job, delta: Integers, steps: int) -> None:
    """Check that no weight moved further than ``steps`` iterations can move it."""
    _require(steps < STEPS_LIMIT, "steps", "too many since the anchor")
    reach = steps * job.network.mini_batches << job.spec.threshold_bits
    _require(not delta.size or (int(delta.max()) <= reach and int(delta.min()) >= -reach), "reach", "moved too far")


def verify_contribution(job: Job, anchor: bytes, contribution: Contribution) -> None:
    """Check that a peer's update is signed, on this fork, bounded, and has the signed hash. It is not replayed.

    Raises InvalidError.
    """
    message = contribution.message
    require_on(job, anchor, message)
    message.require_signature()
    _require_reach(job, contribution.delta, message.step + 1)
    _require(model_hash(job.model.moved(contribution.delta)) == message.end_model, "end_model", "update does not match")
