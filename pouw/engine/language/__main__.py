"""The process: ``python -m pouw.engine.language [FLAG...] ENGINE_ADDRESS``."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys

from pouw.engine.language.children import kill_own_group
from pouw.engine.protocol import enter_without_the_sdk


def _engine_holds_stdin() -> bool:
    """True if standard input is the pipe that the engine holds open until it ends."""
    return stat.S_ISFIFO(os.fstat(0).st_mode)


def _read_engine_pipe() -> None:
    if not os.read(0, 1024):
        kill_own_group()


async def _serve_until_the_engine_ends(engine_address: str) -> None:
    loop = asyncio.get_running_loop()
    # The host leads its process group, so an interrupt never comes from a terminal: the engine closes its plugins with
    # it, and waits five seconds before it kills them. A termination has the same effect.
    for closing in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(closing, kill_own_group)
    if _engine_holds_stdin():
        loop.add_reader(0, _read_engine_pipe)
    enter_without_the_sdk()
    from pouw.engine.language.server import serve

    await serve(engine_address)


def main(arguments: list[str]) -> None:
    """Serve the engine whose address is the last argument. The tracing and logging flags before it are ignored."""
    asyncio.run(_serve_until_the_engine_ends(arguments[-1] if arguments else ""))


if __name__ == "__main__":
    main(sys.argv[1:])
