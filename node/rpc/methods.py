"""The ``pouw_`` methods."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Mapping

from node import VERSION
from node.encoding import Writer
from node.keys import address_text, parse_address
from node.ledger import records
from node.ledger.records import TaskRecord, TaskState
from node.ledger.state import Overlay
from node.ledger.transaction import SubmitTask, Transaction
from node.ledger.transition import run_transaction
from node.logs import log, set_level
from node.rpc.protocol import ErrorCode, Json, Method, RpcError
from node.service import Node
from node.work.dataset import DIGITS
from node.work.training import TaskSpec

_TASKS_LISTED = 1000
_LEVELS = ("debug", "info", "warning", "error")
DEFAULT_ITERATIONS = 1000
DEFAULT_TARGET_PERMILLE = 1000


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def unhexed(value: object, size: int | None = None) -> bytes:
    """Raises ValueError."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError("expected 0x and hexadecimal digits")
    data = bytes.fromhex(value[2:])
    if size is not None and len(data) != size:
        raise ValueError(f"expected {size} bytes, got {len(data)}")
    return data


def task_json(record: TaskRecord) -> dict[str, Json]:
    """Render a task for clients. Accuracy is of the test rows once it has finished, of the validation rows before."""
    finished = record.state is TaskState.FINISHED
    return {
        "id": hexed(record.id),
        "name": record.spec.dataset,
        "state": record.state.name.lower(),
        "filler": record.is_filler,
        "iterations": record.spec.maximum_iterations,
        "iterations_done": record.iterations,
        "blocks": record.blocks,
        "target_accuracy": record.spec.target_accuracy / 1000,
        "accuracy": (record.test if finished else record.validation) / 1000,
        "validation_accuracy": record.validation / 1000,
        "loss": record.loss / (1 << 16),
        "model_hash": hexed(record.model_hash) if record.blocks else None,
        "submitted_height": record.submitted_height,
        "finished_height": record.finished_height if finished else None,
        "owner": None if record.is_filler else address_text(record.owner),
        "reward": record.reward,
        "winners": {address_text(address): blocks for address, blocks in record.winners},
    }


class PouwMethods:
    """Answers from one node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def table(self) -> Mapping[str, Method]:
        """Return every method by its name."""
        return {
            "pouw_status": Method(call=self.status, parameters=(), required=0, summary="Return the node's state."),
            "pouw_peers": Method(call=self.peers, parameters=(), required=0, summary="Connected peers."),
            "pouw_submitTask": Method(
                call=self.submit_task,
                parameters=("task",),
                required=1,
                summary="Queue a training task, paid from the node's own account.",
                protected=True,
            ),
            "pouw_listTasks": Method(call=self.list_tasks, parameters=(), required=0, summary="Tasks, newest first."),
            "pouw_getTask": Method(call=self.get_task, parameters=("task_id",), required=1, summary="One task."),
            "pouw_getModel": Method(
                call=self.get_model,
                parameters=("task_id",),
                required=1,
                summary="A task's model with the proof that the head's state names its hash.",
            ),
            "pouw_getAccount": Method(
                call=self.get_account, parameters=("address",), required=1, summary="Balance and nonce."
            ),
            "pouw_sendTransaction": Method(
                call=self.send_transaction, parameters=("transaction",), required=1, summary="A signed transaction."
            ),
            "pouw_setLogLevel": Method(
                call=self.set_log_level, parameters=("level",), required=1, summary="Log level.", protected=True
            ),
        }

    def status(self) -> Json:
        node, readiness = self._node, self._node.readiness()
        head = node.chain.head.header
        return {
            "name": node.name,
            "role": node.settings.role.value,
            "site": node.settings.site,
            "slot": node.settings.slot,
            "version": VERSION,
            "network_id": node.rules.network.network_id,
            "genesis": hexed(node.genesis),
            "height": head.height,
            "head": hexed(head.hash),
            "head_time_ms": head.time_ms,
            "peers": len(node.connections.peers),
            "best_known_height": readiness.best_known_height,
            "syncing": node.catchup.active,
            "ready": readiness.ready,
            "reasons": list(readiness.reasons),
            "stale": readiness.stale,
            "node_id": hexed(node.key.public),
            "address": address_text(node.key.address),
            "balance": records.account(node.chain.state, node.key.address).balance,
            "uptime_s": round(time.monotonic() - node.started, 3),
            "draining": node.draining,
            "mempool": len(node.mempool),
        }

    def peers(self) -> Json:
        return [
            {
                "node_id": hexed(peer.id),
                "name": peer.name,
                "role": peer.hello.role,
                "version": peer.hello.version,
                "endpoint": peer.endpoint,
                "outbound": peer.outbound,
                "height": peer.status.height,
                "head": hexed(peer.status.head),
                "score": peer.score,
                "connected_s": round(time.monotonic() - peer.since, 3),
            }
            for peer in self._node.connections.peers
        ]

    async def submit_task(self, task: Json) -> Json:
        """``task``: {name, iterations?, target_accuracy? (0 to 1), hidden?, seed?, reward?}."""
        node = self._node
        if node.draining:
            raise RpcError(ErrorCode.DRAINING, "the node is draining")
        spec, reward = parse_task(task)
        sender = node.key

        def build() -> Transaction:
            nonce = node.mempool.next_nonce(node.chain.state, sender.address)
            transaction = Transaction(
                network_id=node.rules.network.network_id,
                sender_key=sender.public,
                nonce=nonce,
                fee=node.rules.network.minimum_fee,
                payload=SubmitTask(spec=spec, reward=reward),
            ).signed(sender)
            scratch = Overlay(node.chain.state)
            for waiting in node.mempool.select(node.chain.state, node.height + 1):
                run_transaction(node.rules.network, scratch, waiting, node.height + 1)
            run_transaction(node.rules.network, scratch, transaction, node.height + 1)
            return transaction

        transaction = await node.on_chain(build)
        await node.add_transaction(transaction)
        log(logging.INFO, "task submitted", task=transaction.id.hex())
        return {"task_id": hexed(transaction.id)}

    def list_tasks(self) -> Json:
        task_records = [TaskRecord.decode(encoded) for _, encoded in self._node.chain.state.items(records.TASK)]
        task_records.sort(key=lambda record: (record.is_filler, -record.submitted_height, record.id))
        return [task_json(record) for record in task_records[:_TASKS_LISTED]]

    def get_task(self, task_id: Json) -> Json:
        return task_json(self._task(unhexed(task_id, 32)))

    def _task(self, task_id: bytes) -> TaskRecord:
        record = records.task(self._node.chain.state, task_id)
        if record is not None:
            return record
        waiting = self._node.mempool.get(task_id)
        if waiting is None or not isinstance(waiting.payload, SubmitTask):
            raise RpcError(ErrorCode.NOT_FOUND, f"there is no task {hexed(task_id)}")
        payload = waiting.payload
        return TaskRecord(id=task_id, spec=payload.spec, owner=waiting.sender, reward=payload.reward)

    async def get_model(self, task_id: Json) -> Json:
        """Model, the task's record, and the proof that this record is in the state of the head's header."""
        return await self._node.on_chain(lambda: self._model(unhexed(task_id, 32)))

    def _model(self, task_id: bytes) -> Json:
        chain = self._node.chain
        record = self._task(task_id)
        encoded = records.model_bytes(chain.state, task_id)
        if encoded is None:
            raise RpcError(ErrorCode.NOT_FOUND, f"task {hexed(task_id)} has no model yet")
        proof = chain.state.prove(records.task_key(task_id))
        header = chain.head.header
        return {
            "task": task_json(record),
            "model": base64.b64encode(encoded).decode(),
            "model_hash": hexed(record.model_hash),
            "proof": {
                "record": hexed(record.encode()),
                "header": hexed(header.encode()),
                "block_hash": hexed(header.hash),
                "height": header.height,
                "bucket": proof.bucket,
                "entries": [[hexed(key), hexed(value)] for key, value in proof.entries],
                "siblings": [hexed(sibling) for sibling in proof.siblings],
            },
        }

    def get_account(self, address: Json) -> Json:
        holder = records.account(self._node.chain.state, parse_address(str(address)))
        return {"balance": holder.balance, "nonce": holder.nonce}

    async def send_transaction(self, transaction: Json) -> Json:
        parsed = Transaction.decode(unhexed(transaction))
        await self._node.add_transaction(parsed)
        return hexed(parsed.id)

    def set_log_level(self, level: Json) -> Json:
        if level not in _LEVELS:
            raise ValueError(f"level is one of {', '.join(_LEVELS)}")
        set_level(str(level))
        return True


def parse_task(task: Json) -> tuple[TaskSpec, int]:
    """Specification and reward from what a client gave. Raises ValueError or TypeError with what is wrong."""
    if not isinstance(task, Mapping):
        raise TypeError("task is an object with a name")
    names = {"name", "iterations", "target_accuracy", "hidden", "seed", "reward"}
    unknown = sorted(set(task) - names)
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r} of task; there are {', '.join(sorted(names))}")
    if task.get("name") != DIGITS:
        raise ValueError(f"there is no data set {task.get('name')!r}; there is {DIGITS!r}")
    target = task.get("target_accuracy", DEFAULT_TARGET_PERMILLE / 1000)
    if isinstance(target, bool) or not isinstance(target, int | float):
        raise TypeError("target_accuracy is a number from 0 to 1")
    spec = TaskSpec(
        hidden=_integer(task, "hidden", 32),
        seed=_integer(task, "seed", time.time_ns() // 1_000_000),
        maximum_iterations=_integer(task, "iterations", DEFAULT_ITERATIONS),
        target_accuracy=round(target * 1000),
    )
    if fault := spec.fault():
        raise ValueError(f"{fault} of the task is out of bounds")
    reward = _integer(task, "reward", 0)
    Writer().u64(reward)
    return spec, reward


def _integer(task: Mapping[str, Json], name: str, default: int) -> int:
    value = task.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a whole number")
    if value < 0:
        raise ValueError(f"{name} is not negative")
    return value
