"""Calls into pods: one connection a pod, opened again when it has gone, and what is told when nobody answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from kubernetes import client

from pouw.kube.access import Connection, NodeError
from tests.kube.pods import ApiServer, serving

Opened = tuple[ApiServer, Connection]
Open = Callable[..., Opened]


def echo(headers: dict[str, str], request: dict[str, Any]) -> bytes:
    """The request's parameters, and the credentials it came with."""
    result = {"params": request["params"], "token": headers.get("Authorization", "")}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


@pytest.fixture
def opened() -> Iterator[Open]:
    """Starts an API server and opens a connection to it."""
    with ExitStack() as ending:

        def make(handler: Any = echo, **how: Any) -> Opened:
            server = ending.enter_context(serving(ApiServer(handler=handler, **how)))
            configuration = client.Configuration(host=server.host)
            configuration.proxy = None
            return server, ending.enter_context(Connection("local", client.ApiClient(configuration)))

        yield make


def test_calls_to_a_pod_share_one_connection(opened: Open) -> None:
    server, connection = opened()
    for number in range(3):
        assert connection.rpc("node-0", "m", [number])["params"] == [number]
    assert server.queries == ["/api/v1/namespaces/pouw-system/pods/node-0/portforward?ports=8545"]


def test_a_large_answer_comes_whole(opened: Open) -> None:
    _, connection = opened()
    assert len(connection.rpc("node-0", "m", ["x" * 70_000])["params"][0]) == 70_000


def test_a_token_goes_with_its_call_alone(opened: Open) -> None:
    _, connection = opened()
    assert connection.rpc("node-0", "m", token="t")["token"] == "Bearer t"
    assert connection.rpc("node-0", "m")["token"] == ""


def test_a_connection_that_has_gone_is_opened_again_to_read(opened: Open) -> None:
    server, connection = opened(calls_a_connection=1)
    for _ in range(3):
        assert connection.rpc("node-0", "m")["params"] == []
    assert server.opened == 3


def test_a_write_over_a_connection_that_has_gone_is_not_sent_twice(opened: Open) -> None:
    _, connection = opened(calls_a_connection=1)
    connection.rpc("node-0", "m")
    with pytest.raises(NodeError, match="node-0: no answer"):
        connection.rpc("node-0", "m", token="t")
    assert connection.rpc("node-0", "m", token="t")["token"] == "Bearer t"


def test_threads_may_ask_one_pod_at_once(opened: Open) -> None:
    server, connection = opened()
    with ThreadPoolExecutor(8) as workers:
        found = list(workers.map(lambda number: connection.rpc("node-0", "m", [number])["params"], range(40)))
    assert found == [[number] for number in range(40)]
    assert server.opened == 1


def test_a_refusal_of_the_api_server_is_told_with_its_status(opened: Open) -> None:
    _, connection = opened(status=403)
    with pytest.raises(NodeError, match="node-0/portforward: refused by the API server; got 403 Forbidden"):
        connection.rpc("node-0", "m")


def test_what_the_pod_refuses_is_told_in_the_kubelets_words(opened: Open) -> None:
    _, connection = opened(trouble="dial tcp4 127.0.0.1:8545: connect: connection refused")
    with pytest.raises(NodeError, match="connection refused"):
        connection.rpc("node-0", "m")


def test_an_error_answer_is_one(opened: Open) -> None:
    def refuse(*_: object) -> bytes:
        return b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32001, "message": "not allowed"}}'

    _, connection = opened(refuse)
    with pytest.raises(NodeError, match="node-0: m: not allowed; got -32001"):
        connection.rpc("node-0", "m")


def test_an_answer_that_is_no_json_is_told(opened: Open) -> None:
    _, connection = opened(lambda *_: b"<html>")
    with pytest.raises(NodeError, match="not JSON"):
        connection.rpc("node-0", "m")


def test_an_api_server_that_is_gone_is_told_at_once() -> None:
    configuration = client.Configuration(host="http://127.0.0.1:1")
    configuration.proxy = None
    with (
        Connection("local", client.ApiClient(configuration)) as connection,
        pytest.raises(NodeError, match="Connection refused"),
    ):
        connection.rpc("node-0", "m")
