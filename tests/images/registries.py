"""A registry on a loopback port that holds one image, open to all, to holders of a free token, or to nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Access = Literal["open", "token", "closed"]
HELD = "/v2/team/node/manifests/1"


@contextmanager
def serving(access: Access = "open") -> Iterator[str]:
    """The registry's host and port, which names of its images begin with."""

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
                self._answer(200 if self.path == HELD else 404)

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
