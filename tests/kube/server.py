"""A small HTTP server that answers as an API server does, from a list of prepared answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer. ``lines`` are sent as a chunked stream; with ``hold`` the stream then stays open."""

    status: int = 200
    document: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[object, ...] | None = None
    hold: bool = False
    drop: bool = False
    """Close the connection without an answer."""


@dataclass
class Requests:
    """Requests that arrived, and the answers that are left."""

    answers: list[Answer]
    url: str = ""
    received: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def answering(*answers: Answer) -> Iterator[Requests]:
    """Serve the answers one after the other on a loopback port."""
    requests = Requests(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            requests.received.append((self.command, self.path, dict(self.headers), body))
            requests.connections.add(self.client_address)
            answer = requests.answers.pop(0)
            if answer.drop:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.lines is not None:
                self._stream(answer)
                return
            document = answer.document
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, answer: Answer) -> None:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for line in answer.lines or ():
                data = json.dumps(line).encode() + b"\n"
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                self.wfile.flush()
            if answer.hold:
                requests.released.wait(10)
            self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            del format, args

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Ignore clients that close their connection while an answer is written."""

    server = Server(("127.0.0.1", 0), Handler)
    requests.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield requests
    finally:
        requests.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
