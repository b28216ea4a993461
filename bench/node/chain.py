"""Cost of mining, checking and importing a block, with the parameters of a default network.

Run: ``python -m bench.node.chain``. The floor of checking is mining, measured in the same run. The command fails where
their ratio passes its goal. Imports per second depend on the machine's load and are printed for information. The
documentation quotes the ratio, and the imports without the replay.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from node import network
from node.chain import Chain
from node.keys import NodeKey
from node.ledger.block import Block
from node.ledger.transition import Rules, genesis
from node.mempool import ContributionPool, Mempool
from node.mining import Miner
from node.store import open_store
from node.work.dataset import load_digits
from node.work.training import zero_residual

CHECKING_GOAL = 0.2
"""Checking a block, as a part of mining it."""
IMPORT_GOAL = 200
"""Imports per second without the replay, on an idle machine."""
_BLOCKS = 40
_PACE_MS = 600


class _Site:
    """One node's chain and a miner beside it."""

    def __init__(self, folder: Path, rules: Rules, owner: int) -> None:
        store, state, _ = open_store(folder, *genesis(rules))
        self.now_ms = 1_700_000_000_000
        self.chain = Chain(rules=rules, store=store, state=state, clock=lambda: self.now_ms)
        self.pool, mempool = ContributionPool(), Mempool(rules.network)
        self.pool.start(self.chain.head.header.hash)
        key = NodeKey(bytes([owner]) * 32)
        self.miner = Miner(key=key, chain=self.chain, mempool=mempool, pool=self.pool, number=1)


def _mine_blocks(folder: Path, rules: Rules) -> tuple[list[bytes], float, int]:
    """Mine with three connected miners. Return blocks, seconds of training, and number of iterations."""
    sites = [_Site(folder / str(owner), rules, owner) for owner in (1, 2, 3)]
    blocks: list[bytes] = []
    spent, iterations = 0.0, 0
    while len(blocks) < _BLOCKS:
        for site in sites:
            for receiver in sites:
                receiver.now_ms += _PACE_MS // len(sites)
            start_s = time.perf_counter()
            mined = site.miner.iterate(site.now_ms)
            spent += time.perf_counter() - start_s
            iterations += 1
            job = site.chain.rules.job(site.chain.state)
            for receiver in sites:
                receiver.pool.add(job, mined.contribution)
            if mined.block is not None:
                blocks.append(mined.block.encode())
                for receiver in sites:
                    receiver.chain.add(mined.block)
                    receiver.pool.start(mined.block.hash)
    return blocks, spent, iterations


def _replay_s(rules: Rules, folder: Path) -> float:
    """Return the seconds of one iteration's training."""
    site = _Site(folder, rules, 9)
    job = site.chain.rules.job(site.chain.state)
    residual = zero_residual(job.spec)
    start_s = time.perf_counter()
    for number in range(50):
        job.train(job.model, residual, number.to_bytes(32, "big"))
    return (time.perf_counter() - start_s) / 50


def main() -> int:
    """Print costs and their ratios; return 1 past a goal."""
    rules = Rules(network=network.default(), dataset=load_digits())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blocks, mining_s, iterations = _mine_blocks(folder, rules)
        fresh = _Site(folder / "import", rules, 8)
        fresh.now_ms = 2_000_000_000_000
        start_s = time.perf_counter()
        for raw in blocks:
            fresh.chain.add(Block.decode(raw))
        import_s = (time.perf_counter() - start_s) / len(blocks)
        replay_s = _replay_s(rules, folder / "replay")
    size = sum(map(len, blocks)) / len(blocks)
    per_block_s = mining_s / len(blocks)
    print(f"mining a block     {per_block_s * 1000:7.1f} ms   ({iterations / len(blocks):.1f} iterations of 3 miners)")
    print(f"importing a block  {import_s * 1000:7.1f} ms   ({1 / import_s:.0f} /s, {size / 1000:.1f} kB)")
    print(f"  of it replay     {replay_s * 1000:7.1f} ms   ({1 / replay_s:.0f} /s)")
    imports, checking = 1 / (import_s - replay_s), import_s / per_block_s
    print(f"imports without replay      {imports:6.0f} /s  (goal {IMPORT_GOAL} on an idle machine)")
    print(f"ratio of checking to mining {checking:6.3f}     (goal {CHECKING_GOAL})")
    return int(checking > CHECKING_GOAL)


if __name__ == "__main__":
    sys.exit(main())
