"""State transition: the conditions of a block and its changes to the state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from node.encoding import Integers
from node.errors import InvalidError
from node.keys import address_of
from node.ledger import records
from node.ledger.block import CONTRIBUTIONS_LIMIT, TRANSACTIONS_LIMIT, Block, Body, Candidate, Header
from node.ledger.difficulty import earliest_time_ms, latest_time_ms, next_target
from node.ledger.records import TaskRecord, TaskState
from node.ledger.state import Overlay, State, Values
from node.ledger.transaction import SubmitTask, Transaction, Transfer
from node.model import Model, correct, model_hash, permille
from node.network import NetworkFile
from node.work import lottery
from node.work.dataset import Dataset
from node.work.iteration import NO_MESSAGE, Proof
from node.work.verification import Job, Seal, verify, verify_contribution

_ZERO = bytes(32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """Parameters and data set that every node of a network shares."""

    network: NetworkFile
    dataset: Dataset

    def job(self, state: Values) -> Job:
        """Return the training job of the block after ``state``."""
        record, model = records.active_task(state)
        return Job(network=self.network, dataset=self.dataset, task=record.id, spec=record.spec, model=model)


def genesis(rules: Rules) -> tuple[Header, State]:
    """Return the first header and state; equal network files give equal bytes."""
    from node.keys import parse_address

    network = rules.network
    overlay = Overlay(State())
    for address, amount in network.allocations.items():
        records.credit(overlay, parse_address(address), amount)
    records.put_queue(overlay, records.Queue())
    state = State({key: value for key, value in overlay.changes.items() if value is not None})
    candidate = Candidate(
        network_id=network.network_id,
        height=0,
        parent=_ZERO,
        transactions_root=network.identity(),
        time_ms=network.genesis_time_s * 1000,
        target=(1 << 256) - 1,
        task=rules.dataset.content_hash,
        producer=_ZERO,
    )
    header = Header(
        candidate=candidate,
        message=NO_MESSAGE,
        contributions_root=_ZERO,
        state_root=state.root,
        proof_hash=_ZERO,
        nonce=_ZERO,
        attempt=0,
    )
    return header, state


def check_header(rules: Rules, header: Header, recent: Sequence[Header], now_ms: int) -> None:
    """Check a header without state: link, time, signature, ticket. Raises InvalidError."""
    parent = recent[-1]
    if header.candidate.network_id != rules.network.network_id:
        raise InvalidError("network", "block of another network")
    if header.parent != parent.hash or header.height != parent.height + 1:
        raise InvalidError("parent", "block does not follow its parent")
    if header.time_ms < earliest_time_ms(recent):
        raise InvalidError("time", "not above the median of the last blocks")
    if header.time_ms > latest_time_ms(rules.network, now_ms):
        raise InvalidError("time", f"{header.time_ms - now_ms} ms ahead of this clock")
    if lottery.ticket(header.candidate.hash, header.nonce, header.attempt) > header.target:
        raise InvalidError("target", "ticket is too high")
    header.require_signature()


def check_body(block: Block) -> None:
    """Check that the header hashes this body and that the body is within its limits. Raises InvalidError."""
    header, body = block.header, block.body
    if len(body.transactions) > TRANSACTIONS_LIMIT or len(body.contributions) > CONTRIBUTIONS_LIMIT:
        raise InvalidError("size", "too many transactions or contributions")
    if body.transactions_root != header.candidate.transactions_root:
        raise InvalidError("transactions_root", "header hashes other transactions")
    if body.contributions_root != header.contributions_root:
        raise InvalidError("contributions_root", "header hashes other contributions")
    if body.proof.hash != header.proof_hash:
        raise InvalidError("proof", "header hashes another proof")


def apply_block(rules: Rules, state: Values, recent: Sequence[Header], block: Block) -> Overlay:
    """Return the changes of ``block`` to ``state``; the caller compares the root. Raises InvalidError.

    ``recent`` ends with the parent. `check_header` and `check_body` have passed.
    """
    header, parent = block.header, recent[-1]
    candidate = header.candidate
    job = rules.job(state)
    if candidate.task != job.task:
        raise InvalidError("task", "not the task that is due")
    if candidate.target != next_target(rules.network, recent, job.tries):
        raise InvalidError("target", "not the target that is due")
    seal = Seal(
        producer=candidate.producer,
        commitment=candidate.hash,
        parent=parent.hash,
        message=header.message,
        nonce=header.nonce,
        attempt=header.attempt,
        target=candidate.target,
    )
    end = verify(job, seal, block.body.proof)
    overlay = Overlay(state)
    change_state(rules, overlay, job, candidate, block.body, end)
    return overlay


def change_state(rules: Rules, overlay: Overlay, job: Job, candidate: Candidate, body: Body, end: Model) -> None:
    """Apply a block with proven work: advance the task, pay, run the transactions. Raises InvalidError."""
    model, iterations = _merge(job, candidate, body, end)
    producer = address_of(candidate.producer)
    record = records.task(overlay, job.task) or records.active_task(overlay)[0]
    _advance_task(rules, overlay, record, candidate, body.proof, model, iterations)
    fees = sum(transaction.fee for transaction in body.transactions)
    records.credit(overlay, producer, rules.network.block_reward + fees)
    for transaction in body.transactions:
        run_transaction(rules.network, overlay, transaction, candidate.height)


def _merge(job: Job, candidate: Candidate, body: Body, end: Model) -> tuple[Model, int]:
    """Return the next model and the iterations done: the anchor's model plus the miners' mean update, rounded down."""
    learnt: Integers = end.parameters - job.model.parameters
    iterations = body.proof.winner.step + 1
    last = b""
    for contribution in body.contributions:
        miner = contribution.message.miner
        if miner <= last or miner == candidate.producer:
            raise InvalidError("contributions", "not sorted by miner, or a miner twice")
        last = miner
        verify_contribution(job, candidate.parent, contribution)
        learnt = learnt + contribution.delta
        iterations += contribution.message.step + 1
    return job.model.moved(learnt // (len(body.contributions) + 1)), iterations


def _advance_task(
    rules: Rules,
    overlay: Overlay,
    record: TaskRecord,
    candidate: Candidate,
    proof: Proof,
    model: Model,
    iterations: int,
) -> None:
    validation, test = rules.dataset.validation, rules.dataset.test
    producer = address_of(candidate.producer)
    winners = dict(record.winners)
    winners[producer] = winners.get(producer, 0) + 1
    rows = rules.network.mini_batches * record.spec.batch
    record = replace(
        record,
        state=TaskState.RUNNING,
        iterations=record.iterations + iterations,
        blocks=record.blocks + 1,
        validation=permille(correct(model, validation), len(validation.labels)),
        loss=proof.winner.loss // rows,
        model_hash=model_hash(model),
        winners=tuple(sorted(winners.items())),
    )
    spec = record.spec
    if record.validation >= spec.target_accuracy or record.iterations >= spec.maximum_iterations:
        accuracy = permille(correct(model, test), len(test.labels))
        record = replace(record, state=TaskState.FINISHED, test=accuracy, finished_height=candidate.height)
        _finish(overlay, record, producer)
    records.put_task(overlay, record)
    records.put_model(overlay, record.id, model)


def _finish(overlay: Overlay, record: TaskRecord, producer: bytes) -> None:
    """Pay the task's reward by verified blocks (the rest to the last producer) and take the task off the queue."""
    paid = 0
    for address, blocks in record.winners:
        share = record.reward * blocks // record.blocks
        records.credit(overlay, address, share)
        paid += share
    records.credit(overlay, producer, record.reward - paid)
    queue = records.queue(overlay)
    if not record.is_filler:
        records.put_queue(overlay, replace(queue, waiting=queue.waiting[1:]))
        return
    records.put_queue(overlay, replace(queue, filler=queue.filler + 1))
    if queue.filler >= records.FILLERS_KEPT:
        records.drop_task(overlay, records.filler_id(queue.filler - records.FILLERS_KEPT))


def run_transaction(network: NetworkFile, overlay: Overlay, transaction: Transaction, height: int) -> None:
    """Apply one transaction. Raises InvalidError and then leaves the overlay as it was."""
    check_transaction(network, transaction)
    sender = records.account(overlay, transaction.sender)
    if transaction.nonce != sender.nonce:
        raise InvalidError("nonce", f"transaction has {transaction.nonce}, account is at {sender.nonce}")
    if transaction.cost > sender.balance:
        raise InvalidError("balance", f"transaction costs {transaction.cost}, account holds {sender.balance}")
    payload = transaction.payload
    if isinstance(payload, SubmitTask):
        _require_room(overlay, transaction.sender)
    debited = records.Account(balance=sender.balance - transaction.cost, nonce=sender.nonce + 1)
    records.put_account(overlay, transaction.sender, debited)
    if isinstance(payload, Transfer):
        records.credit(overlay, payload.recipient, payload.amount)
        return
    record = TaskRecord(
        id=transaction.id,
        spec=payload.spec,
        owner=transaction.sender,
        reward=payload.reward,
        submitted_height=height,
    )
    queue = records.queue(overlay)
    records.put_task(overlay, record)
    records.put_queue(overlay, replace(queue, waiting=(*queue.waiting, record.id)))


def check_transaction(network: NetworkFile, transaction: Transaction) -> None:
    """Check a transaction without state. Raises InvalidError."""
    if transaction.network_id != network.network_id:
        raise InvalidError("network", "transaction of another network")
    if transaction.fee < network.minimum_fee:
        raise InvalidError("fee", f"{transaction.fee} is below the minimum of {network.minimum_fee}")
    transaction.require_signature()


def _require_room(overlay: Overlay, owner: bytes) -> None:
    waiting = records.queue(overlay).waiting
    owned = sum(1 for task in waiting if (record := records.task(overlay, task)) and record.owner == owner)
    if len(waiting) >= records.WAITING_LIMIT or owned >= records.WAITING_PER_OWNER:
        raise InvalidError(
            "queue", f"at most {records.WAITING_LIMIT} tasks wait, {records.WAITING_PER_OWNER} of one owner"
        )
