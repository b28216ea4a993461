"""HTTP to a port inside a pod, through the API server's ``portforward``: what ``kubectl port-forward`` uses.

The kubelet enters the pod itself, so the pod needs no route, no service and no opening in a network policy; the caller
needs ``get`` on ``pods/portforward``. (The ``proxy`` subresource connects over the network: default-deny closes it.)

The official client's ``PortForward`` pumps through a thread of its own, which dies with a traceback when the API server
does and leaves the reader waiting. Here the caller's thread asks and reads, within a time.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import websocket
from requests.utils import should_bypass_proxies

_PROTOCOL = "v4.channel.k8s.io"
_DATA, _ERROR = 0, 1
"""Channels of the first port. Each begins with a frame that repeats the port's number."""


class ForwardError(Exception):
    """The pod could not be reached, or went away. ``status`` is the API server's, 0 where it did not answer."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the pod's server said."""

    status: int
    body: bytes


class Forward:
    """One open connection into a pod. Not for use by several threads at once."""

    def __init__(self, configuration: Any, url: str, headers: Mapping[str, str], *, timeout_seconds: float) -> None:
        """``configuration`` is the official client's; ``url`` names the subresource and the port.

        Raises:
            ForwardError: it cannot be opened.
        """
        try:
            self._socket = websocket.create_connection(
                url.replace("http", "ws", 1),
                socket=_connected(configuration, urlsplit(url), timeout_seconds),
                header=[f"{name}: {value}" for name, value in headers.items()],
                subprotocols=[_PROTOCOL],
                suppress_origin=True,
            )
        except websocket.WebSocketBadStatusException as error:
            raise ForwardError(http.client.responses.get(error.status_code, "refused"), error.status_code) from error
        except (OSError, http.client.HTTPException, websocket.WebSocketException) as error:
            raise ForwardError(str(error) or type(error).__name__) from error
        self._http = http.client.HTTPConnection("pod")
        self._http.sock = _Wire(self._socket)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises: ForwardError: no whole answer came; the connection is of no use any more."""
        try:
            self._http.request("POST", path, body, dict(headers))
            response = self._http.getresponse()
            return Answer(status=response.status, body=response.read())
        except (OSError, http.client.HTTPException, websocket.WebSocketException) as error:
            raise ForwardError(str(error) or type(error).__name__) from error

    def close(self) -> None:
        """End it at once; the other side needs no farewell."""
        self._socket.shutdown()  # type: ignore[no-untyped-call]


def _connected(configuration: Any, target: SplitResult, timeout_seconds: float) -> socket.socket:
    """A socket to the API server, over the proxy that the official client would use."""
    host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
    proxy = configuration.proxy
    if proxy and not should_bypass_proxies(configuration.host, configuration.no_proxy or ""):
        via = urlsplit(proxy)
        tunnel = http.client.HTTPConnection(via.hostname or "", via.port, timeout=timeout_seconds)
        tunnel.set_tunnel(host, port, configuration.proxy_headers)
        tunnel.connect()
        made: socket.socket = tunnel.sock
    else:
        made = socket.create_connection((host, port), timeout_seconds)
    if target.scheme != "https":
        return made
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    if not configuration.verify_ssl:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    try:
        return context.wrap_socket(made, server_hostname=configuration.tls_server_name or host)
    except OSError:
        made.close()
        raise


class _Wire:
    """The data channel, in as much of a socket's words as ``http.client`` uses."""

    def __init__(self, opened: websocket.WebSocket) -> None:
        self._socket = opened
        self._begun: set[int] = set()

    def sendall(self, data: bytes) -> None:
        self._socket.send_binary(bytes([_DATA]) + data)

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        self._socket.shutdown()  # type: ignore[no-untyped-call]

    def receive(self) -> bytes:
        """The next bytes from the pod; none once it has closed the connection."""
        while True:
            opcode, frame = self._socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE or not frame:
                return b""
            channel, content = frame[0], bytes(frame[1:])
            if channel not in self._begun:
                self._begun.add(channel)
            elif channel == _ERROR:
                raise ConnectionError(content.decode(errors="replace").strip())
            elif content:
                return content


class _Incoming(io.RawIOBase):
    """What comes in, as a file. One a response: closing it leaves the connection open."""

    def __init__(self, wire: _Wire) -> None:
        self._wire, self._rest = wire, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = self._wire.receive()
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)
