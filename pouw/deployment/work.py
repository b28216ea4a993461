"""Useful work on a running network: submit tasks, follow them, fetch models and check them against the chain."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.faults import Fault
from infra.settings import Settings
from pouw import image
from pouw.deployment import observation
from pouw.deployment.access import Connection, NodeError
from pouw.deployment.observation import NodeView
from pouw.errors import PouwError

FINISHED = "finished"
ENDED = frozenset({FINISHED, "failed", "expired"})


class TaskError(PouwError):
    """A task or its model is not as asked for."""


@dataclass(frozen=True, kw_only=True)
class FetchedModel:
    """A model whose hash several nodes read from the chain, with its accuracy measured here."""

    data: bytes
    hash: str
    height: int
    accuracy: float
    nodes_agreeing: int


class Client:
    """The work interface of one stack's network, through its nodes."""

    def __init__(self, settings: Settings, nodes: list[NodeView], connections: dict[str, Connection]) -> None:
        self._settings, self._nodes, self._connections = settings, nodes, connections

    @classmethod
    def open(cls, settings: Settings) -> Client:
        """Find the answering nodes of a stack.

        Raises:
            TaskError: no node answers.
        """
        sites = observation.observe(settings)
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
        return cls(settings, nodes, observation.connections(settings))

    def submit(self, name: str) -> str:
        """Ask for a training; the task's id. The node that takes it signs and pays."""
        node = self._nodes[0]
        connection = self._connections[node.site]
        token = connection.secret_value(f"pouw-{node.slot}-keys", "admin.token")
        return str(connection.rpc(node.name, "pouw_submitTask", {"name": name}, token=token)["task_id"])

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks that the network knows."""
        found: list[dict[str, Any]] = self._ask("pouw_listTasks", {})
        return found

    def task(self, task_id: str) -> dict[str, Any]:
        """One task."""
        found: dict[str, Any] = self._ask("pouw_getTask", {"id": task_id})
        return found

    def fetch(self, task_id: str) -> FetchedModel:
        """The model of a finished task, checked: its bytes hash to what the chain names, on every node that answers.

        Raises:
            TaskError: not finished, or a hash differs.
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
        answer = self._ask("pouw_getModel", {"id": task_id})
        data = base64.b64decode(answer["model"], validate=True)
        named = self._hashes(task_id)
        agreeing = _check(task_id, data, named)
        return FetchedModel(
            data=data,
            hash=found["model_hash"],
            height=int(found["finished_height"]),
            accuracy=_accuracy(data),
            nodes_agreeing=agreeing,
        )

    def _hashes(self, task_id: str) -> dict[str, str]:
        """Node to the model hash that it reads from its own chain."""

        def named(node: NodeView) -> tuple[str, str]:
            try:
                return node.name, str(
                    self._connections[node.site].rpc(node.name, "pouw_getTask", {"id": task_id})["model_hash"]
                )
            except NodeError as error:
                return node.name, f"no answer ({error})"

        with ThreadPoolExecutor(len(self._nodes)) as workers:
            return dict(workers.map(named, self._nodes))

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        node = self._nodes[0]
        return self._connections[node.site].rpc(node.name, method, params)


def _check(task_id: str, data: bytes, named: dict[str, str]) -> int:
    from node import model

    own = model.hash_of(data)
    differing = {node: said for node, said in named.items() if said != own}
    if differing:
        raise TaskError(
            Fault(
                path=task_id,
                message="the model is not the one that the chain names",
                got=f"bytes with hash {own}",
                expected="; ".join(f"{node}: {said}" for node, said in differing.items()),
                remedy="fetch it again; if that stays, do not use it and look at the node that served it",
            )
        )
    return len(named)


def _accuracy(data: bytes) -> float:
    """Test accuracy, measured on this machine's own copy of the data set."""
    import os

    from node import model
    from pouw.progress import SilentProgress

    os.environ.setdefault("POUW_DATASETS_DIR", str(image.datasets(SilentProgress())))
    return float(model.accuracy(model.decode(data)))


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
