"""The miner: train, commit, try; one iteration at a time. Holds no clock, network or thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from node.chain import Chain
from node.encoding import Integers
from node.keys import NodeKey
from node.ledger.block import Block, Body, Candidate, Header, list_root
from node.ledger.difficulty import earliest_time_ms, next_target
from node.ledger.state import Overlay, State
from node.ledger.transaction import Transaction
from node.ledger.transition import change_state
from node.mempool import ContributionPool, Mempool
from node.model import Model, model_hash
from node.work import lottery
from node.work.iteration import NO_MESSAGE, Contribution, IterationMessage, Proof
from node.work.training import Trained, batch_seed, residual_hash, steps_hash, zero_residual
from node.work.verification import Job


@dataclass(frozen=True, kw_only=True, eq=False)
class Mined:
    """Result of one iteration: the update, which is broadcast first, and the block where a ticket won."""

    contribution: Contribution
    block: Block | None
    loss: float
    accuracy: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Committed:
    """A message and the block that it commits to."""

    message: IterationMessage
    candidate: Candidate
    transactions: tuple[Transaction, ...]


class Miner:
    """One session of one key. A new head starts its steps anew from the chain's model; the residual stays."""

    def __init__(self, *, key: NodeKey, chain: Chain, mempool: Mempool, pool: ContributionPool, number: int) -> None:
        """``number`` must be above every iteration number that the key has ever signed: Unix milliseconds do."""
        self._key = key
        self._chain = chain
        self._mempool = mempool
        self._pool = pool
        self._number = number
        self._previous = NO_MESSAGE
        self._time_ms = 0
        self._anchor = b""
        self._job: Job | None = None
        self._residual: Integers | None = None
        self._model: Model | None = None
        self._step = 0
        self._recent: list[Header] = []
        self._committed: deque[_Committed] = deque(maxlen=chain.rules.network.commit_depth + 1)

    def iterate(self, now_ms: int) -> Mined:
        """Train one iteration on the current head and try its tickets."""
        job, start, residual = self._position()
        self._time_ms = max(now_ms, self._time_ms)
        seed = batch_seed(job.task, self._key.public, self._number, self._previous)
        training = job.train(start, residual, seed)
        committed = self._commit(job, seed, start, residual, training)
        self._committed.append(committed)
        self._previous = committed.message.id
        self._number += 1
        self._step += 1
        self._model, self._residual = training.model, training.residual
        rows = job.network.mini_batches * job.spec.batch
        return Mined(
            contribution=Contribution(
                message=committed.message, delta=training.model.parameters - job.model.parameters
            ),
            block=self._try(job, start, residual, training),
            loss=training.loss / rows / (1 << 16),
            accuracy=training.correct / rows,
        )

    def _position(self) -> tuple[Job, Model, Integers]:
        head = self._chain.head.header.hash
        if self._job is None or self._model is None or self._residual is None or head != self._anchor:
            before, self._job = self._job, self._chain.rules.job(self._chain.state)
            if self._residual is None or before is None or before.task != self._job.task:
                self._residual = zero_residual(self._job.spec)
                self._previous = NO_MESSAGE
                self._number += 1
            self._anchor, self._model, self._step = head, self._job.model, 0
            self._recent = self._chain.recent(head)
            self._committed.clear()
        return self._job, self._model, self._residual

    def _commit(self, job: Job, seed: bytes, start: Model, residual: Integers, training: Trained) -> _Committed:
        transactions = self._mempool.select(self._chain.state, self._recent[-1].height + 1)
        candidate = Candidate(
            network_id=job.network.network_id,
            height=self._recent[-1].height + 1,
            parent=self._anchor,
            transactions_root=list_root("transactions", [transaction.encode() for transaction in transactions]),
            time_ms=max(self._time_ms, earliest_time_ms(self._recent)),
            target=next_target(job.network, self._recent, job.tries),
            task=job.task,
            producer=self._key.public,
        )
        message = IterationMessage(
            network_id=job.network.network_id,
            task=job.task,
            miner=self._key.public,
            number=self._number,
            step=self._step,
            previous=self._previous,
            anchor=self._anchor,
            batch=seed,
            start_model=model_hash(start),
            start_residual=residual_hash(residual),
            steps=steps_hash(training.steps),
            end_model=model_hash(training.model),
            end_residual=residual_hash(training.residual),
            loss=training.loss,
            correct=training.correct,
            time_ms=self._time_ms,
            commitment=candidate.hash,
        ).signed(self._key)
        return _Committed(message=message, candidate=candidate, transactions=transactions)

    def _try(self, job: Job, start: Model, residual: Integers, training: Trained) -> Block | None:
        depth = job.network.commit_depth
        if len(self._committed) <= depth:
            return None
        ripe, winner = self._committed[0], self._committed[-1].message
        nonce = lottery.nonce_of(winner.end_model, winner.steps)
        attempt = lottery.winning_try(ripe.candidate.hash, nonce, ripe.candidate.target, job.tries)
        if attempt is None:
            return None
        proof = Proof(
            messages=tuple(committed.message for committed in self._committed),
            start_delta=start.parameters - job.model.parameters,
            start_residual=residual,
        )
        return self._seal(job, ripe, proof, training.model, nonce, attempt)

    def _seal(self, job: Job, ripe: _Committed, proof: Proof, end: Model, nonce: bytes, attempt: int) -> Block | None:
        contributions: Sequence[Contribution] = self._pool.except_of(self._key.public)
        body = Body(transactions=ripe.transactions, contributions=tuple(contributions), proof=proof)
        root = self._root_after(job, ripe.candidate, body, end)
        header = Header(
            candidate=ripe.candidate,
            message=proof.winner.id,
            contributions_root=body.contributions_root,
            state_root=root,
            proof_hash=proof.hash,
            nonce=nonce,
            attempt=attempt,
        ).signed(self._key)
        return Block(header=header, body=body)

    def _root_after(self, job: Job, candidate: Candidate, body: Body, end: Model) -> bytes:
        state: State = self._chain.state
        overlay = Overlay(state)
        change_state(self._chain.rules, overlay, job, candidate, body, end)
        undo = state.apply(overlay.effective())
        root = state.root
        state.apply(undo)
        return root
