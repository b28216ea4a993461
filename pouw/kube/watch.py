"""One watch: the events of a collection until the server ends it."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pouw.kube.errors import UnreachableError, cause, from_status

BOOKMARK = "BOOKMARK"
DELETED = "DELETED"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event: ``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``."""

    type: str
    object: dict[str, Any]


class Watch:
    """The events of one watch. Another thread may call :meth:`stop`: the iteration then ends."""

    def __init__(
        self,
        path: str,
        address: str,
        connection: http.client.HTTPConnection,
        raw_socket: socket.socket,
        response: http.client.HTTPResponse,
    ) -> None:
        self._path = path
        self._address = address
        self._connection = connection
        self._socket = raw_socket
        self._response = response
        self._stopped = False

    def __iter__(self) -> Iterator[Event]:
        """Yield each event.

        Raises:
            ApiError: the server reports an error, such as a version that has expired.
            UnreachableError: the connection broke off.
        """
        try:
            for line in self._response:
                if line.strip():
                    yield self._event(line)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not self._stopped:
                raise UnreachableError(f"{self._address}{self._path}", f"watch broke off: {cause(error)}") from error
        finally:
            self._response.close()
            self._connection.close()

    def stop(self) -> None:
        """End the iteration, also while it waits for an event."""
        self._stopped = True
        with contextlib.suppress(OSError):
            # The method of the base class leaves the TLS state alone, which the reading thread uses.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _event(self, line: bytes) -> Event:
        event = json.loads(line)
        if event["type"] == "ERROR":
            raise from_status(event.get("object") or {}, self._path)
        return Event(type=event["type"], object=event["object"])
