"""Tasks and models: a model is accepted if most nodes hold the block that proves it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from node import model as models
from node.rpc.methods import PouwMethods
from node.service import Node
from node.settings import Role
from pouw.network import tasks
from pouw.network.nodes import NodeError
from pouw.network.observation import NodeView
from pouw.network.tasks import Client, TaskError
from pouw.progress import SilentProgress
from tests.node.lab import bench
from tests.node.live import live_rules, settings

NODES = ("node-0", "node-1", "node-2", "node-3")


@dataclass(kw_only=True)
class Site:
    """A site whose first node answers from a table, and whose nodes hold blocks of their own."""

    answers: dict[str, Any]
    blocks: dict[str, str | None]
    """The hash of each node's block; a node that is not in it does not answer."""
    calls: list[tuple[str, str, str | None]] = field(default_factory=list)

    def to(self, site: str) -> Site:
        assert site == "local"
        return self

    def rpc(self, pod: str, method: str, params: object = None, *, token: str | None = None) -> Any:
        if method == "eth_getBlockByNumber":
            assert params == ["0x3", False]
            if pod not in self.blocks:
                raise NodeError
            return {"hash": self.blocks[pod]} if self.blocks[pod] else None
        self.calls.append((pod, method, token))
        return self.answers[method]

    def secret_value(self, secret: str, key: str) -> str:
        return f"{secret}/{key}"


@pytest.fixture
async def answers(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """Return a real node's answers about the newest task, which is finished as far as they say."""
    shared = live_rules()
    past = bench(tmp_path, shared_rules=shared)
    past.extend(3)
    past.store.close()
    node = Node(settings(tmp_path, Role.CLIENT), shared)
    methods = PouwMethods(node)
    entries: Any = methods.list_tasks()
    task = entries[0]
    yield {
        "pouw_listTasks": [task],
        "pouw_getTask": {**task, "state": tasks.FINISHED},
        "pouw_getModel": await methods.get_model(task["id"]),
        "pouw_submitTask": {"task_id": "0x7a"},
    }
    await node.close()


def network(answers: Mapping[str, Any], *, agreeing: int, silent: int = 0, **changes: Any) -> Site:
    """Return a site in which some nodes hold the model's block, some do not answer, and the others hold another one."""
    block = answers["pouw_getModel"]["proof"]["block_hash"]
    blocks = {name: block if number < agreeing else "0xother" for number, name in enumerate(NODES)}
    return Site(answers={**answers, **changes}, blocks=dict(list(blocks.items())[: len(NODES) - silent]))


def client(site: Site) -> Client:
    nodes = [
        NodeView(site="local", slot="blue", name=name, role="miner", ready=True, height=3, head="0x", peers=3)
        for name in NODES
    ]
    return Client(nodes, site, measure_accuracy=lambda model, _: model.hidden / 100)


def fetch(site: Site) -> tasks.FetchedModel:
    return client(site).fetch("0x7a", SilentProgress())


def test_a_task_is_submitted_with_the_token_of_its_nodes_slot(answers: dict[str, Any]) -> None:
    site = network(answers, agreeing=4)
    assert client(site).submit("digits") == "0x7a"
    assert site.calls == [("node-0", "pouw_submitTask", "pouw-blue-keys/admin.token")]


def test_tasks_are_read_without_a_token(answers: dict[str, Any]) -> None:
    site = network(answers, agreeing=4)
    assert client(site).tasks() == answers["pouw_listTasks"]
    assert client(site).task("0x7a") == answers["pouw_getTask"]
    assert {token for _, _, token in site.calls} == {None}


def test_a_model_that_most_nodes_confirm_is_fetched(answers: dict[str, Any]) -> None:
    answer = answers["pouw_getModel"]
    model = fetch(network(answers, agreeing=3, silent=1))
    assert model.data == base64.b64decode(answer["model"])
    assert (model.hash, model.height) == (answer["model_hash"], answer["proof"]["height"])
    assert model.nodes_agreeing == 3
    assert model.accuracy == models.decode(model.data).hidden / 100


@pytest.mark.parametrize(("agreeing", "silent"), [(2, 0), (2, 2), (1, 0), (0, 4)])
def test_a_model_that_half_of_the_nodes_confirm_is_refused(answers: dict[str, Any], agreeing: int, silent: int) -> None:
    with pytest.raises(TaskError, match=f"got {agreeing} of 4 nodes hold block 3; expected more than half"):
        fetch(network(answers, agreeing=agreeing, silent=silent))


def test_a_model_without_a_valid_proof_is_refused(answers: dict[str, Any]) -> None:
    model = base64.b64encode(models.encode(models.initial_model(77, 32))).decode()
    with pytest.raises(TaskError, match="not the one that the chain names"):
        fetch(network(answers, agreeing=4, pouw_getModel={**answers["pouw_getModel"], "model": model}))


def test_a_task_that_is_not_finished_has_no_model(answers: dict[str, Any]) -> None:
    site = network(answers, agreeing=4, pouw_getTask={**answers["pouw_getTask"], "state": "training"})
    with pytest.raises(TaskError, match="has no model yet; got training; expected finished"):
        fetch(site)


def test_a_model_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    tasks.write_model(tmp_path / "digits.model", b"model")
    assert (tmp_path / "digits.model").read_bytes() == b"model"
    with pytest.raises(TaskError, match="cannot be written"):
        tasks.write_model(tmp_path, b"model")
