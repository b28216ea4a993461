"""Records of the state: accounts, tasks, models, and the queue that decides which task the next block trains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from node import model as models
from node.encoding import Reader, Writer, digest
from node.errors import InvalidError
from node.keys import ADDRESS_BYTES
from node.ledger.state import Overlay, Values
from node.ledger.transaction import read_spec
from node.model import Model
from node.work.training import TaskSpec

WAITING_LIMIT = 256
WAITING_PER_OWNER = 16
FILLERS_KEPT = 8
FILLER_ITERATIONS = 2000
ACCOUNT = b"a"
TASK = b"t"
_MODEL = b"m"
_QUEUE = b"q"
_NO_OWNER = bytes(ADDRESS_BYTES)
_NO_HASH = bytes(32)


@dataclass(frozen=True, kw_only=True)
class Account:
    """A balance, and how many transactions its owner has made."""

    balance: int = 0
    nonce: int = 0

    def encode(self) -> bytes:
        return Writer().u256(self.balance).u64(self.nonce).finish()

    @staticmethod
    def decode(data: bytes) -> Account:
        reader = Reader(data)
        account = Account(balance=reader.u256(), nonce=reader.u64())
        reader.end()
        return account


def account(state: Values, address: bytes) -> Account:
    value = state.get(ACCOUNT + address)
    return Account.decode(value) if value is not None else Account()


def put_account(state: Overlay, address: bytes, value: Account) -> None:
    state.store(ACCOUNT + address, value.encode())


def credit(state: Overlay, address: bytes, amount: int) -> None:
    if amount:
        before = account(state, address)
        put_account(state, address, replace(before, balance=before.balance + amount))


class TaskState(IntEnum):
    """Progress of a task."""

    WAITING = 0
    RUNNING = 1
    FINISHED = 2


@dataclass(frozen=True, kw_only=True)
class TaskRecord:
    """A task and how far it is. Accuracies in permille: of the validation rows while it runs, of the test rows at its
    end. ``winners`` counts the verified blocks of each producer: what the reward is split by."""

    id: bytes
    spec: TaskSpec
    owner: bytes = _NO_OWNER
    reward: int = 0
    submitted_height: int = 0
    state: TaskState = TaskState.WAITING
    iterations: int = 0
    blocks: int = 0
    validation: int = 0
    test: int = 0
    loss: int = 0
    model_hash: bytes = _NO_HASH
    finished_height: int = 0
    winners: tuple[tuple[bytes, int], ...] = ()

    @property
    def is_filler(self) -> bool:
        return self.owner == _NO_OWNER

    def encode(self) -> bytes:
        writer = self.spec.write(Writer().hash(self.id)).fixed(self.owner, ADDRESS_BYTES).u64(self.reward)
        writer.u64(self.submitted_height).u8(self.state).u64(self.iterations).u32(self.blocks).u16(self.validation)
        writer.u16(self.test).u64(self.loss).hash(self.model_hash).u64(self.finished_height).u32(len(self.winners))
        for address, blocks in self.winners:
            writer.fixed(address, ADDRESS_BYTES).u32(blocks)
        return writer.finish()

    @staticmethod
    def decode(data: bytes) -> TaskRecord:
        reader = Reader(data)
        record = TaskRecord(
            id=reader.hash(),
            spec=read_spec(reader),
            owner=reader.take(ADDRESS_BYTES),
            reward=reader.u64(),
            submitted_height=reader.u64(),
            state=TaskState(reader.u8()),
            iterations=reader.u64(),
            blocks=reader.u32(),
            validation=reader.u16(),
            test=reader.u16(),
            loss=reader.u64(),
            model_hash=reader.hash(),
            finished_height=reader.u64(),
            winners=tuple((reader.take(ADDRESS_BYTES), reader.u32()) for _ in range(reader.u32())),
        )
        reader.end()
        return record


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Client tasks not finished, oldest first, and the number of the filler task that runs when there is none."""

    waiting: tuple[bytes, ...] = ()
    filler: int = 0

    def encode(self) -> bytes:
        writer = Writer().u64(self.filler).u32(len(self.waiting))
        for task in self.waiting:
            writer.hash(task)
        return writer.finish()

    @staticmethod
    def decode(data: bytes) -> Queue:
        reader = Reader(data)
        filler = reader.u64()
        queue = Queue(waiting=tuple(reader.hash() for _ in range(reader.u32())), filler=filler)
        reader.end()
        return queue


def queue(state: Values) -> Queue:
    value = state.get(_QUEUE)
    return Queue.decode(value) if value is not None else Queue()


def put_queue(state: Overlay, value: Queue) -> None:
    state.store(_QUEUE, value.encode())


def filler_id(number: int) -> bytes:
    return digest("filler", number.to_bytes(8, "big"))


def filler(number: int) -> TaskRecord:
    """Return the task that is trained while no client task waits: the digits, with another seed each time."""
    spec = TaskSpec(seed=number, maximum_iterations=FILLER_ITERATIONS, target_accuracy=1000)
    return TaskRecord(id=filler_id(number), spec=spec)


def task(state: Values, task_id: bytes) -> TaskRecord | None:
    value = state.get(TASK + task_id)
    return TaskRecord.decode(value) if value is not None else None


def put_task(state: Overlay, record: TaskRecord) -> None:
    state.store(TASK + record.id, record.encode())


def task_key(task_id: bytes) -> bytes:
    """Return the key of a task's record in the state, for proofs."""
    return TASK + task_id


def model_bytes(state: Values, task_id: bytes) -> bytes | None:
    return state.get(_MODEL + task_id)


def put_model(state: Overlay, task_id: bytes, model: Model) -> None:
    state.store(_MODEL + task_id, models.encode(model))


def drop_task(state: Overlay, task_id: bytes) -> None:
    for key in (TASK + task_id, _MODEL + task_id):
        if state.get(key) is not None:
            state.store(key, None)


def active_task(state: Values) -> tuple[TaskRecord, Model]:
    """Return the task that the next block trains, and its model on the chain."""
    waiting = queue(state)
    if waiting.waiting:
        record = task(state, waiting.waiting[0])
        if record is None:
            raise InvalidError("state", "a queued task has no record")
    else:
        record = task(state, filler_id(waiting.filler)) or filler(waiting.filler)
    encoded = model_bytes(state, record.id)
    model = models.decode(encoded) if encoded else models.initial_model(record.spec.seed, record.spec.hidden)
    return record, model
