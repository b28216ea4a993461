"""The chain as a whole: growth, forks, cheating producers, money."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from node.chain import Fate
from node.errors import InvalidError
from node.keys import NodeKey, address_text
from node.ledger import records
from node.ledger.block import Block
from node.ledger.records import TaskState
from node.ledger.transaction import SubmitTask, Transaction, Transfer
from node.ledger.transition import Rules
from node.mining import Miner
from node.work.training import TaskSpec
from tests.node.lab import Bench, bench, key, rules

RICH = key(40)


def _transfer(sender: NodeKey, recipient: bytes, amount: int, nonce: int = 0, network_id: int = 1337) -> Transaction:
    payload = Transfer(recipient=recipient, amount=amount)
    transaction = Transaction(network_id=network_id, sender_key=sender.public, nonce=nonce, fee=5, payload=payload)
    return transaction.signed(sender)


def _rich(folder: Path, owner: int = 1) -> Bench:
    return bench(folder, owner=owner, shared_rules=rules(allocations={address_text(RICH.address): 1000}))


def _total(node: Bench) -> int:
    return sum(records.Account.decode(packed).balance for _, packed in node.chain.state.items(records.ACCOUNT))


def test_blocks_are_mined_accepted_and_paid(tmp_path: Path) -> None:
    node = bench(tmp_path)
    node.extend(3)
    assert node.height == 3
    assert records.account(node.chain.state, key(1).address).balance == 3 * node.chain.rules.network.block_reward


def test_a_second_node_reaches_the_same_state_from_the_blocks_alone(tmp_path: Path) -> None:
    first, second = bench(tmp_path / "1"), bench(tmp_path / "2", owner=2)
    for block in first.extend(3):
        second.clock[0] = first.clock[0]
        second.add(Block.decode(block.encode()))
    assert second.chain.state.root == first.chain.state.root


def test_a_peers_update_is_averaged_into_the_model(tmp_path: Path) -> None:
    first, second = bench(tmp_path / "1"), bench(tmp_path / "2", owner=2)
    job = first.chain.rules.job(first.chain.state)
    first.pool.add(job, second.miner.iterate(first.clock[0]).contribution)
    block = first.mine_block()
    first.add(block)
    assert [item.message.miner for item in block.body.contributions] == [key(2).public]


def test_the_branch_with_more_work_wins_and_the_state_follows(tmp_path: Path) -> None:
    short, long = bench(tmp_path / "1"), bench(tmp_path / "2", owner=2)
    short.extend(2)
    fates = []
    for block in long.extend(4):
        short.clock[0] = max(short.clock[0], long.clock[0])
        fates.append(short.chain.add(block).fate)
    assert fates[0] is Fate.SIDE
    assert fates[-1] is Fate.HEAD
    assert short.chain.state.root == long.chain.state.root
    assert records.account(short.chain.state, key(1).address).balance == 0


def test_a_reorganisation_survives_a_restart(tmp_path: Path) -> None:
    short, long = bench(tmp_path / "1"), bench(tmp_path / "2", owner=2)
    short.extend(1)
    for block in long.extend(3):
        short.clock[0] = long.clock[0]
        short.chain.add(block)
    short.store.close()
    again = bench(tmp_path / "1")
    assert again.chain.head.header.hash == long.chain.head.header.hash
    assert again.chain.state.root == long.chain.state.root


def test_a_heavier_branch_with_an_invalid_block_changes_nothing(tmp_path: Path) -> None:
    node, rival = bench(tmp_path / "1"), bench(tmp_path / "2", owner=2)
    node.extend(1)
    head, root = node.chain.head, node.chain.state.root
    first = rival.extend(1)[0]
    second = rival.mine_block()
    forged = Block(header=replace(second.header, state_root=b"s" * 32).signed(key(2)), body=second.body)
    node.clock[0] = rival.clock[0]
    node.chain.add(first)
    if node.chain.head != head:
        head, root = node.chain.head, node.chain.state.root
    with pytest.raises(InvalidError, match="state_root"):
        node.chain.add(forged)
    assert (node.chain.head, node.chain.state.root) == (head, root)
    node.extend(1)


def _lawless(folder: Path, **changes: object) -> Bench:
    """Return a producer with the same genesis and rules of its own."""
    node = bench(folder)
    network = node.chain.rules.network.model_copy(update=changes)
    node.chain.rules = Rules(network=network, dataset=node.chain.rules.dataset)
    node.miner = Miner(key=key(1), chain=node.chain, mempool=node.mempool, pool=node.pool, number=node.clock[0])
    return node


def test_a_producer_that_pays_itself_more_is_refused(tmp_path: Path) -> None:
    """Rewards are computed, never claimed: a greedy producer names a state that no other node computes."""
    block = _lawless(tmp_path / "1", block_reward=10**12).mine_block()
    with pytest.raises(InvalidError, match="state_root"):
        bench(tmp_path / "2").chain.add(block)


def test_a_block_with_an_easier_target_than_due_is_refused(tmp_path: Path) -> None:
    block = _lawless(tmp_path / "1", initial_iterations_per_block=1, minimum_iterations_per_block=1).mine_block()
    with pytest.raises(InvalidError, match="not the target that is due"):
        bench(tmp_path / "2").chain.add(block)


def test_a_block_with_a_shallower_commitment_is_refused(tmp_path: Path) -> None:
    block = _lawless(tmp_path / "1", commit_depth=1).mine_block()
    with pytest.raises(InvalidError, match="not_found"):
        bench(tmp_path / "2").chain.add(block)


def test_a_block_that_trained_less_than_the_rules_ask_is_refused(tmp_path: Path) -> None:
    block = _lawless(tmp_path / "1", mini_batches=1, multiply_adds_per_try=512).mine_block()
    with pytest.raises(InvalidError):
        bench(tmp_path / "2").chain.add(block)


def test_a_block_signed_by_another_is_refused(tmp_path: Path) -> None:
    node = bench(tmp_path)
    block = node.mine_block()
    with pytest.raises(InvalidError, match="signature"):
        node.chain.add(Block(header=block.header.signed(key(3)), body=block.body))


def test_a_block_that_is_refused_stays_refused(tmp_path: Path) -> None:
    node = bench(tmp_path)
    block = node.mine_block()
    forged = Block(header=replace(block.header, state_root=b"s" * 32).signed(key(1)), body=block.body)
    for _ in range(2):
        with pytest.raises(InvalidError, match="state_root"):
            node.chain.add(forged)
    node.add(block)


def test_a_block_without_its_parent_is_an_orphan(tmp_path: Path) -> None:
    first, second = bench(tmp_path / "1"), bench(tmp_path / "2")
    blocks = first.extend(2)
    assert second.chain.add(blocks[1]).fate is Fate.ORPHAN


def test_transfers_move_money_and_make_none(tmp_path: Path) -> None:
    node = _rich(tmp_path)
    node.mempool.add(node.chain.state, _transfer(RICH, key(41).address, 300))
    node.extend(1)
    assert records.account(node.chain.state, key(41).address).balance == 300
    assert records.account(node.chain.state, RICH.address).balance == 695
    assert _total(node) == 1000 + node.chain.rules.network.block_reward


def test_a_transfer_returns_to_the_pool_when_its_block_falls_out(tmp_path: Path) -> None:
    node, rival = _rich(tmp_path / "1"), _rich(tmp_path / "2", owner=2)
    transfer = _transfer(RICH, key(41).address, 300)
    node.mempool.add(node.chain.state, transfer)
    node.extend(1)
    assert len(node.mempool) == 0
    for block in rival.extend(3):
        node.clock[0] = rival.clock[0]
        node.add(block)
    assert node.mempool.get(transfer.id) == transfer


@pytest.mark.parametrize(
    ("transaction", "reason"),
    [
        (_transfer(RICH, key(41).address, 996), "balance"),
        (_transfer(key(42), key(41).address, 1), "balance"),
        (_transfer(RICH, key(41).address, 1, network_id=1), "network"),
        (replace(_transfer(RICH, key(41).address, 1), sender_key=key(42).public), "signature"),
        (replace(_transfer(RICH, key(41).address, 1), fee=0), "signature"),
        (_transfer(RICH, key(41).address, 1, nonce=99), "nonce"),
    ],
)
def test_a_transaction_that_cannot_be_paid_or_is_not_the_owners_is_refused(
    tmp_path: Path, transaction: Transaction, reason: str
) -> None:
    node = _rich(tmp_path)
    with pytest.raises(InvalidError) as error_info:
        node.mempool.add(node.chain.state, transaction)
    assert error_info.value.reason == reason


def test_a_transaction_runs_once(tmp_path: Path) -> None:
    node = _rich(tmp_path)
    transfer = _transfer(RICH, key(41).address, 300)
    node.mempool.add(node.chain.state, transfer)
    node.extend(1)
    with pytest.raises(InvalidError, match="nonce"):
        node.mempool.add(node.chain.state, transfer)


def test_a_client_task_is_trained_first_finished_and_its_reward_paid_out(tmp_path: Path) -> None:
    node = _rich(tmp_path)
    node.extend(1)
    spec = TaskSpec(seed=3, maximum_iterations=12, target_accuracy=1000)
    payload = SubmitTask(spec=spec, reward=600)
    submit = Transaction(network_id=1337, sender_key=RICH.public, nonce=0, fee=0, payload=payload).signed(RICH)
    node.mempool.add(node.chain.state, submit)
    node.extend(1)
    while (record := records.task(node.chain.state, submit.id)) and record.state is not TaskState.FINISHED:
        assert node.chain.rules.job(node.chain.state).task == submit.id
        node.extend(1)
    assert record is not None
    assert record.iterations >= 12
    assert record.test > 0
    earned = records.account(node.chain.state, key(1).address).balance
    assert earned == node.height * node.chain.rules.network.block_reward + 600
    assert node.chain.rules.job(node.chain.state).task == records.filler_id(0)


def test_an_unfinished_filler_task_goes_on_after_a_client_task(tmp_path: Path) -> None:
    node = _rich(tmp_path)
    node.extend(2)
    before = records.task(node.chain.state, records.filler_id(0))
    payload = SubmitTask(spec=TaskSpec(seed=3, maximum_iterations=1), reward=0)
    submit = Transaction(network_id=1337, sender_key=RICH.public, nonce=0, fee=0, payload=payload).signed(RICH)
    node.mempool.add(node.chain.state, submit)
    node.extend(3)
    client = records.task(node.chain.state, submit.id)
    after = records.task(node.chain.state, records.filler_id(0))
    assert before is not None
    assert client is not None
    assert after is not None
    assert client.state is TaskState.FINISHED
    assert after.iterations > before.iterations
