"""A registry on a loopback port that holds one image, with three kinds of access to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Access = Literal["open", "token", "closed"]
MANIFEST_PATH = "/v2/team/node/manifests/1"


@contextmanager
def serving(access: Access = "open") -> Iterator[str]:
    """Serve the registry; yield its host and port, with which references of its images begin."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            authorized = access == "open" or self.headers.get("Authorization") == "Bearer free"
            if not authorized:
                host = self.headers["Host"]
                scheme = (
                    f'Bearer realm="http://{host}/token",service="r",scope="pull"' if access == "token" else "Basic"
                )
                self._answer(401, {"WWW-Authenticate": scheme})
            else:
                self._answer(200 if self.path == MANIFEST_PATH else 404)

        def do_GET(self) -> None:
            self._answer(200, body=json.dumps({"token": "free"}).encode())

        def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
