"""A network without wires: miners, chains and clocks that tests drive by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from node.chain import Chain
from node.encoding import Integers
from node.keys import NodeKey
from node.ledger.block import Block
from node.ledger.transition import Rules, genesis
from node.mempool import ContributionPool, Mempool
from node.mining import Miner
from node.model import Model, model_hash
from node.network import NetworkFile
from node.store import Store, open_store
from node.work import lottery
from node.work.dataset import load_digits
from node.work.iteration import NO_MESSAGE, IterationMessage, Proof
from node.work.training import Trained, batch_seed, residual_hash, steps_hash, zero_residual
from node.work.verification import Job, Seal

START_MS = 1_700_000_000_000
PACE_MS = 250
EASIEST = (1 << 256) - 1
PARENT = bytes([7]) * 32


def key(number: int) -> NodeKey:
    return NodeKey(bytes([number]) * 32)


def network(**changes: object) -> NetworkFile:
    """Return a quick network: little training per iteration, shallow commitments, a block per six iterations."""
    quick: dict[str, object] = {
        "schema": 1,
        "network_id": 1337,
        "block_time_s": 2,
        "commit_depth": 2,
        "mini_batches": 2,
        "initial_iterations_per_block": 6,
        "minimum_iterations_per_block": 5,
        "multiply_adds_per_try": 1024,
    }
    return NetworkFile.model_validate(quick | changes)


def rules(**changes: object) -> Rules:
    return Rules(network=network(**changes), dataset=load_digits())


@dataclass(kw_only=True, eq=False)
class Bench:
    """One node's inside: chain, pools and a miner, under a clock of its own."""

    chain: Chain
    store: Store
    mempool: Mempool
    pool: ContributionPool
    miner: Miner
    clock: list[int]

    @property
    def height(self) -> int:
        return self.chain.head.header.height

    def mine_block(self) -> Block:
        """Iterate until a block is found; it is not added."""
        for _ in range(10_000):
            self.clock[0] += PACE_MS
            mined = self.miner.iterate(self.clock[0])
            if mined.block is not None:
                return mined.block
        raise AssertionError("no block in ten thousand iterations")

    def add(self, block: Block) -> None:
        outcome = self.chain.add(block)
        self.mempool.follow(self.chain.state, outcome.removed, outcome.joined)
        self.pool.start(self.chain.head.header.hash)

    def extend(self, blocks: int = 1) -> list[Block]:
        """Mine and add that many blocks."""
        mined = []
        for _ in range(blocks):
            mined.append(self.mine_block())
            self.add(mined[-1])
        return mined


def bench(folder: Path, *, owner: int = 1, shared_rules: Rules | None = None) -> Bench:
    """Open a new node, or the one in ``folder``."""
    shared = shared_rules or rules()
    store, state, _ = open_store(folder, *genesis(shared))
    head = store.head()
    clock = [max(START_MS, head.header.time_ms if head else 0)]
    chain = Chain(rules=shared, store=store, state=state, clock=lambda: clock[0])
    mempool, pool = Mempool(shared.network), ContributionPool()
    pool.start(chain.head.header.hash)
    miner = Miner(key=key(owner), chain=chain, mempool=mempool, pool=pool, number=clock[0])
    return Bench(chain=chain, store=store, mempool=mempool, pool=pool, miner=miner, clock=clock)


Tamper = Callable[[int, IterationMessage], IterationMessage]


def honest(_: int, message: IterationMessage) -> IterationMessage:
    return message


@dataclass(kw_only=True, eq=False)
class Session:
    """A miner at work by hand: each message is honest, then tampered with, then signed and built upon."""

    job: Job
    miner: NodeKey = field(default_factory=lambda: key(1))
    anchor: bytes = PARENT
    tamper: Tamper = honest
    start: Model | None = None
    residual: Integers | None = None
    choose_batch: Callable[[bytes], bytes] = lambda seed: seed

    def prove(self, commitment: bytes = b"c" * 32) -> tuple[Seal, Proof]:
        """Return a proof of ``commit_depth + 1`` iterations, and the seal of its block at the easiest target."""
        model = self.start or self.job.model
        residual = self.residual if self.residual is not None else zero_residual(self.job.spec)
        previous, messages, start = NO_MESSAGE, [], (model, residual)
        for step in range(self.job.network.commit_depth + 1):
            seed = self.choose_batch(batch_seed(self.job.task, self.miner.public, 100 + step, previous))
            training = self.job.train(model, residual, seed)
            message = self._message(step, seed, previous, model, residual, training)
            message = self.tamper(step, replace(message, commitment=commitment)).signed(self.miner)
            messages.append(message)
            start = (model, residual)
            previous, model, residual = message.id, training.model, training.residual
        proof = Proof(
            messages=tuple(messages),
            start_delta=start[0].parameters - self.job.model.parameters,
            start_residual=start[1],
        )
        return self.seal(proof), proof

    def _message(
        self, step: int, seed: bytes, previous: bytes, model: Model, residual: Integers, training: Trained
    ) -> IterationMessage:
        return IterationMessage(
            network_id=self.job.network.network_id,
            task=self.job.task,
            miner=self.miner.public,
            number=100 + step,
            step=step,
            previous=previous,
            anchor=self.anchor,
            batch=seed,
            start_model=model_hash(model),
            start_residual=residual_hash(residual),
            steps=steps_hash(training.steps),
            end_model=model_hash(training.model),
            end_residual=residual_hash(training.residual),
            loss=training.loss,
            correct=training.correct,
            time_ms=START_MS + step,
            commitment=bytes(32),
        )

    def seal(self, proof: Proof) -> Seal:
        winner = proof.winner
        return Seal(
            producer=self.miner.public,
            commitment=proof.messages[0].commitment,
            parent=self.anchor,
            message=winner.id,
            nonce=lottery.nonce_of(winner.end_model, winner.steps),
            attempt=0,
            target=EASIEST,
        )
