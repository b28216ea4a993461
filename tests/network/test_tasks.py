"""Fetching models: a real node's model and proof, on a network whose other nodes hold the same block or another one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from infra.settings.loading import parse
from node.rpc.methods import PouwMethods
from node.service import Node
from node.settings import Role
from pouw.home import Home
from pouw.network.nodes import Connections
from pouw.network.observation import NodeView
from pouw.network.tasks import Client, TaskError
from pouw.progress import SilentProgress
from tests.node.lab import bench
from tests.node.live import live_rules
from tests.node.live import settings as node_settings

SETTINGS = parse({"environment": "local", "sites": [{"name": "local", "cloud": "kubernetes"}]})
NODES = [
    NodeView(site="local", slot="blue", name=f"node-{number}", role="miner", ready=True, height=3)
    for number in range(3)
]


@dataclass(frozen=True, kw_only=True)
class Model:
    """The answer of a real node to ``pouw_getModel``, and the block that proves it."""

    task_id: str
    answer: Mapping[str, Any]

    @property
    def block_hash(self) -> str:
        """The hash of the proving block."""
        return str(self.answer["proof"]["block_hash"])


@dataclass(frozen=True, kw_only=True)
class FakeConnections:
    """Connections to nodes that report a task as finished and hold the given blocks."""

    model: Model
    blocks: Mapping[str, str]

    def to(self, site: str) -> FakeConnections:
        assert site == "local"
        return self

    def rpc(self, node: str, method: str, params: object) -> object:
        del params
        answers = {
            "pouw_getTask": {"id": self.model.task_id, "state": "finished"},
            "pouw_getModel": self.model.answer,
            "eth_getBlockByNumber": {"hash": self.blocks[node]},
        }
        return answers[method]


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[Model]:
    """A model of a chain with three blocks."""
    rules = live_rules()
    chain = bench(tmp_path, shared_rules=rules)
    chain.extend(3)
    chain.store.close()
    node = Node(node_settings(tmp_path, Role.CLIENT), rules)
    methods = PouwMethods(node)
    task_id = cast("list[dict[str, Any]]", methods.list_tasks())[0]["id"]
    yield Model(task_id=task_id, answer=cast("dict[str, Any]", await methods.get_model(task_id)))
    await node.close()


def client(model: Model, *hashes: str) -> Client:
    """Return a client of a network whose nodes hold the given blocks."""
    blocks = {node.name: block_hash for node, block_hash in zip(NODES, hashes, strict=True)}
    connections = cast("Connections", FakeConnections(model=model, blocks=blocks))
    return Client(SETTINGS, NODES, connections, home=Home.from_environment({}))


async def test_a_model_of_a_minority_is_refused(model: Model) -> None:
    foreign_block = "0x" + "ab" * 32
    with pytest.raises(TaskError, match="1 of 3 nodes hold block 3; expected more than half"):
        client(model, model.block_hash, foreign_block, foreign_block).fetch(model.task_id, SilentProgress())


async def test_a_model_that_differs_from_its_proof_is_refused(model: Model) -> None:
    forged = Model(task_id=model.task_id, answer={**model.answer, "model": "AAAA"})
    with pytest.raises(TaskError, match="not the one that the chain names"):
        client(forged, *[model.block_hash] * 3).fetch(model.task_id, SilentProgress())
