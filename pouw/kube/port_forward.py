"""HTTP to a port inside a pod, through the API server's ``portforward`` subresource.

The ``proxy`` subresource connects over the network instead, where a default-deny policy blocks it.
"""

from __future__ import annotations

import http.client
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pouw.kube.channels import Channels
from pouw.kube.endpoint import Endpoint
from pouw.kube.errors import UnreachableError, cause
from pouw.kube.policy import RequestPolicy

_DATA, _ERROR = 0, 1
"""Channels of the first port. The first frame of each repeats the port's number."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Answer of a pod's HTTP server."""

    status: int
    body: bytes


class PortForward:
    """One open connection to a port of a pod. Not for several threads at once."""

    def __init__(self, endpoint: Endpoint, namespace: str, pod: str, port: int, *, policy: RequestPolicy) -> None:
        """Open the connection.

        Raises:
            ApiError: the API server refuses.
            UnreachableError: the API server does not answer.
        """
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward"
        self._pod = pod
        self._channels = Channels(endpoint, path, [("ports", str(port))], policy=policy)
        self._http = http.client.HTTPConnection("pod")
        self._http.sock = _Socket(self._channels)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer to one request.

        Raises:
            UnreachableError: no complete answer arrived. The connection cannot be used again.
        """
        try:
            self._http.request("POST", path, body, dict(headers))
            response = self._http.getresponse()
            return Answer(status=response.status, body=response.read())
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(self._pod, cause(error)) from error

    def close(self) -> None:
        """Close the connection."""
        self._channels.close()


class _Socket:
    """The data channel with those methods of a socket that ``http.client`` uses."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._begun: set[int] = set()

    def sendall(self, data: bytes) -> None:
        self._channels.send(_DATA, data)

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        self._channels.close()

    def receive(self) -> bytes:
        """Return the next bytes from the pod; none once the pod has closed the connection."""
        while (frame := self._channels.receive()) is not None:
            channel, content = frame
            if channel not in self._begun:
                self._begun.add(channel)
            elif channel == _ERROR:
                raise ConnectionError(content.decode(errors="replace").strip())
            elif content:
                return content
        return b""


class _Reader(io.RawIOBase):
    """The bytes of one response as a file. Its end leaves the connection open."""

    def __init__(self, raw_socket: _Socket) -> None:
        self._socket, self._pending = raw_socket, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._pending:
            self._pending = self._socket.receive()
        count = min(len(buffer), len(self._pending))
        buffer[:count], self._pending = self._pending[:count], self._pending[count:]
        return count
