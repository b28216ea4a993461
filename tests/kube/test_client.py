"""Requests to an API server: errors, retries, connections that are kept, and watches."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pouw import poll
from pouw.errors import ExitCode
from pouw.kube.client import APPLY, Client
from pouw.kube.endpoint import Endpoint
from pouw.kube.errors import ApiError, UnreachableError
from pouw.kube.policy import RequestPolicy
from tests.kube.server import Answer, Requests, answering

REFUSAL = {
    "kind": "Status",
    "reason": "Conflict",
    "message": "two owners",
    "details": {"causes": [{"field": ".spec.replicas", "message": "owned by scaler"}]},
}
PATIENT = RequestPolicy(retry_seconds=30.0)


class FakeClock:
    """A clock that a sleep moves forward."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def clock(self) -> poll.Clock:
        return poll.Clock(now=lambda: sum(self.pauses), sleep=self.pauses.append)


@contextmanager
def connected(
    *answers: Answer, policy: RequestPolicy | None = None, clock: poll.Clock = poll.SYSTEM
) -> Iterator[tuple[Requests, Client]]:
    with answering(*answers) as requests:
        client = Client(Endpoint(url=requests.url), policy=policy or RequestPolicy(), agent="tester", clock=clock)
        yield requests, client
        client.close()


def test_a_refusal_carries_status_reason_message_and_causes() -> None:
    with connected(Answer(status=409, document=REFUSAL)) as (_, client), pytest.raises(ApiError) as failure:
        client.get("/api/v1/pods")
    error = failure.value
    assert (error.status, error.reason, error.message) == (409, "Conflict", "two owners")
    assert error.causes == (".spec.replicas: owned by scaler",)
    assert str(error) == "/api/v1/pods: refused by the API server; got 409 Conflict: two owners"
    assert error.code is ExitCode.CLUSTER


def test_a_refusal_that_is_not_json_is_reported_as_text() -> None:
    text = Answer(status=403, document=b"forbidden here")
    with connected(text) as (_, client), pytest.raises(ApiError, match="403 Forbidden: forbidden here"):
        client.get("/version")


def test_an_answer_that_is_not_an_object_is_not_an_api_servers() -> None:
    with connected(Answer(document=b"<html>")) as (_, client), pytest.raises(UnreachableError, match="API server"):
        client.get("/version")


def test_find_returns_none_for_a_missing_object_only() -> None:
    with connected(Answer(status=404), Answer(status=403)) as (_, client):
        assert client.find("/api/v1/nodes/a") is None
        with pytest.raises(ApiError):
            client.find("/api/v1/nodes/a")


def test_an_apply_takes_fields_over_under_the_clients_name() -> None:
    with connected(Answer(document={"kind": "Pod"})) as (requests, client):
        assert client.apply("/api/v1/namespaces/n/pods/p", {"kind": "Pod"}) == {"kind": "Pod"}
    [(method, path, headers, body)] = requests.received
    assert (method, path) == ("PATCH", "/api/v1/namespaces/n/pods/p?fieldManager=tester&force=true")
    assert headers["Content-Type"] == APPLY
    assert body == {"kind": "Pod"}


def test_requests_share_a_connection() -> None:
    with connected(Answer(), Answer(), Answer()) as (requests, client):
        for _ in range(3):
            client.get("/version")
    assert len(requests.connections) == 1


def test_a_kept_connection_that_the_server_closed_is_replaced() -> None:
    with connected(Answer(), Answer(drop=True), Answer(document={"n": 1})) as (requests, client):
        client.get("/version")
        assert client.get("/version") == {"n": 1}
    assert len(requests.connections) == 2


def test_a_new_connection_without_an_answer_is_reported_at_once() -> None:
    with connected(Answer(drop=True)) as (_, client), pytest.raises(UnreachableError):
        client.get("/version")


def test_overload_is_repeated_after_the_pause_that_the_server_names() -> None:
    time = FakeClock()
    overloaded = Answer(status=429, headers={"Retry-After": "3"})
    with connected(overloaded, overloaded, Answer(), policy=PATIENT, clock=time.clock()) as (requests, client):
        client.get("/version")
    assert len(requests.received) == 3
    assert time.pauses == [3.0, 3.0]


def test_repetition_ends_at_its_limit_with_the_last_failure() -> None:
    time = FakeClock()
    endless = [Answer(status=503, document={"message": f"busy {number}"}) for number in range(100)]
    with connected(*endless, policy=PATIENT, clock=time.clock()) as (requests, client):
        with pytest.raises(ApiError) as failure:
            client.get("/version")
        assert failure.value.message == f"busy {len(requests.received) - 1}"
    assert sum(time.pauses) == pytest.approx(30.0)
    assert time.pauses[:5] == [0.2, 0.4, 0.8, 1.6, 3.2]
    assert max(time.pauses) == 5.0


def test_a_refusal_is_not_repeated() -> None:
    with connected(Answer(status=403), policy=PATIENT) as (requests, client), pytest.raises(ApiError):
        client.get("/version")
    assert len(requests.received) == 1


def test_headers_are_asked_for_anew_with_each_request() -> None:
    tokens = iter(["first", "second"])
    with answering(Answer(), Answer()) as requests:
        client = Client(Endpoint(url=requests.url, headers=lambda: {"Authorization": next(tokens)}))
        client.get("/version")
        client.get("/version")
        client.close()
    assert [headers["Authorization"] for _, _, headers, _ in requests.received] == ["first", "second"]


def test_a_watch_yields_events_until_the_server_ends_it() -> None:
    events = tuple({"type": kind, "object": {"kind": "Pod"}} for kind in ("ADDED", "DELETED"))
    with connected(Answer(lines=events)) as (requests, client):
        watch = client.watch("/api/v1/pods", {"resourceVersion": "7"}, seconds=9)
        assert [event.type for event in watch] == ["ADDED", "DELETED"]
    assert "resourceVersion=7" in requests.received[0][1]
    assert "timeoutSeconds=9" in requests.received[0][1]


@pytest.mark.parametrize("answer", [Answer(status=410), Answer(lines=({"type": "ERROR", "object": {"code": 410}},))])
def test_a_watch_of_an_expired_version_asks_for_a_new_list(answer: Answer) -> None:
    with connected(answer) as (_, client), pytest.raises(ApiError) as failure:
        list(client.watch("/api/v1/pods", {"resourceVersion": "1"}, seconds=9))
    assert failure.value.expired


def test_a_watch_ends_at_once_when_another_thread_stops_it() -> None:
    event = {"type": "ADDED", "object": {}}
    with connected(Answer(lines=(event,), hold=True)) as (_, client):
        watch = client.watch("/api/v1/pods", {}, seconds=9)
        events = iter(watch)
        assert next(events).type == "ADDED"
        threading.Timer(0.05, watch.stop).start()
        assert list(events) == []


def test_a_server_that_is_not_running_is_unreachable() -> None:
    client = Client(Endpoint(url="http://127.0.0.1:1"))
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:1: .*got Connection refused"):
        client.get("/version")


def test_the_client_imports_neither_the_official_package_nor_yaml() -> None:
    code = (
        "import sys, pouw.cluster.storage, pouw.cluster.supervisor, pouw.network.nodes, pouw.kube.client\n"
        "print(*sorted({'kubernetes', 'urllib3', 'requests', 'websocket'} & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == ""
