"""The running node: chain, peers, miner and endpoints in one task group, from start to drain."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from node import VERSION
from node.chain import Chain, Fate, Outcome
from node.errors import InvalidError
from node.keys import NodeKey, load_key, load_or_create_key
from node.ledger import records
from node.ledger.block import HEADER_BYTES_LIMIT, Block
from node.ledger.transaction import Transaction
from node.ledger.transition import Rules, genesis
from node.logs import log
from node.mempool import ContributionPool, Mempool
from node.metrics import Metrics
from node.mining import Miner
from node.model import UNIT
from node.settings import Role, Settings
from node.store import BlockReader, Store, open_store
from node.wire.catchup import CatchUp, locator_heights
from node.wire.connections import Connections, endpoint_text
from node.wire.frames import (
    BODIES_LIMIT,
    HEADERS_LIMIT,
    LOCATOR_LIMIT,
    FrameType,
    Hello,
    Status,
    decode_hashes,
    encode_blobs,
)
from node.wire.peers import Peer
from node.work.iteration import Contribution
from node.work.verification import Job

T = TypeVar("T")
KEY_FILE = "node.key"
_ALONE_S = 8.0
"""Seconds that a miner with bootnodes waits for its first peer before it mines alone."""
_LOST_S = 30.0
"""Seconds that a node stays ready after it has lost its last peer."""
_BODIES_BYTES = 4 * 1024 * 1024


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """Readiness for traffic, with the reasons against it."""

    ready: bool
    reasons: tuple[str, ...]
    height: int
    best_known_height: int
    stale: bool
    """No peer is ahead, yet no block has arrived for many block times: the node serves and reports it."""


class Node:
    """One node. Build it, then `run`. All methods belong to the event loop unless they say otherwise; the chain, the
    pools and the miner belong to the one thread behind `on_chain`."""

    def __init__(self, settings: Settings, rules: Rules) -> None:
        self.settings = settings
        self.rules = rules
        first, first_state = genesis(rules)
        self.genesis = first.hash
        folder = settings.data_dir
        self.store: Store
        self.store, state, self.quarantined = open_store(folder, first, first_state)
        self.key = _key(settings, folder)
        self.name = settings.node_name or self.key.public.hex()[:12]
        self.chain = Chain(rules=rules, store=self.store, state=state, clock=now_ms)
        self.mempool = Mempool(rules.network)
        self.pool = ContributionPool()
        self.blocks: BlockReader = self.store.reader()
        self.metrics = Metrics(
            version=VERSION, role=settings.role, site=settings.site, slot=settings.slot, node=self.name
        )
        self.connections = Connections(
            key=self.key,
            hello=self._hello,
            bootnodes=settings.bootnodes,
            limit=settings.peer_limit,
            handle=self._handle,
            on_connect=self._on_connect,
        )
        self.catchup = CatchUp(
            connections=self.connections, locator=self._locator, work=lambda: self.chain.head.work, add=self.add_block
        )
        self.started = time.monotonic()
        self.draining = False
        self.p2p_port = settings.p2p_port
        self._had_peers_at: float | None = None
        self._head_at = time.monotonic()
        self._job: Job = rules.job(state)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chain")
        self._subscribers: set[Callable[[Block], None]] = set()
        self.pool.start(self.chain.head.header.hash)
        self._head_changed()

    async def on_chain(self, work: Callable[[], T]) -> T:
        """Run something on the chain's thread, one thing at a time."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def listen(self) -> None:
        """Open the P2P port. OSError when it is taken."""
        self.p2p_port = await self.connections.listen(self.settings.host, self.settings.p2p_port)

    async def run(self, stop: asyncio.Event) -> None:
        """Take part in the network until ``stop`` is set, then hand over and close."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.connections.run()), group.create_task(self.catchup.run())]
            if self.settings.role is Role.MINER:
                tasks.append(group.create_task(self._run_miner()))
            await stop.wait()
            self.draining = True
            log(logging.INFO, "draining")
            self.connections.stop()
            for task in tasks:
                task.cancel()
        await self.connections.close()

    async def close(self) -> None:
        """Finish the chain thread's work and close the store. Call it last."""
        await self.on_chain(self.store.close)
        self._thread.shutdown(wait=True)
        self.blocks.close()

    # Interface to RPC and peers.

    @property
    def height(self) -> int:
        return self.chain.head.header.height

    @property
    def best_known_height(self) -> int:
        return max([self.height, *(peer.status.height for peer in self.connections.peers)])

    def readiness(self) -> Readiness:
        """Return the readiness at this moment."""
        now = time.monotonic()
        if self.connections.peers:
            self._had_peers_at = now
        lag = self.best_known_height - self.height
        is_isolated = self._had_peers_at is not None and now - self._had_peers_at > _LOST_S
        checks = {
            "draining": self.draining,
            "store does not answer": not self.blocks.alive(),
            f"{lag} blocks behind": lag > self.settings.ready_lag_blocks,
            "lost all peers": is_isolated and self.connections.expects_peers,
        }
        reasons = tuple(reason for reason, holds in checks.items() if holds)
        stale = now - self._head_at > 20 * self.rules.network.block_time_s
        self.metrics.ready.set(not reasons)
        return Readiness(
            ready=not reasons,
            reasons=reasons,
            height=self.height,
            best_known_height=self.best_known_height,
            stale=stale,
        )

    def subscribe(self, listener: Callable[[Block], None]) -> Callable[[], None]:
        """Call ``listener`` with each new block of the best chain. The returned function unsubscribes it."""
        self._subscribers.add(listener)
        return lambda: self._subscribers.discard(listener)

    async def add_transaction(self, transaction: Transaction, source: Peer | None = None) -> None:
        """Add a transaction to the pool and broadcast it. Raises InvalidError."""
        if await self.on_chain(lambda: self.mempool.add(self.chain.state, transaction)):
            self.metrics.mempool.set(len(self.mempool))
            self.connections.broadcast(FrameType.TRANSACTION, transaction.encode(), transaction.id, except_for=source)

    async def add_block(self, block: Block, source: Peer | None = None) -> Outcome:
        """Verify a block, store it durably and broadcast it. Raises InvalidError."""

        def add() -> Outcome:
            outcome = self.chain.add(block)
            if outcome.fate is Fate.HEAD:
                self.mempool.follow(self.chain.state, outcome.removed, outcome.joined)
                self.pool.start(self.chain.head.header.hash)
                self._job = self.rules.job(self.chain.state)
            return outcome

        try:
            outcome = await self.on_chain(add)
        except InvalidError as error:
            self.metrics.blocks_rejected.labels(error.reason).inc()
            self.metrics.verifications.labels("not_found" if error.reason == "not_found" else "invalid").inc()
            log(logging.WARNING, "block refused", block=block.hash.hex(), reason=error.reason, detail=error.detail)
            raise
        if outcome.fate is Fate.HEAD:
            self._follow(outcome, block, source)
        return outcome

    # Internals.

    def _follow(self, outcome: Outcome, block: Block, source: Peer | None) -> None:
        self._head_changed()
        self.metrics.verifications.labels("ok").inc(len(outcome.joined))
        rows = self.rules.network.mini_batches * self._job.spec.batch
        self.metrics.loss.set(block.body.proof.winner.loss / rows / UNIT)
        if outcome.removed:
            self.metrics.reorgs.inc()
            log(logging.INFO, "chain reorganised", removed=len(outcome.removed), joined=len(outcome.joined))
        log(
            logging.DEBUG if self.catchup.active else logging.INFO,
            "new head",
            block=block.hash.hex(),
            height=self.height,
        )
        status = self._status().encode()
        if self.catchup.active:
            for peer in self.connections.peers:
                peer.send(FrameType.STATUS, status)
        else:
            self.connections.broadcast_block(block.encode(), status, block.hash, except_for=source)
        for joined in outcome.joined:
            for listener in tuple(self._subscribers):
                listener(joined)

    def _head_changed(self) -> None:
        self._head_at = time.monotonic()
        best = self.best_known_height
        self.metrics.height.set(self.height)
        self.metrics.best_known_height.set(best)
        self.metrics.lag.set(best - self.height)
        self.metrics.mempool.set(len(self.mempool))

    def refresh_metrics(self) -> None:
        """Bring gauges that follow other things up to date: called before they are read."""
        best = self.best_known_height
        self.metrics.best_known_height.set(best)
        self.metrics.lag.set(best - self.height)
        self.metrics.peers.set(len(self.connections.peers))
        self.metrics.peer_limit.set(self.connections.limit)
        self.metrics.accuracy.set(records.active_task(self.chain.state)[0].validation / 1000)
        counts = dict.fromkeys(records.TaskState, 0)
        for _, encoded in self.chain.state.items(records.TASK):
            record = records.TaskRecord.decode(encoded)
            counts[record.state] += not record.is_filler
        for state, count in counts.items():
            self.metrics.tasks.labels(state.name.lower()).set(count)
        self.readiness()

    def _status(self) -> Status:
        head = self.chain.head
        return Status(height=head.header.height, head=head.header.hash, work=head.work)

    def _hello(self) -> Hello:
        head, advertise = self.chain.head, self.settings.advertise
        return Hello(
            network_id=self.rules.network.network_id,
            genesis=self.genesis,
            height=head.header.height,
            head=head.header.hash,
            work=head.work,
            role=self.settings.role,
            name=self.name,
            version=VERSION,
            listens=endpoint_text(advertise) if advertise else "",
        )

    def _locator(self) -> list[bytes]:
        heights = locator_heights(self.height)[: LOCATOR_LIMIT - 1]
        hashes = [self.blocks.canonical(height) for height in heights]
        return [*(block_hash for block_hash in hashes if block_hash is not None), self.genesis]

    async def _on_connect(self, peer: Peer) -> None:
        self._had_peers_at = time.monotonic()
        if peer.status.work > self.chain.head.work:
            self.catchup.wake()
        for transaction in await self.on_chain(lambda: self.mempool.select(self.chain.state, self.height + 1)):
            peer.send(FrameType.TRANSACTION, transaction.encode())
        peer.send(FrameType.STATUS, self._status().encode())
        peer.send(FrameType.GET_PEERS, b"")

    async def _handle(self, peer: Peer, frame_type: FrameType, payload: bytes) -> None:
        """Handle one frame of one peer. Raises EncodingError, InvalidError or PeerError."""
        if frame_type is FrameType.STATUS:
            peer.status = Status.decode(payload)
            peer.mark_known(peer.status.head)
            if peer.status.work > self.chain.head.work:
                self.catchup.wake()
        elif frame_type is FrameType.BLOCK:
            await self._on_block(peer, Block.decode(payload))
        elif frame_type is FrameType.TRANSACTION:
            transaction = Transaction.decode(payload)
            peer.mark_known(transaction.id)
            await self._on_transaction(peer, transaction)
        elif frame_type is FrameType.CONTRIBUTION:
            await self._on_contribution(peer, Contribution.decode(payload), payload)
        elif frame_type is FrameType.GET_HEADERS:
            self._send_headers(peer, *decode_hashes(payload, LOCATOR_LIMIT))
        elif frame_type is FrameType.GET_BODIES:
            self._send_bodies(peer, *decode_hashes(payload, BODIES_LIMIT))
        elif frame_type in {FrameType.HEADERS, FrameType.BODIES}:
            peer.answer(int.from_bytes(payload[:4], "big"), payload)
        elif frame_type is FrameType.GET_PEERS:
            peer.send(FrameType.PEERS, self.connections.endpoints())
        elif frame_type is FrameType.PEERS:
            self.connections.heard_of(payload)
        elif frame_type is FrameType.PING:
            peer.send(FrameType.PONG, payload[:8])

    async def _on_block(self, peer: Peer, block: Block) -> None:
        peer.mark_known(block.hash)
        if self.catchup.active:
            return
        outcome = await self.add_block(block, peer)
        if outcome.fate is Fate.ORPHAN:
            self.catchup.wake()

    async def _on_transaction(self, peer: Peer, transaction: Transaction) -> None:
        try:
            await self.add_transaction(transaction, peer)
        except InvalidError as error:
            # Only a forged one is the peer's fault: the others may simply have come late.
            if error.reason in {"signature", "network"}:
                raise
            log(logging.DEBUG, "transaction refused", reason=str(error))

    async def _on_contribution(self, peer: Peer, contribution: Contribution, payload: bytes) -> None:
        message = contribution.message
        peer.mark_known(message.id)
        job = self._job
        if await self.on_chain(lambda: self.pool.add(job, contribution)):
            self.connections.broadcast(FrameType.CONTRIBUTION, payload, message.id, except_for=peer)

    def _send_headers(self, peer: Peer, request: int, locator: list[bytes]) -> None:
        """Headers of the best chain after the first named block that is on it."""
        encoded: list[bytes] = []
        for block_hash in locator:
            entry = self.blocks.entry(block_hash)
            if entry is not None and self.blocks.canonical(entry.header.height) == block_hash:
                encoded = [header.encode() for header in self.blocks.headers(entry.header.height + 1, HEADERS_LIMIT)]
                break
        peer.send(FrameType.HEADERS, encode_blobs(request, encoded))

    def _send_bodies(self, peer: Peer, request: int, hashes: list[bytes]) -> None:
        blobs, size = [], 0
        for block_hash in hashes:
            body = self.blocks.body(block_hash) if size < _BODIES_BYTES else None
            blobs.append(body.encode() if body is not None else b"")
            size += len(blobs[-1]) + HEADER_BYTES_LIMIT
        peer.send(FrameType.BODIES, encode_blobs(request, blobs))

    async def _run_miner(self) -> None:
        """Iterate at the set pace while there is nothing to catch up with."""
        miner = Miner(key=self.key, chain=self.chain, mempool=self.mempool, pool=self.pool, number=now_ms())
        loop = asyncio.get_running_loop()
        alone_until = loop.time() + _ALONE_S
        pace_s = self.settings.miner_pace_ms / 1000
        due = loop.time()
        while True:
            due = max(due + pace_s, loop.time())
            await asyncio.sleep(due - loop.time())
            if self._must_wait(loop.time() < alone_until):
                continue
            start_s = time.perf_counter()
            mined = await self.on_chain(lambda: miner.iterate(now_ms()))
            self.metrics.iterations.inc()
            self.metrics.iteration_s.observe(time.perf_counter() - start_s)
            contribution = mined.contribution
            self.connections.broadcast(FrameType.CONTRIBUTION, contribution.encode(), contribution.message.id)
            if mined.block is not None and (await self.add_block(mined.block)).fate is Fate.HEAD:
                self.metrics.blocks_mined.inc()

    def _must_wait(self, may_be_early: bool) -> bool:
        alone = may_be_early and self.connections.expects_peers and not self.connections.peers
        return alone or self.catchup.active or self.best_known_height > self.height + self.settings.ready_lag_blocks


def _key(settings: Settings, folder: Path) -> NodeKey:
    return load_key(settings.node_key_file) if settings.node_key_file else load_or_create_key(folder / KEY_FILE)
