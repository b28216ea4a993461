"""Interface to clients: JSON-RPC, health, readiness, metrics, subscriptions."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from node import model, modelproof
from node.errors import EncodingError, InvalidError
from node.rpc.server import RateLimit, RpcServer
from node.service import Node
from node.settings import Role
from tests.node.lab import bench
from tests.node.live import live_rules, settings

TOKEN = "a-token-of-this-test"
_BLOCKS = 3


@dataclass(frozen=True, kw_only=True)
class Door:
    """A node with blocks, behind its two servers."""

    node: Node
    http: TestClient[Any, Any]
    sockets: TestClient[Any, Any]

    async def send(self, body: object, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.post("/", data=data, headers=headers) as answer:
            text = await answer.text()
            return json.loads(text) if text else None

    async def call(self, method: str, *params: object, token: str = "") -> Any:
        return await self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, token)

    async def result(self, method: str, *params: object, token: str = "") -> Any:
        answer = await self.call(method, *params, token=token)
        assert "error" not in answer, answer
        return answer["result"]

    async def code(self, method: str, *params: object, token: str = "") -> int:
        return int((await self.call(method, *params, token=token))["error"]["code"])


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    shared = live_rules()
    past = bench(tmp_path, shared_rules=shared)
    past.extend(_BLOCKS)
    past.store.close()
    node = Node(settings(tmp_path, Role.CLIENT), shared)
    server = RpcServer(node, TOKEN)
    async with TestClient(TestServer(server.http())) as http, TestClient(TestServer(server.websocket())) as sockets:
        yield Door(node=node, http=http, sockets=sockets)
    await node.close()


async def test_status_says_who_and_where_the_node_is(door: Door) -> None:
    status = await door.result("pouw_status")
    assert status["height"] == status["best_known_height"] == _BLOCKS
    assert status["role"] == "client"
    assert status["ready"] is True
    assert status["node_id"] == "0x" + door.node.key.public.hex()
    keys = {"name", "site", "slot", "version", "head", "peers", "syncing", "address", "uptime_s", "draining"}
    assert keys <= status.keys()


async def test_ethereum_names_are_answered_from_the_chain(door: Door) -> None:
    assert await door.result("eth_chainId") == "0x539"
    assert await door.result("net_version") == "1337"
    assert await door.result("eth_blockNumber") == hex(_BLOCKS)
    assert await door.result("eth_syncing") is False
    assert await door.result("net_peerCount") == "0x0"
    assert await door.result("net_listening") is True
    assert (await door.result("web3_clientVersion")).startswith("pouw-node/")
    block = await door.result("eth_getBlockByNumber", "latest", False)
    assert block["number"] == hex(_BLOCKS)
    assert await door.result("eth_getBlockByHash", block["hash"], True) == block
    assert int(await door.result("eth_getBalance", block["miner"], "latest"), 16) > 0
    assert await door.result("eth_getTransactionCount", block["miner"], "latest") == "0x0"
    assert await door.result("eth_getBlockByNumber", "0xffffff") is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b"1", -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "pouw_status"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": 5}, -32600),
        ({"jsonrpc": "2.0", "id": [], "method": "pouw_status"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "pouw_status", "params": 5}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "no_such"}, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "pouw_status", "params": [1]}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "pouw_getTask", "params": {"wrong": 1}}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "pouw_getTask", "params": ["0x12"]}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["first"]}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "pouw_getTask", "params": ["0x" + "00" * 32]}, -32004),
        ({"jsonrpc": "2.0", "id": 1, "method": "pouw_sendTransaction", "params": ["0x00"]}, -32602),
    ],
)
async def test_errors_have_the_numbers_of_the_standard(door: Door, body: object, code: int) -> None:
    assert (await door.send(body))["error"]["code"] == code


async def test_a_batch_is_answered_in_order_without_its_notifications(door: Door) -> None:
    call = {"jsonrpc": "2.0", "method": "eth_blockNumber"}
    answers = await door.send([{**call, "id": 1}, call, {"x": 1}, {**call, "id": "b"}])
    assert [answer["id"] for answer in answers] == [1, None, "b"]
    assert await door.send([call]) is None
    assert await door.send(call) is None


async def test_a_batch_over_its_limit_is_refused_whole(door: Door) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber"}
    assert (await door.send([call] * 101))["error"]["code"] == -32600


async def test_a_body_over_its_limit_is_refused(door: Door) -> None:
    async with door.http.post("/", data=io.BytesIO(b" " * (1024 * 1024 + 1))) as answer:
        assert answer.status == 413


async def test_writing_needs_the_token(door: Door) -> None:
    for method, params in (("pouw_submitTask", [{"name": "digits"}]), ("pouw_setLogLevel", ["info"])):
        assert await door.code(method, *params) == -32001
        assert await door.code(method, *params, token="wrong") == -32001


async def test_a_task_is_submitted_with_the_token_and_listed(door: Door) -> None:
    answer = await door.result("pouw_submitTask", {"name": "digits", "iterations": 50}, token=TOKEN)
    task = await door.result("pouw_getTask", answer["task_id"])
    assert (task["state"], task["name"], task["iterations"]) == ("waiting", "digits", 50)
    tasks = await door.result("pouw_listTasks")
    assert [item["filler"] for item in tasks] == [True]


@pytest.mark.parametrize(
    "task",
    [
        {"name": "cats"},
        {},
        5,
        {"name": "digits", "iterations": 0},
        {"name": "digits", "colour": 1},
        {"name": "digits", "hidden": 4096},
        {"name": "digits", "target_accuracy": 2},
        {"name": "digits", "seed": -1},
    ],
)
async def test_a_task_out_of_bounds_is_refused(door: Door, task: object) -> None:
    assert await door.code("pouw_submitTask", task, token=TOKEN) == -32602


async def test_a_reward_that_the_node_does_not_have_is_refused(door: Door) -> None:
    assert await door.code("pouw_submitTask", {"name": "digits", "reward": 10**12}, token=TOKEN) == -32000


async def test_a_model_is_proven_to_the_client_who_can_score_it(door: Door) -> None:
    task = (await door.result("pouw_listTasks"))[0]
    proven = modelproof.check(await door.result("pouw_getModel", task["id"]))
    head = await door.result("eth_getBlockByNumber", hex(proven.height))
    assert "0x" + proven.block_hash.hex() == head["hash"]
    assert 0.0 <= model.accuracy(proven.model) <= 1.0


async def test_a_model_or_proof_that_was_changed_is_refused(door: Door) -> None:
    task = (await door.result("pouw_listTasks"))[0]
    answer = await door.result("pouw_getModel", task["id"])
    foreign_model = model.encode(model.initial_model(77, 32))
    with pytest.raises(InvalidError, match="model_hash"):
        modelproof.check({**answer, "model": base64.b64encode(foreign_model).decode()})
    proof = answer["proof"]
    with pytest.raises(InvalidError, match="state_proof"):
        modelproof.check({**answer, "proof": {**proof, "siblings": proof["siblings"][::-1]}})
    with pytest.raises(EncodingError):
        modelproof.check({"proof": {}})


async def test_health_and_readiness_are_two_things(door: Door) -> None:
    async with door.http.get("/health") as answer:
        assert (answer.status, (await answer.json())["status"]) == (200, "ok")
    async with door.http.get("/ready") as answer:
        assert answer.status == 200
    door.node.draining = True
    async with door.http.get("/ready") as answer:
        assert answer.status == 503
        assert (await answer.json())["reasons"] == ["draining"]
    async with door.http.get("/health") as answer:
        assert answer.status == 200


async def test_metrics_carry_the_shared_names(door: Door) -> None:
    await door.result("eth_blockNumber")
    async with door.http.get("/metrics") as answer:
        text = await answer.text()
    names = (
        "pouw_chain_height pouw_chain_best_known_height pouw_peers pouw_peer_limit pouw_sync_lag_blocks "
        "pouw_work_iterations_total pouw_work_iteration_seconds_bucket pouw_work_loss pouw_work_accuracy "
        "pouw_blocks_mined_total pouw_mempool_transactions pouw_tasks pouw_rpc_requests_total "
        "pouw_rpc_request_seconds_bucket pouw_build_info"
    )
    assert [name for name in names.split() if f"\n{name}" not in text] == []
    assert 'pouw_rpc_requests_total{code="ok",method="eth_blockNumber"} 1.0' in text


async def test_every_method_is_in_the_document(door: Door) -> None:
    document = await door.result("rpc_discover")
    names = {method["name"] for method in document["methods"]}
    assert {"pouw_status", "pouw_peers", "pouw_submitTask", "eth_blockNumber", "rpc_discover"} <= names


async def test_a_subscriber_hears_of_new_heads(door: Door, tmp_path: Path) -> None:
    ahead = bench(tmp_path / "ahead", shared_rules=door.node.rules)
    for header in door.node.blocks.headers(1, _BLOCKS):
        body = door.node.blocks.block(header.hash)
        assert body is not None
        ahead.clock[0] = max(ahead.clock[0], header.time_ms)
        ahead.add(body)
    async with door.sockets.ws_connect("/") as socket:
        await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
        subscription = (await socket.receive_json())["result"]
        await door.node.add_block(ahead.mine_block())
        notice = await socket.receive_json()
        assert notice["params"]["subscription"] == subscription
        assert notice["params"]["result"]["number"] == hex(_BLOCKS + 1)
        await socket.send_json({"jsonrpc": "2.0", "id": 2, "method": "eth_unsubscribe", "params": [subscription]})
        assert (await socket.receive_json())["result"] is True
        await socket.send_json({"jsonrpc": "2.0", "id": 3, "method": "eth_blockNumber"})
        assert (await socket.receive_json())["result"] == hex(_BLOCKS + 1)


def test_a_client_over_its_rate_waits_for_the_next_second() -> None:
    limit = RateLimit(10)
    assert sum(limit.spend("a", 0.0) for _ in range(50)) == 20
    assert limit.spend("b", 0.0)
    assert sum(limit.spend("a", 1.0) for _ in range(50)) == 10
