"""Calls to nodes: one connection per pod, connect again once it is lost, and the errors of silent nodes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.settings.loader import parse
from infra.settings.stack import Settings
from pouw import files
from pouw.errors import ClusterError
from pouw.home import Home
from pouw.kube.client import Client
from pouw.kube.endpoint import Endpoint
from pouw.network import tasks
from pouw.network.agreement import LiveNetwork
from pouw.network.endpoints import of_site
from pouw.network.nodes import Connections, NodeError, SiteConnection
from pouw.network.sites import embedded_kubeconfig
from pouw.network.tasks import TaskError
from tests.kube.pods import ApiServer, serving
from tests.kube.server import Answer, Requests, answering

ServerAndConnection = tuple[ApiServer, SiteConnection]
Connect = Callable[..., ServerAndConnection]


def echo(headers: dict[str, str], request: dict[str, Any]) -> bytes:
    """Return the request's parameters and its credentials."""
    result = {"params": request["params"], "token": headers.get("Authorization", "")}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return a function that starts an API server and connects to it."""
    with ExitStack() as stack:

        def make(handler: Any = echo, **options: Any) -> ServerAndConnection:
            server = stack.enter_context(serving(ApiServer(handler=handler, **options)))
            client = Client(Endpoint(url=server.host))
            return server, stack.enter_context(SiteConnection("local", client))

        yield make


def test_calls_to_a_pod_share_one_connection(connect: Connect) -> None:
    server, connection = connect()
    for number in range(3):
        assert connection.rpc("node-0", "m", [number])["params"] == [number]
    assert server.queries == ["/api/v1/namespaces/pouw-system/pods/node-0/portforward?ports=8545"]


def test_a_large_answer_arrives_complete(connect: Connect) -> None:
    _, connection = connect()
    assert len(connection.rpc("node-0", "m", ["x" * 70_000])["params"][0]) == 70_000


def test_a_token_is_sent_with_its_own_call_only(connect: Connect) -> None:
    _, connection = connect()
    assert connection.rpc("node-0", "m", token="t")["token"] == "Bearer t"
    assert connection.rpc("node-0", "m")["token"] == ""


def test_a_read_reopens_a_lost_connection(connect: Connect) -> None:
    server, connection = connect(calls_per_connection=1)
    for _ in range(3):
        assert connection.rpc("node-0", "m")["params"] == []
    assert server.connections == 3


def test_a_write_over_a_lost_connection_is_not_repeated(connect: Connect) -> None:
    _, connection = connect(calls_per_connection=1)
    connection.rpc("node-0", "m")
    with pytest.raises(NodeError, match="node-0: no answer"):
        connection.rpc("node-0", "m", token="t")
    assert connection.rpc("node-0", "m", token="t")["token"] == "Bearer t"


def test_threads_share_the_connection_to_a_pod(connect: Connect) -> None:
    server, connection = connect()
    with ThreadPoolExecutor(8) as workers:
        answers = list(workers.map(lambda number: connection.rpc("node-0", "m", [number])["params"], range(40)))
    assert answers == [[number] for number in range(40)]
    assert server.connections == 1


def test_a_refusal_of_the_api_server_is_reported_with_its_status(connect: Connect) -> None:
    _, connection = connect(status=403)
    with pytest.raises(NodeError, match="node-0: refused by the API server; got 403 Forbidden"):
        connection.rpc("node-0", "m")


def test_a_refusal_of_the_pod_is_reported_in_the_kubelets_words(connect: Connect) -> None:
    _, connection = connect(trouble="dial tcp4 127.0.0.1:8545: connect: connection refused")
    with pytest.raises(NodeError, match="connection refused"):
        connection.rpc("node-0", "m")


def test_an_error_answer_is_a_node_error(connect: Connect) -> None:
    def refuse(*_: object) -> bytes:
        return b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32001, "message": "not allowed"}}'

    _, connection = connect(refuse)
    with pytest.raises(NodeError, match="node-0: m: not allowed; got -32001"):
        connection.rpc("node-0", "m")


def test_an_answer_that_is_not_json_is_reported(connect: Connect) -> None:
    _, connection = connect(lambda *_: b"<html>")
    with pytest.raises(NodeError, match="not JSON"):
        connection.rpc("node-0", "m")


def test_an_api_server_that_is_not_running_is_reported_at_once() -> None:
    with (
        SiteConnection("local", Client(Endpoint(url="http://127.0.0.1:1"))) as connection,
        pytest.raises(NodeError, match="Connection refused"),
    ):
        connection.rpc("node-0", "m")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A stack of one site whose API server gives prepared answers, and the home with its kubeconfig."""

    settings: Settings
    home: Home
    requests: Requests

    def paths(self) -> list[str]:
        """Return the paths of the requests, without their queries."""
        return [path.partition("?")[0] for _, path, _, _ in self.requests.received]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Start an API server that answers with the given documents, one after the other."""
    with ExitStack() as stack:

        def make(*answers: Answer) -> Cluster:
            requests = stack.enter_context(answering(*answers))
            home = Home(state=tmp_path, cache=tmp_path, environment={})
            entry = {"name": "local", "cluster": {"server": requests.url}, "user": {"token": "t"}}
            context = {"name": "local", "context": {"cluster": "local", "user": "local"}}
            document = {
                "apiVersion": "v1", "kind": "Config", "current-context": "local",
                "clusters": [entry], "users": [entry], "contexts": [context],
            }  # fmt: skip
            files.write_private(embedded_kubeconfig(home), json.dumps(document))
            settings = parse({"environment": "local", "sites": [{"name": "local", "cloud": "kubernetes"}]})
            return Cluster(settings=settings, home=home, requests=requests)

        yield make


def test_pods_services_and_machines_are_read_from_the_api_server(cluster: Callable[..., Cluster]) -> None:
    items = [{"metadata": {"name": "a"}}]
    site = cluster(
        Answer(document={"items": items}),
        Answer(document={"spec": {}}),
        Answer(status=404, document={"reason": "NotFound"}),
        Answer(document={"items": items}),
        Answer(document={"gitVersion": "v1.37.2"}),
    )
    with Connections(site.settings, site.home) as connections:
        connection = connections.to("local")
        assert connections.to("local") is connection
        assert connection.pods({"app": "pouw", "role": "x"}) == items
        assert connection.service("pouw-balancer") == {"spec": {}}
        assert connection.service("missing") is None
        assert connection.machines() == items
        assert connection.version() == "v1.37.2"
    namespace = "/api/v1/namespaces/pouw-system"
    assert site.paths() == [
        f"{namespace}/pods", f"{namespace}/services/pouw-balancer", f"{namespace}/services/missing", "/api/v1/nodes",
        "/version",
    ]  # fmt: skip
    assert "app%3Dpouw%2Crole%3Dx" in site.requests.received[0][1]


def test_a_value_of_a_secret_is_decoded_and_a_missing_key_is_a_fault(cluster: Callable[..., Cluster]) -> None:
    secret = {"data": {"admin.token": base64.b64encode(b"t0ken").decode()}}
    site = cluster(Answer(document=secret), Answer(document=secret), Answer(status=404, document={}))
    with Connections(site.settings, site.home) as connections:
        connection = connections.to("local")
        assert connection.secret_value("pouw-blue-keys", "admin.token") == "t0ken"
        for key in ("other", "admin.token"):
            with pytest.raises(ClusterError, match=f"pouw-system/pouw-blue-keys: has no key {key}"):
                connection.secret_value("pouw-blue-keys", key)


def test_the_addresses_of_a_site_are_read_from_its_cluster(cluster: Callable[..., Cluster]) -> None:
    service = {"spec": {"type": "NodePort", "ports": [{"name": "rpc", "port": 8545, "nodePort": 30545}]}}
    site = cluster(Answer(document=service), Answer(document={"items": []}))
    with Connections(site.settings, site.home) as connections:
        addresses = of_site(site.settings.sites[0], connections)
    assert addresses.to_json() == {"rpc": "http://127.0.0.1:30545", "ws": "", "metrics": ""}


def test_a_live_network_is_observed_through_its_clusters(cluster: Callable[..., Cluster]) -> None:
    pod = {"metadata": {"name": "node-0"}, "status": {"phase": "Pending"}}
    site = cluster(Answer(document={"items": [pod]}), Answer(status=404, document={}))
    with Connections(site.settings, site.home) as connections:
        views = LiveNetwork(site.settings, connections).views()
    assert [(node.name, node.site, node.answering) for node in views] == [("node-0", "local", False)]


def test_a_network_without_a_ready_node_has_no_client(cluster: Callable[..., Cluster]) -> None:
    pod = {"metadata": {"name": "node-0"}, "status": {"phase": "Pending"}}
    site = cluster(Answer(document={"items": [pod]}), Answer(status=404, document={}), Answer(status=403, document={}))
    with Connections(site.settings, site.home) as connections:
        with pytest.raises(TaskError, match="no node answers; got no ready node; expected at least one"):
            tasks.client(site.settings, connections, home=site.home)
        with pytest.raises(TaskError, match=r"no node answers; got .*403"):
            tasks.client(site.settings, connections, home=site.home)
