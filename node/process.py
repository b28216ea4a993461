"""Process of one node: settings, servers, signals, and a shutdown within the drain time."""

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
    node_settings = settings.read(environment)
    parameters = network.load(node_settings.network_file) if node_settings.network_file else network.default()
    if node_settings.network_file is None and parameters.network_id != node_settings.network_id:
        parameters = parameters.model_copy(update={"network_id": node_settings.network_id})
    if parameters.network_id != node_settings.network_id:
        fault = SettingFault(
            name="POUW_NETWORK_ID",
            message="is not the network file's",
            got=str(node_settings.network_id),
            expected=str(parameters.network_id),
        )
        raise SettingsError([fault])
    token = read_token(node_settings.admin_token_file)
    rules = Rules(network=parameters, dataset=load_digits(node_settings.datasets_dir))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(node_settings, rules, token))


async def _serve(node_settings: Settings, rules: Rules, token: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    node = Node(node_settings, rules)
    constant = {
        "node": node.name,
        "role": node_settings.role.value,
        "site": node_settings.site,
        "slot": node_settings.slot,
    }
    redaction = configure(level=node_settings.log_level, constant=constant, height=lambda: node.height)
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
    node_settings = node.settings
    await http.setup()
    await sockets.setup()
    await web.TCPSite(http, node_settings.host, node_settings.rpc_port, reuse_address=True).start()
    await web.TCPSite(sockets, node_settings.host, node_settings.ws_port, reuse_address=True).start()
    await node.listen()
    ports = {"rpc": node_settings.rpc_port, "ws": node_settings.ws_port, "p2p": node.p2p_port}
    log(logging.INFO, "serving", version=VERSION, genesis=node.genesis.hex(), **ports)
