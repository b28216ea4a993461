"""An API server's port-forward, in as much as calls to nodes use it: each connection ends in a JSON-RPC handler."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

_PROTOCOL = "v4.channel.k8s.io"
Handler = Callable[[dict[str, str], dict[str, Any]], bytes]
"""Headers and request of one call to what the pod sends back."""


@dataclass
class ApiServer:
    """What it does, and what it has seen."""

    handler: Handler
    status: int = 101
    trouble: str = ""
    """What the error channel says instead of any answer."""
    calls_a_connection: int = 1000
    opened: int = 0
    queries: list[str] = field(default_factory=list)
    host: str = ""

    async def forward(self, request: web.Request) -> web.StreamResponse:
        if self.status != 101:
            return web.Response(status=self.status)
        self.opened += 1
        self.queries.append(request.path_qs)
        socket = web.WebSocketResponse(protocols=[_PROTOCOL])
        await socket.prepare(request)
        port = (8545).to_bytes(2, "little")
        for channel in (0, 1):
            await socket.send_bytes(bytes([channel]) + port)
        if self.trouble:
            await socket.send_bytes(b"\x01" + self.trouble.encode())
        await self._serve(socket)
        return socket

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        received, calls = b"", 0
        async for message in socket:
            assert message.data[0] == 0
            received += message.data[1:]
            head, complete, body = received.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
            if not complete or len(body) < int(fields["Content-Length"]):
                continue
            received, calls = b"", calls + 1
            answer = self.handler(fields, json.loads(body))
            whole = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer
            for start in range(0, len(whole), 20):
                await socket.send_bytes(b"\x00" + whole[start : start + 20])
            if calls == self.calls_a_connection:
                return


@contextmanager
def serving(server: ApiServer) -> Iterator[ApiServer]:
    """Run it in a thread of its own, on a loopback port."""
    loop = asyncio.new_event_loop()
    application = web.Application()
    application.add_routes([web.get("/api/v1/namespaces/pouw-system/pods/{pod}/portforward", server.forward)])
    runner = web.AppRunner(application, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.host = f"http://127.0.0.1:{runner.addresses[0][1]}"

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
