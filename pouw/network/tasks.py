"""Useful work on a running network: tasks are submitted and followed, models fetched and verified by the chain."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.faults import Fault
from infra.settings.stack import Settings
from pouw import files
from pouw.errors import PouwError
from pouw.home import Home
from pouw.network import agreement, observation
from pouw.network.nodes import Connections, Sites
from pouw.network.observation import NodeView
from pouw.progress import Progress

if TYPE_CHECKING:
    from node.model import Model
    from node.modelproof import ProvenModel

FINISHED = "finished"


class TaskError(PouwError):
    """A task cannot be run, or its model cannot be fetched or verified."""


@dataclass(frozen=True, kw_only=True)
class FetchedModel:
    """A model proven by a block that most nodes hold, with its accuracy measured here."""

    data: bytes
    hash: str
    height: int
    accuracy: float
    nodes_agreeing: int


def client(settings: Settings, connections: Connections, *, home: Home) -> Client:
    """Return a client of a stack's network that uses the nodes that answer now.

    Raises:
        TaskError: no node answers.
    """
    sites = observation.observe(settings, connections)
    nodes = [node for node in observation.nodes(sites) if node.answering and node.ready]
    if not nodes:
        raise TaskError(
            Fault(
                path="network",
                message="no node answers",
                got="; ".join(site.trouble for site in sites if site.trouble) or "no ready node",
                expected="at least one ready node",
                remedy="run `pouw up` first; `pouw status` shows the state of every node",
            )
        )
    return Client(nodes, connections, measure_accuracy=partial(_accuracy, home=home))


class Client:
    """The work interface of one stack's network. The first node answers; blocks are confirmed by all nodes."""

    def __init__(
        self, nodes: Sequence[NodeView], connections: Sites, *, measure_accuracy: Callable[[Model, Progress], float]
    ) -> None:
        self._nodes, self._connections, self._measure_accuracy = nodes, connections, measure_accuracy

    def submit(self, name: str) -> str:
        """Submit a training task and return its id. The node that takes it signs and pays."""
        node = self._nodes[0]
        connection = self._connections.to(node.site)
        token = connection.secret_value(f"pouw-{node.slot}-keys", "admin.token")
        return str(connection.rpc(node.name, "pouw_submitTask", {"task": {"name": name}}, token=token)["task_id"])

    def tasks(self) -> list[dict[str, Any]]:
        """Return all tasks of the network, clients' before fillers, the newest first."""
        entries: list[dict[str, Any]] = self._ask("pouw_listTasks", {})
        return entries

    def task(self, task_id: str) -> dict[str, Any]:
        """Return one task."""
        entry: dict[str, Any] = self._ask("pouw_getTask", {"task_id": task_id})
        return entry

    def fetch(self, task_id: str, progress: Progress) -> FetchedModel:
        """Return the model of a finished task, verified from its bytes to a block that most answering nodes hold.

        Raises:
            TaskError: the task is not finished, the proof is invalid, or most nodes do not hold its block.
        """
        state = self.task(task_id)["state"]
        if state != FINISHED:
            raise TaskError(
                Fault(
                    path=task_id,
                    message="has no model yet",
                    got=str(state),
                    expected=FINISHED,
                    remedy=f"wait, and see its state: pouw task show {task_id}",
                )
            )
        answer = self._ask("pouw_getModel", {"task_id": task_id})
        proven = _proven(task_id, answer)
        agreeing = self._count_holders(proven.height, "0x" + proven.block_hash.hex())
        _require_majority(task_id, proven.height, agreeing, len(self._nodes))
        return FetchedModel(
            data=base64.b64decode(answer["model"]),
            hash="0x" + proven.record.model_hash.hex(),
            height=proven.height,
            accuracy=self._measure_accuracy(proven.model, progress),
            nodes_agreeing=agreeing,
        )

    def _count_holders(self, height: int, block_hash: str) -> int:
        """Return the number of nodes that hold a block."""
        return agreement.block_hashes(self._connections, self._nodes, height).count(block_hash)

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        node = self._nodes[0]
        return self._connections.to(node.site).rpc(node.name, method, params)


def _proven(task_id: str, answer: dict[str, Any]) -> ProvenModel:
    from node import modelproof
    from node.errors import EncodingError, InvalidError

    try:
        return modelproof.check(answer)
    except (EncodingError, InvalidError) as error:
        raise TaskError(
            Fault(
                path=task_id,
                message="the model is not the one that the chain names",
                got=str(error),
                expected="a proof from the model's hash to a block's header",
                remedy="fetch it again; if it stays invalid, do not use it, and examine the node that served it",
            )
        ) from error


def _require_majority(task_id: str, height: int, agreeing: int, nodes: int) -> None:
    if 2 * agreeing <= nodes:
        raise TaskError(
            Fault(
                path=task_id,
                message="the model is proven by a block that the network does not hold",
                got=f"{agreeing} of {nodes} nodes hold block {height}",
                expected="more than half",
                remedy="fetch it again: the chain may just have been reorganised",
            )
        )


def _accuracy(model: Model, progress: Progress, *, home: Home) -> float:
    """Measure the test accuracy on this machine's own copy of the data set, whose content hash is pinned."""
    from node.model import accuracy
    from node.work.dataset import DIGITS_FILE, parse_digits
    from pouw.images import wheels

    carrier = next(wheels.ensure(progress, home=home).glob("scikit_learn-*.whl"))
    with zipfile.ZipFile(carrier) as wheel:
        content = wheel.read(f"sklearn/datasets/data/{DIGITS_FILE}")
    return accuracy(model, parse_digits(content, source=carrier.name))


def write_model(path: Path, data: bytes) -> None:
    """Write the model's bytes. A reader never sees a part of them under the final name.

    Raises:
        TaskError: the file cannot be written.
    """
    try:
        files.write(path, data)
    except OSError as error:
        raise TaskError(
            Fault(
                path=str(path), message="cannot be written", got=error.strerror or "", remedy="choose another --output"
            )
        ) from error
