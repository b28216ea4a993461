"""Time and target: how hard the next block is, and which times a block may carry. Times are Unix milliseconds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from node.ledger.block import Header
from node.network import NetworkFile

WINDOW = 20
"""Blocks that retargeting looks back on."""
MEDIAN_WINDOW = 11
_SOLVE_LIMIT = 6
_STEP = 2


def next_target(network: NetworkFile, recent: Sequence[Header], tries: int) -> int:
    """Target of the block after ``recent`` (oldest first; genesis included when in reach).

    The mean target of the window times its mean solve time over the goal_ms one; solve times count at most six block
    times, one block changes the target at most twofold, and the easiest target is the network's minimum.
    ``tries`` is what one iteration of the next block's task may try.
    """
    easiest = network.target_for(network.minimum_iterations_per_block, tries)
    window = recent[-(WINDOW + 1) :]
    mined = [header for header in window if header.height > 0]
    if len(window) < 2 or not mined:
        return min(easiest, network.target_for(network.initial_iterations_per_block, tries))
    goal_ms = network.block_time_ms
    spent = sum(
        min(max(after.time_ms - before.time_ms, 1), _SOLVE_LIMIT * goal_ms)
        for before, after in itertools.pairwise(window)
    )
    mean = sum(header.target for header in mined) // len(mined)
    aimed = mean * spent // (goal_ms * (len(window) - 1))
    last = mined[-1].target
    return max(1, min(easiest, max(last // _STEP, min(last * _STEP, aimed))))


def earliest_time_ms(recent: Sequence[Header]) -> int:
    """Return the earliest time of the next block: above the median of the last blocks' times."""
    times = sorted(header.time_ms for header in recent[-MEDIAN_WINDOW:])
    return times[len(times) // 2] + 1


def latest_time_ms(network: NetworkFile, now_ms: int) -> int:
    """Return the allowed lead of a block's time over this node's clock: two block times, at least ten seconds."""
    return now_ms + max(2 * network.block_time_ms, 10_000)
