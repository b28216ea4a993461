"""Real nodes in this process, on loopback ports that the system chooses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from node.ledger.transition import Rules
from node.service import Node
from node.settings import Role, Settings
from tests.node.lab import rules

LONG_S = 30.0


def settings(folder: Path, role: Role, *bootnodes: Node, pace_ms: int = 20) -> Settings:
    return Settings(
        role=role,
        data_dir=folder,
        host="127.0.0.1",
        bootnodes=tuple(("127.0.0.1", node.p2p_port) for node in bootnodes),
        p2p_port=0,
        rpc_port=0,
        ws_port=0,
        miner_pace_ms=pace_ms,
        node_name=folder.name,
        linger_s=0.2,
    )


def live_rules() -> Rules:
    return rules(block_time_s=1)


@asynccontextmanager
async def running(folder: Path, role: Role, *bootnodes: Node, shared: Rules | None = None) -> AsyncIterator[Node]:
    """Run a node until the block ends."""
    node = Node(settings(folder, role, *bootnodes), shared or live_rules())
    await node.listen()
    stop = asyncio.Event()
    task = asyncio.create_task(node.run(stop))
    try:
        yield node
    finally:
        stop.set()
        await task
        await node.close()


async def until(condition: Callable[[], bool], description: str, limit_s: float = LONG_S) -> None:
    """Wait for a condition, not longer than the limit."""
    try:
        async with asyncio.timeout(limit_s):
            while not condition():  # noqa: ASYNC110 - conditions over several nodes have no single event
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {limit_s} s: {description}") from None
