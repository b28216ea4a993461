"""Commands and ports of pods through an API server: output, exit codes, refusals and lost connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pouw.kube import exec as kube_exec
from pouw.kube.endpoint import Endpoint
from pouw.kube.errors import ApiError, UnreachableError
from pouw.kube.policy import RequestPolicy
from pouw.kube.port_forward import PortForward
from tests.kube.pods import ApiServer, serving

POLICY = RequestPolicy(answer_seconds=5.0)
SUCCESS = json.dumps({"status": "Success"}).encode()


def failure(*causes: dict[str, str], message: str = "command failed", code: int = 500) -> bytes:
    return json.dumps(
        {"status": "Failure", "code": code, "message": message, "details": {"causes": list(causes)}}
    ).encode()


@contextmanager
def pod(*frames: bytes, status: int = 101) -> Iterator[ApiServer]:
    """Serve a pod whose ``exec`` answers with frames, each of which begins with its channel."""
    with serving(ApiServer(handler=lambda *_: b"", frames=frames, status=status)) as server:
        yield server


def run(server: ApiServer, *command: str) -> kube_exec.Completed:
    return kube_exec.run(Endpoint(url=server.host), "pouw-system", "node-0", command, policy=POLICY)


def test_output_errors_and_success_of_a_command_are_apart() -> None:
    with pod(b"\x01one ", b"\x02warning", b"\x01two", b"\x03" + SUCCESS) as server:
        completed = run(server, "ls", "-l")
    assert completed == kube_exec.Completed(exit_code=0, output=b"one two", errors=b"warning")
    assert server.queries == [
        "/api/v1/namespaces/pouw-system/pods/node-0/exec?stdout=true&stderr=true&command=ls&command=-l"
    ]


def test_the_exit_code_of_a_failed_command_is_returned() -> None:
    with pod(b"\x03" + failure({"reason": "ExitCode", "message": "3"})) as server:
        assert run(server, "false").exit_code == 3


def test_a_program_that_does_not_exist_is_a_refusal() -> None:
    frame = b"\x03" + failure(message="executable file not found")
    with pod(frame) as server, pytest.raises(ApiError, match="executable file not found"):
        run(server, "nothing")


def test_a_connection_that_ends_before_the_command_is_reported() -> None:
    with pod(b"\x01half") as server, pytest.raises(UnreachableError, match="ended before the command"):
        run(server, "ls")


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_subresource_is_an_api_error(status: int) -> None:
    with pod(status=status) as server:
        with pytest.raises(ApiError) as refusal:
            run(server, "ls")
        with pytest.raises(ApiError):
            PortForward(Endpoint(url=server.host), "pouw-system", "node-0", 8545, policy=POLICY)
    assert refusal.value.status == status
