"""``eth_blockNumber`` against a bare aiohttp handler: same machine, same client, one after the other.

Run: ``python -m bench.node.rpc``. Goal: at least 0.8 of the floor's rate, p99 at most twice the floor's.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop
from aiohttp import web

from node import network
from node.ledger.transition import Rules
from node.rpc.server import RpcServer
from node.service import Node
from node.settings import Settings
from node.work.dataset import load_digits

_BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}).encode()
RATE_GOAL = 0.8
"""Rate of the node, as a part of the bare handler's."""
TAIL_GOAL = 2.0
"""99th percentile of the node, as a multiple of the bare handler's."""
_ROUNDS = 25
_REQUESTS = 1600
_CONNECTIONS = 16


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Requests per second and the 99th percentile in milliseconds."""

    per_s: float
    p99_ms: float


async def _bare_handler(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b'{"jsonrpc":"2.0","id":1,"result":"0x0"}', content_type="application/json")


async def _serve_both(ports: multiprocessing.Queue[tuple[int, int]], folder: str) -> None:
    floor = web.Application()
    floor.add_routes([web.post("/", _bare_handler)])
    node = Node(Settings(data_dir=Path(folder)), Rules(network=network.default(), dataset=load_digits()))
    chosen_ports = []
    for application in (floor, RpcServer(node, "").http()):
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        chosen_ports.append(runner.addresses[0][1])
    ports.put((chosen_ports[0], chosen_ports[1]))
    await asyncio.Event().wait()


def _server(ports: multiprocessing.Queue[tuple[int, int]], folder: str) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_both(ports, folder))


async def _connection(port: int, requests: int, times: list[float]) -> None:
    """Requests one after the other on one connection, with as little client as possible."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST / HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n".encode()
    )
    for _ in range(requests):
        start_s = time.perf_counter()
        writer.write(head + _BODY)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - start_s)
    writer.close()


async def _measure(port: int) -> Sample:
    times: list[float] = []
    start_s = time.perf_counter()
    await asyncio.gather(*(_connection(port, _REQUESTS // _CONNECTIONS, times) for _ in range(_CONNECTIONS)))
    spent = time.perf_counter() - start_s
    return Sample(per_s=len(times) / spent, p99_ms=sorted(times)[int(len(times) * 0.99)] * 1000)


async def _rounds(ports: Sequence[int]) -> list[list[Sample]]:
    return [[await _measure(port) for port in ports] for _ in range(_ROUNDS)]


def main() -> int:
    """Print rates, tails and their ratios; return 1 past a goal.

    Short rounds alternate, and the median of their ratios counts: load disturbs both rounds of a pair alike.
    """
    context = multiprocessing.get_context("spawn")
    ports: multiprocessing.Queue[tuple[int, int]] = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        server = context.Process(target=_server, args=(ports, folder))
        server.start()
        try:
            node_ports = ports.get(timeout=30)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                rounds = runner.run(_rounds(node_ports))
        finally:
            server.terminate()
            server.join()
    floor, node = zip(*rounds, strict=True)
    rate = statistics.median(pair[1].per_s / pair[0].per_s for pair in rounds)
    tail = statistics.median(pair[1].p99_ms / pair[0].p99_ms for pair in rounds)
    for name, measured in (("bare aiohttp handler", floor), ("eth_blockNumber", node)):
        per_s = statistics.median(sample.per_s for sample in measured)
        p99_ms = statistics.median(sample.p99_ms for sample in measured)
        print(f"{name:<22} {per_s:7.0f} /s   p99 {p99_ms:5.2f} ms")
    print(f"{'ratio':<22} {rate:7.2f}      p99 {tail:5.2f}   (goals {RATE_GOAL} and {TAIL_GOAL})")
    return int(rate < RATE_GOAL or tail > TAIL_GOAL)


if __name__ == "__main__":
    sys.exit(main())
