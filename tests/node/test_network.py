"""Several nodes over real sockets: they agree, they catch up, they heal."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from node.ledger import records
from node.ledger.block import Block
from node.ledger.transaction import SubmitTask, Transaction
from node.service import Node
from node.settings import Role
from node.wire.channel import handshake
from node.wire.frames import FrameType
from node.work.training import TaskSpec
from tests.node.lab import bench, key, rules
from tests.node.live import live_rules, running, until


def _agreed(*nodes: Node) -> bool:
    return len({node.chain.head.header.hash for node in nodes}) == 1


async def test_four_nodes_agree_on_blocks_that_three_of_them_earn(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running(tmp_path / "0", Role.VERIFIER))
        miners = [
            await stack.enter_async_context(running(tmp_path / str(number), Role.MINER, first)) for number in (1, 2, 3)
        ]
        nodes = [first, *miners]
        await until(lambda: min(node.height for node in nodes) >= 4, "four blocks everywhere")
        await until(lambda: _agreed(*nodes), "one head")
        task_record = records.task(first.chain.state, records.filler_id(0))
        assert task_record is not None
        assert task_record.iterations > task_record.blocks


async def test_a_late_node_catches_up_headers_first(tmp_path: Path) -> None:
    shared = live_rules()
    old = bench(tmp_path / "old", shared_rules=shared)
    old.extend(40)
    old.store.close()
    async with running(tmp_path / "old", Role.VERIFIER, shared=shared) as source:
        assert source.height == 40
        async with running(tmp_path / "new", Role.VERIFIER, source, shared=shared) as late:
            await until(lambda: late.height == 40, "all blocks")
            assert late.chain.state.root == source.chain.state.root


async def test_a_healed_partition_ends_on_the_branch_with_more_work(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        west = await stack.enter_async_context(running(tmp_path / "left", Role.MINER))
        east = await stack.enter_async_context(running(tmp_path / "right", Role.MINER))
        await until(lambda: min(west.height, east.height) >= 2, "blocks on both sides")
        assert not _agreed(west, east)
        west.connections.connect(("127.0.0.1", east.p2p_port))
        await until(lambda: bool(west.connections.peers) and _agreed(west, east), "one head after healing")
        reorganised = [
            node.metrics.registry.get_sample_value("pouw_chain_reorganisations_total") for node in (west, east)
        ]
        assert sum(filter(None, reorganised)) >= 1


async def test_all_miners_train_a_task_and_its_model_is_on_the_chain(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(running(tmp_path / "0", Role.CLIENT))
        miner = await stack.enter_async_context(running(tmp_path / "1", Role.MINER, client))
        await until(lambda: bool(client.connections.peers), "a peer")
        payload = SubmitTask(spec=TaskSpec(seed=9, maximum_iterations=5), reward=0)
        submit = Transaction(network_id=1337, sender_key=client.key.public, nonce=0, fee=0, payload=payload)
        await client.add_transaction(submit.signed(client.key))

        def finished() -> bool:
            record = records.task(client.chain.state, submit.id)
            return record is not None and record.finished_height > 0

        await until(finished, "the task to end")
        await until(lambda: records.model_bytes(miner.chain.state, submit.id) is not None, "the miner's copy")


async def test_a_node_of_another_genesis_is_not_let_in(tmp_path: Path) -> None:
    async with running(tmp_path / "0", Role.VERIFIER) as node:
        foreign = rules(block_time_s=1, block_reward=1)
        async with running(tmp_path / "1", Role.VERIFIER, node, shared=foreign) as two:
            await asyncio.sleep(0.5)
            assert not node.connections.peers
            assert not two.connections.peers


async def test_a_node_does_not_peer_with_itself_and_does_not_wait_for_it(tmp_path: Path) -> None:
    async with running(tmp_path / "0", Role.VERIFIER) as node:
        node.connections.connect(("127.0.0.1", node.p2p_port))
        assert node.connections.expects_peers
        await until(lambda: not node.connections.expects_peers, "the node to know its own address")
        assert not node.connections.peers


async def test_a_peer_that_forges_blocks_is_banned_and_the_chain_unmoved(tmp_path: Path) -> None:
    forger = bench(tmp_path / "forger", shared_rules=live_rules())
    block = forger.mine_block()
    async with running(tmp_path / "0", Role.VERIFIER) as node:
        reader, writer = await asyncio.open_connection("127.0.0.1", node.p2p_port)
        introduction = await handshake(reader, writer, key=key(66), hello=node._hello(), initiator=True)
        for number in range(3):
            header = replace(block.header, state_root=bytes([number]) * 32).signed(key(1))
            forged = Block(header=header, body=block.body)
            await introduction.channel.send(FrameType.BLOCK, forged.encode())
        await until(lambda: not node.connections.peers, "the forger to be let go")
        assert node.height == 0
        rejections = node.metrics.registry.get_sample_value("pouw_blocks_rejected_total", {"reason": "state_root"})
        assert rejections == 3
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", node.p2p_port)
        await handshake(reader, writer, key=key(66), hello=node._hello(), initiator=True)
        assert await reader.read() == b""
        writer.close()
