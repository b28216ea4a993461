"""Calls to nodes: one connection per pod, opened again once it is lost, and the errors of silent nodes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from pouw.kube.client import Client
from pouw.kube.endpoint import Endpoint
from pouw.network.nodes import NodeError, SiteConnection
from tests.kube.pods import ApiServer, serving

Opened = tuple[ApiServer, SiteConnection]
Open = Callable[..., Opened]


def echo(headers: dict[str, str], request: dict[str, Any]) -> bytes:
    """Return the request's parameters and its credentials."""
    result = {"params": request["params"], "token": headers.get("Authorization", "")}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


@pytest.fixture
def opened() -> Iterator[Open]:
    """Start an API server and open a connection to it."""
    with ExitStack() as stack:

        def make(handler: Any = echo, **options: Any) -> Opened:
            server = stack.enter_context(serving(ApiServer(handler=handler, **options)))
            client = Client(Endpoint(url=server.host))
            return server, stack.enter_context(SiteConnection("local", client))

        yield make


def test_calls_to_a_pod_share_one_connection(opened: Open) -> None:
    server, connection = opened()
    for number in range(3):
        assert connection.rpc("node-0", "m", [number])["params"] == [number]
    assert server.queries == ["/api/v1/namespaces/pouw-system/pods/node-0/portforward?ports=8545"]


def test_a_large_answer_arrives_complete(opened: Open) -> None:
    _, connection = opened()
    assert len(connection.rpc("node-0", "m", ["x" * 70_000])["params"][0]) == 70_000


def test_a_token_is_sent_with_its_own_call_only(opened: Open) -> None:
    _, connection = opened()
    assert connection.rpc("node-0", "m", token="t")["token"] == "Bearer t"
    assert connection.rpc("node-0", "m")["token"] == ""


def test_a_read_reopens_a_lost_connection(opened: Open) -> None:
    server, connection = opened(calls_per_connection=1)
    for _ in range(3):
        assert connection.rpc("node-0", "m")["params"] == []
    assert server.connections == 3


def test_a_write_over_a_lost_connection_is_not_repeated(opened: Open) -> None:
    _, connection = opened(calls_per_connection=1)
    connection.rpc("node-0", "m")
    with pytest.raises(NodeError, match="node-0: no answer"):
        connection.rpc("node-0", "m", token="t")
    assert connection.rpc("node-0", "m", token="t")["token"] == "Bearer t"


def test_threads_share_the_connection_to_a_pod(opened: Open) -> None:
    server, connection = opened()
    with ThreadPoolExecutor(8) as workers:
        answers = list(workers.map(lambda number: connection.rpc("node-0", "m", [number])["params"], range(40)))
    assert answers == [[number] for number in range(40)]
    assert server.connections == 1


def test_a_refusal_of_the_api_server_is_reported_with_its_status(opened: Open) -> None:
    _, connection = opened(status=403)
    with pytest.raises(NodeError, match="node-0: refused by the API server; got 403 Forbidden"):
        connection.rpc("node-0", "m")


def test_a_refusal_of_the_pod_is_reported_in_the_kubelets_words(opened: Open) -> None:
    _, connection = opened(trouble="dial tcp4 127.0.0.1:8545: connect: connection refused")
    with pytest.raises(NodeError, match="connection refused"):
        connection.rpc("node-0", "m")


def test_an_error_answer_is_a_node_error(opened: Open) -> None:
    def refuse(*_: object) -> bytes:
        return b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32001, "message": "not allowed"}}'

    _, connection = opened(refuse)
    with pytest.raises(NodeError, match="node-0: m: not allowed; got -32001"):
        connection.rpc("node-0", "m")


def test_an_answer_that_is_not_json_is_reported(opened: Open) -> None:
    _, connection = opened(lambda *_: b"<html>")
    with pytest.raises(NodeError, match="not JSON"):
        connection.rpc("node-0", "m")


def test_an_api_server_that_is_not_running_is_reported_at_once() -> None:
    with (
        SiteConnection("local", Client(Endpoint(url="http://127.0.0.1:1"))) as connection,
        pytest.raises(NodeError, match="Connection refused"),
    ):
        connection.rpc("node-0", "m")
