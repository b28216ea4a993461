"""The HTTP and WebSocket servers: doors to `Dispatcher`, health and metrics."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from aiohttp import WSCloseCode, WSMsgType, web
from prometheus_client import Counter

from node import VERSION
from node.errors import SettingFault, SettingsError
from node.ledger.block import Block
from node.logs import log
from node.rpc.dispatch import Dispatcher
from node.rpc.ethereum import EthereumMethods, header_json
from node.rpc.methods import PouwMethods
from node.rpc.protocol import BODY_BYTES_LIMIT, Caller, ErrorCode, Json, Method, dumps, failure, loads, success
from node.service import Node

_JSON = "application/json"
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SUBSCRIPTIONS_LIMIT = 16
_SOCKETS_LIMIT = 512
_QUEUE_NOTICES = 64
_CLIENTS_LIMIT = 10_000
_TOKEN_BYTES_LEAST = 16
_ANYONE = Caller(authorized=False)


def read_token(path: Path | None) -> str:
    """Read the admin token; empty without a file. Raises SettingsError."""
    if path is None:
        return ""
    try:
        token = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        fault = SettingFault(name="POUW_ADMIN_TOKEN_FILE", message=f"cannot be read: {error}")
        raise SettingsError([fault]) from error
    if len(token) < _TOKEN_BYTES_LEAST:
        expected = f"at least {_TOKEN_BYTES_LEAST} characters"
        raise SettingsError([SettingFault(name="POUW_ADMIN_TOKEN_FILE", message="token is short", expected=expected)])
    return token


class RateLimit:
    """A budget of requests for each client address, refilled every second."""

    def __init__(self, per_s: int) -> None:
        self.unlimited = per_s == 0
        self._per_s = per_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, client: str, now_s: float) -> bool:
        """True if the client may send one more request."""
        tokens, updated_s = self._left.pop(client, (2.0 * self._per_s, now_s))
        tokens = min(2.0 * self._per_s, tokens + (now_s - updated_s) * self._per_s)
        is_allowed = tokens >= 1
        self._left[client] = (tokens - 1 if is_allowed else tokens, now_s)
        if len(self._left) > _CLIENTS_LIMIT:
            self._left.popitem(last=False)
        return is_allowed


class RpcServer:
    """Both servers of a node. Applications are made by `http` and `websocket`."""

    def __init__(self, node: Node, token: str) -> None:
        self._node = node
        self._token = token.encode()
        self._rate = RateLimit(node.settings.rpc_rate)
        methods = {**PouwMethods(node).table(), **EthereumMethods(node).table()}
        methods["rpc_discover"] = Method(
            call=lambda: openrpc(methods), parameters=(), required=0, summary="This document."
        )
        self._counters: dict[tuple[str, str], Counter] = {}
        self._dispatcher = Dispatcher(methods, self._count)
        self._sockets: set[web.WebSocketResponse] = set()

    def http(self) -> web.Application:
        """JSON-RPC on ``POST /``, and ``/health``, ``/ready``, ``/metrics``."""
        application = web.Application(client_max_size=BODY_BYTES_LIMIT)
        application.add_routes(
            [
                web.post("/", self._rpc),
                web.get("/health", self._health),
                web.get("/ready", self._ready),
                web.get("/metrics", self._metrics),
            ]
        )
        return application

    def websocket(self) -> web.Application:
        """JSON-RPC in messages, and subscriptions, on ``GET /``."""
        application = web.Application()
        application.add_routes([web.get("/", self._socket)])
        return application

    async def close_sockets(self) -> None:
        """Close every subscriber's connection: the node shuts down."""
        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    def _count(self, method: str, code: str) -> None:
        counter = self._counters.get((method, code))
        if counter is None:
            counter = self._counters[method, code] = self._node.metrics.rpc_requests.labels(method, code)
        counter.inc()

    def _caller(self, request: web.Request) -> Caller:
        if not self._token or (header := request.headers.get("Authorization")) is None:
            return _ANYONE
        scheme, _, credential = header.partition(" ")
        matches = hmac.compare_digest(credential.strip().encode(), self._token)
        return Caller(authorized=scheme.lower() == "bearer" and matches)

    def _allows(self, request: web.Request) -> bool:
        return self._rate.unlimited or self._rate.spend(request.remote or "", time.monotonic())

    async def _rpc(self, request: web.Request) -> web.Response:
        start_s = time.perf_counter()
        if not self._allows(request):
            body = dumps(failure(None, ErrorCode.REJECTED, "too many requests"))
            return web.Response(status=429, body=body, content_type=_JSON, headers={"Retry-After": "1"})
        answer = await self._dispatcher.answer(await request.read(), self._caller(request))
        self._node.metrics.rpc_s.observe(time.perf_counter() - start_s)
        if not answer:
            return web.Response(status=204)
        return web.Response(body=answer, content_type=_JSON)

    async def _health(self, _: web.Request) -> web.Response:
        alive = self._node.blocks.alive()
        body = {
            "status": "ok" if alive else "store does not answer",
            "version": VERSION,
            "height": self._node.height,
            "uptime_s": round(time.monotonic() - self._node.started, 3),
        }
        return web.json_response(body, status=200 if alive else 503)

    async def _ready(self, _: web.Request) -> web.Response:
        readiness = self._node.readiness()
        body = {
            "ready": readiness.ready,
            "reasons": list(readiness.reasons),
            "stale": readiness.stale,
            "height": readiness.height,
            "best_known_height": readiness.best_known_height,
            "peers": len(self._node.connections.peers),
        }
        return web.json_response(body, status=200 if readiness.ready else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        self._node.refresh_metrics()
        return web.Response(body=self._node.metrics.expose(), headers={"Content-Type": _METRICS_TYPE})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        if len(self._sockets) >= _SOCKETS_LIMIT:
            raise web.HTTPServiceUnavailable(text="too many connections")
        socket = web.WebSocketResponse(heartbeat=30.0, max_msg_size=BODY_BYTES_LIMIT)
        await socket.prepare(request)
        self._sockets.add(socket)
        session = _Session(self._node, socket)
        caller = self._caller(request)
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
                    break
                if not self._allows(request):
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too many requests")
                    break
                body = message.data.encode()
                answer = session.answer(body) or await self._dispatcher.answer(body, caller)
                if answer:
                    await socket.send_str(answer.decode())
        finally:
            self._sockets.discard(socket)
            await session.close()
        return socket


class _Session:
    """The subscriptions of one socket. A client that reads too slowly is let go."""

    def __init__(self, node: Node, socket: web.WebSocketResponse) -> None:
        self._node = node
        self._socket = socket
        self._subscriptions: set[str] = set()
        self._notices: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE_NOTICES)
        self._unsubscribe = node.subscribe(self._on_block)
        self._count = 0
        self._writer = asyncio.create_task(self._write())
        self._too_slow = False

    def answer(self, body: bytes) -> bytes:
        """Return the answer to ``eth_subscribe`` and ``eth_unsubscribe``; empty for other requests."""
        if b"subscribe" not in body:
            return b""
        try:
            data = loads(body)
        except ValueError:
            return b""
        method = data.get("method") if isinstance(data, dict) else None
        params = data.get("params") if isinstance(data, dict) else None
        first = params[0] if isinstance(params, list) and params else None
        if method == "eth_subscribe":
            if first != "newHeads":
                return dumps(failure(data.get("id"), ErrorCode.INVALID_PARAMS, "there is newHeads"))
            if len(self._subscriptions) >= _SUBSCRIPTIONS_LIMIT:
                return dumps(failure(data.get("id"), ErrorCode.REJECTED, "too many subscriptions"))
            self._count += 1
            self._subscriptions.add(hex(self._count))
            return dumps(success(data.get("id"), hex(self._count)))
        if method == "eth_unsubscribe":
            is_known = isinstance(first, str) and first in self._subscriptions
            self._subscriptions.discard(str(first))
            return dumps(success(data.get("id"), is_known))
        return b""

    def _on_block(self, block: Block) -> None:
        for subscription in self._subscriptions:
            params = {"subscription": subscription, "result": header_json(block.header)}
            notice = dumps({"jsonrpc": "2.0", "method": "eth_subscription", "params": params})
            try:
                self._notices.put_nowait(notice)
            except asyncio.QueueFull:
                self._too_slow = True
                log(logging.INFO, "subscriber too slow")
                self._writer.cancel()
                return

    async def _write(self) -> None:
        try:
            while True:
                await self._socket.send_str((await self._notices.get()).decode())
        except ConnectionError:
            return
        finally:
            if self._too_slow:
                await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    async def close(self) -> None:
        self._unsubscribe()
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)


def openrpc(methods: Mapping[str, Method]) -> dict[str, Json]:
    """Return the OpenRPC document of the methods."""
    descriptions: list[Json] = [
        {
            "name": name,
            "summary": method.summary + (" Needs the bearer token." if method.protected else ""),
            "params": [
                {"name": parameter, "required": position < method.required, "schema": {}}
                for position, parameter in enumerate(method.parameters)
            ],
            "result": {"name": "result", "schema": {}},
        }
        for name, method in sorted(methods.items())
    ]
    return {"openrpc": "1.3.2", "info": {"title": "pouw node", "version": VERSION}, "methods": descriptions}
