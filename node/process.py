"""One node as a process: settings in, servers up, signals heard, all of it down within the drain time."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping

import uvloop
from aiohttp import web

from node import VERSION, network, settings
from node.errors import SettingFault, SettingsError
from node.ledger.transition import Rules
from node.logs import configure, log
from node.rpc.server import RpcServer, read_token
from node.service import Node
from node.settings import Settings
from node.work.dataset import load_digits


def run(environment: Mapping[str, str]) -> None:
    """Run until SIGTERM or SIGINT. Raises NodeError, or OSError when a port is taken."""
    given = settings.read(environment)
    parameters = network.load(given.network_file) if given.network_file else network.default()
    if given.network_file is None and parameters.network_id != given.network_id:
        parameters = parameters.model_copy(update={"network_id": given.network_id})
    if parameters.network_id != given.network_id:
        fault = SettingFault(
            name="POUW_NETWORK_ID",
            message="is not the network file's",
            got=str(given.network_id),
            expected=str(parameters.network_id),
        )
        raise SettingsError([fault])
    token = read_token(given.admin_token_file)
    rules = Rules(network=parameters, dataset=load_digits(given.datasets_dir))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(given, rules, token))


async def _serve(given: Settings, rules: Rules, token: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    node = Node(given, rules)
    constant = {"node": node.name, "role": given.role.value, "site": given.site, "slot": given.slot}
    redaction = configure(level=given.log_level, constant=constant, height=lambda: node.height)
    redaction.hide(token)
    if node.quarantined is not None:
        log(logging.ERROR, "damaged chain file moved aside; syncing anew", quarantine=str(node.quarantined))
    await serve(node, token, stop)


async def serve(node: Node, token: str, stop: asyncio.Event) -> None:
    """Serve a node until ``stop`` is set and it has drained: not ready at once, no more work, peers let go, then a
    moment for balancers to notice while requests are still answered."""
    server = RpcServer(node, token)
    http = web.AppRunner(server.http(), access_log=None, shutdown_timeout=2.0)
    sockets = web.AppRunner(server.websocket(), access_log=None, shutdown_timeout=2.0)
    try:
        await _open(node, http, sockets)
        running = asyncio.create_task(node.run(stop))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        async with asyncio.timeout(node.settings.drain_s):
            await running
            await asyncio.sleep(min(node.settings.linger_s, node.settings.drain_s / 2))
            await server.close_sockets()
    except TimeoutError:
        log(logging.ERROR, "drain took too long", limit_s=node.settings.drain_s)
    finally:
        await sockets.cleanup()
        await http.cleanup()
        await node.close()
        log(logging.INFO, "stopped")


async def _open(node: Node, http: web.AppRunner, sockets: web.AppRunner) -> None:
    given = node.settings
    await http.setup()
    await sockets.setup()
    await web.TCPSite(http, given.host, given.rpc_port, reuse_address=True).start()
    await web.TCPSite(sockets, given.host, given.ws_port, reuse_address=True).start()
    await node.listen()
    ports = {"rpc": given.rpc_port, "ws": given.ws_port, "p2p": node.p2p_port}
    log(logging.INFO, "serving", version=VERSION, genesis=node.genesis.hex(), **ports)
