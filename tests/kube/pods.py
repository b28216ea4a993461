"""An API server's port-forward and exec: each forwarded connection ends in a JSON-RPC handler."""

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
"""Returns a pod's answer to the headers and the request of one call."""


@dataclass
class ApiServer:
    """The behaviour of the server, and the connections that it has seen."""

    handler: Handler
    status: int = 101
    trouble: str = ""
    """Content of the error channel, sent instead of any answer."""
    frames: tuple[bytes, ...] = ()
    """Answer to ``exec``."""
    calls_per_connection: int = 1000
    connections: int = 0
    queries: list[str] = field(default_factory=list)
    host: str = ""

    async def forward(self, request: web.Request) -> web.StreamResponse:
        if self.status != 101:
            return web.Response(status=self.status)
        self.connections += 1
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

    async def exec(self, request: web.Request) -> web.StreamResponse:
        if self.status != 101:
            return web.Response(status=self.status)
        self.queries.append(request.path_qs)
        socket = web.WebSocketResponse(protocols=[_PROTOCOL])
        await socket.prepare(request)
        for frame in self.frames:
            await socket.send_bytes(frame)
        await socket.close()
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
            response = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer
            for start in range(0, len(response), 20):
                await socket.send_bytes(b"\x00" + response[start : start + 20])
            if calls == self.calls_per_connection:
                return


@contextmanager
def serving(server: ApiServer) -> Iterator[ApiServer]:
    """Run the server in a thread, on a loopback port."""
    loop = asyncio.new_event_loop()
    application = web.Application()
    pod = "/api/v1/namespaces/pouw-system/pods/{pod}"
    application.add_routes([web.get(f"{pod}/portforward", server.forward), web.get(f"{pod}/exec", server.exec)])
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
