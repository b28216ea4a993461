"""WebSockets into pods, as ``kubectl exec`` and ``kubectl port-forward`` use them: frames with a channel each.

The kubelet enters the pod, so the pod needs no route, no service and no network policy that admits traffic. The caller
needs the right to ``create`` (exec) or ``get`` (port-forward) the subresource.

The official client's counterpart pumps through a thread of its own, which dies with a traceback together with the API
server and leaves the reader waiting. Here the caller's thread sends and receives, within a timeout.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Sequence
from urllib.parse import urlencode

import websocket

from pouw.kube.endpoint import Endpoint
from pouw.kube.errors import UnreachableError, cause, refusal
from pouw.kube.policy import RequestPolicy

PROTOCOL = "v4.channel.k8s.io"


class Channels:
    """One open WebSocket whose frames begin with the number of a channel. Not for several threads at once."""

    def __init__(
        self, endpoint: Endpoint, path: str, query: Sequence[tuple[str, str]], *, policy: RequestPolicy
    ) -> None:
        """Open the subresource at ``path``.

        Raises:
            ApiError: the API server refuses.
            UnreachableError: the API server does not answer.
        """
        self._address = f"{endpoint.url}{path}"
        raw_socket = endpoint.open(connect_seconds=policy.connect_seconds, answer_seconds=policy.answer_seconds)
        try:
            self._socket = websocket.create_connection(
                f"{self._address.replace('http', 'ws', 1)}?{urlencode(query)}",
                socket=raw_socket,
                timeout=policy.answer_seconds,
                header=[f"{name}: {value}" for name, value in endpoint.headers().items()],
                subprotocols=[PROTOCOL],
                suppress_origin=True,
            )
        except websocket.WebSocketBadStatusException as error:
            raw_socket.close()
            raise refusal(error.status_code, error.resp_body or b"", path) from error
        except (OSError, http.client.HTTPException, websocket.WebSocketException) as error:
            raw_socket.close()
            raise UnreachableError(self._address, cause(error)) from error

    def send(self, channel: int, data: bytes) -> None:
        """Send one frame.

        Raises:
            UnreachableError: the connection is lost.
        """
        try:
            self._socket.send_binary(bytes([channel]) + data)
        except (OSError, websocket.WebSocketException) as error:
            raise UnreachableError(self._address, cause(error)) from error

    def receive(self) -> tuple[int, bytes] | None:
        """Return the next frame as channel and content, or None once the other side has closed.

        Raises:
            UnreachableError: the connection is lost, or no frame arrives within the timeout.
        """
        try:
            opcode, frame = self._socket.recv_data()
        except (OSError, websocket.WebSocketException) as error:
            raise UnreachableError(self._address, cause(error)) from error
        if opcode == websocket.ABNF.OPCODE_CLOSE or not frame:
            return None
        return frame[0], bytes(frame[1:])

    def close(self) -> None:
        """Close the connection without a closing handshake."""
        with contextlib.suppress(OSError, websocket.WebSocketException):
            self._socket.shutdown()  # type: ignore[no-untyped-call]
