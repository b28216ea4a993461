"""Useful work on a running network: submit tasks, follow them, fetch models and check them against the chain."""

from __future__ import annotations

import base64
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.faults import Fault
from infra.settings.stack import Settings
from pouw.errors import PouwError
from pouw.home import Home
from pouw.kube import kubeconfigs
from pouw.kube.access import Connections
from pouw.network import agreement, observation
from pouw.network.observation import NodeView
from pouw.progress import Progress
from pouw.run import stacks

if TYPE_CHECKING:
    from node.model import Model
    from node.modelproof import ProvenModel

FINISHED = "finished"


class TaskError(PouwError):
    """A task or its model is not as asked for."""


@dataclass(frozen=True, kw_only=True)
class FetchedModel:
    """A model proven by a block that most nodes hold, with its accuracy measured here."""

    data: bytes
    hash: str
    height: int
    accuracy: float
    nodes_agreeing: int


@contextmanager
def opened(stack: str) -> Iterator[Client]:
    """The work interface of a stack's network, through the nodes that answer now.

    Raises:
        TaskError: no node answers.
    """
    settings = stacks.settings(stack)
    kubeconfigs.ensure(stack, settings)
    with Connections(settings) as connections:
        sites = observation.observe(settings, connections)
        nodes = [node for node in observation.nodes(sites) if node.answering and node.ready]
        if not nodes:
            trouble = "; ".join(site.trouble for site in sites if site.trouble) or "no ready node"
            raise TaskError(
                Fault(
                    path="network",
                    message="no node answers",
                    got=trouble,
                    expected="at least one ready node",
                    remedy="run `pouw up` first; `pouw status` shows what is there",
                )
            )
        yield Client(settings, nodes, connections)


class Client:
    """The work interface of one stack's network."""

    def __init__(self, settings: Settings, nodes: list[NodeView], connections: Connections) -> None:
        self._settings, self._nodes, self._connections = settings, nodes, connections

    def submit(self, name: str) -> str:
        """Ask for a training; the task's id. The node that takes it signs and pays."""
        node = self._nodes[0]
        connection = self._connections.to(node.site)
        token = connection.secret_value(f"pouw-{node.slot}-keys", "admin.token")
        return str(connection.rpc(node.name, "pouw_submitTask", {"task": {"name": name}}, token=token)["task_id"])

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks that the network knows, clients' before fillers, the newest first."""
        found: list[dict[str, Any]] = self._ask("pouw_listTasks", {})
        return found

    def task(self, task_id: str) -> dict[str, Any]:
        """One task."""
        found: dict[str, Any] = self._ask("pouw_getTask", {"task_id": task_id})
        return found

    def fetch(self, task_id: str, progress: Progress) -> FetchedModel:
        """The model of a finished task, checked from its bytes to a block that the answering nodes hold.

        Raises:
            TaskError: not finished, a proof that does not hold, or a block that no other node knows.
        """
        found = self.task(task_id)
        if found["state"] != FINISHED:
            raise TaskError(
                Fault(
                    path=task_id,
                    message="has no model yet",
                    got=str(found["state"]),
                    expected=FINISHED,
                    remedy=f"wait for it: pouw task show {task_id}",
                )
            )
        answer = self._ask("pouw_getModel", {"task_id": task_id})
        proven = _proven(task_id, answer)
        agreeing = self._holders(proven.height, "0x" + proven.block_hash.hex())
        _require_majority(task_id, proven.height, agreeing, len(self._nodes))
        return FetchedModel(
            data=base64.b64decode(answer["model"]),
            hash="0x" + proven.record.model_hash.hex(),
            height=proven.height,
            accuracy=_accuracy(proven.model, progress),
            nodes_agreeing=agreeing,
        )

    def _holders(self, height: int, block_hash: str) -> int:
        """How many nodes hold that block."""
        network = agreement.LiveNetwork(self._settings, self._connections)
        return sum(found == block_hash for found in network.block_hashes(self._nodes, height))

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
                remedy="fetch it again; if that stays, do not use it, and look at the node that served it",
            )
        ) from error


def _require_majority(task_id: str, height: int, agreeing: int, asked: int) -> None:
    if 2 * agreeing <= asked:
        raise TaskError(
            Fault(
                path=task_id,
                message="the model is proven by a block that the network does not hold",
                got=f"{agreeing} of {asked} nodes hold block {height}",
                expected="more than half",
                remedy="fetch it again: the chain may just have been reorganised",
            )
        )


def _accuracy(model: Model, progress: Progress) -> float:
    """Test accuracy, measured on this machine's own copy of the data set, whose content hash is pinned."""
    from node.model import accuracy
    from node.work.dataset import DIGITS_FILE, parse_digits
    from pouw.images import wheels

    carrier = next(wheels.ensure(progress, home=Home.from_environment(os.environ)).glob("scikit_learn-*.whl"))
    with zipfile.ZipFile(carrier) as wheel:
        packed = wheel.read(f"sklearn/datasets/data/{DIGITS_FILE}")
    return accuracy(model, parse_digits(packed, source=carrier.name))


def write_model(path: Path, data: bytes) -> None:
    """Write the model's bytes; a partial file never carries the final name.

    Raises:
        TaskError: the file cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TaskError(
            Fault(
                path=str(path), message="cannot be written", got=error.strerror or "", remedy="choose another --output"
            )
        ) from error
