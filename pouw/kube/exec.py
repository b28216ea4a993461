"""Commands in a running container, through the API server's ``exec`` subresource."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pouw.kube.channels import Channels
from pouw.kube.endpoint import Endpoint
from pouw.kube.errors import ApiError, UnreachableError, from_status
from pouw.kube.policy import RequestPolicy

_OUTPUT, _ERRORS, _STATUS = 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class Completed:
    """Result of a command."""

    exit_code: int
    output: bytes
    errors: bytes


def run(
    endpoint: Endpoint,
    namespace: str,
    pod: str,
    command: Sequence[str],
    *,
    container: str = "",
    timeout_seconds: float = 60.0,
    policy: RequestPolicy,
) -> Completed:
    """Run a command to its end. ``container`` is needed for a pod that has several.

    Raises:
        ApiError: the API server refuses, or the container has no such program.
        UnreachableError: the connection is lost, or the command does not end in time.
    """
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec"
    query = [("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command)]
    if container:
        query.append(("container", container))
    streams = {_OUTPUT: bytearray(), _ERRORS: bytearray(), _STATUS: bytearray()}
    deadline = time.monotonic() + timeout_seconds
    channels = Channels(endpoint, path, query, policy=policy)
    try:
        while (frame := channels.receive()) is not None:
            channel, content = frame
            if channel in streams:
                streams[channel] += content
            if time.monotonic() > deadline:
                raise UnreachableError(pod, f"the command did not end within {timeout_seconds:.0f} s")
    finally:
        channels.close()
    return Completed(
        exit_code=_exit_code(bytes(streams[_STATUS]), path),
        output=bytes(streams[_OUTPUT]),
        errors=bytes(streams[_ERRORS]),
    )


def _exit_code(status: bytes, path: str) -> int:
    """Return the exit code that the last frame of the status channel holds."""
    try:
        document = json.loads(status)
    except ValueError:
        raise UnreachableError(path, "the connection ended before the command") from None
    if document.get("status") == "Success":
        return 0
    for entry in (document.get("details") or {}).get("causes") or []:
        if entry.get("reason") == "ExitCode":
            return int(entry["message"])
    error: ApiError = from_status(document, path)
    raise error
